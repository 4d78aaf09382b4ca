//! The lock server under a fuzzer: the same as in `kernel/tests/glockd_inputs`, with inputs that are made for what they reach.
#![no_main]

#[path = "../../tests/glockd_inputs/drive.rs"]
mod drive;

libfuzzer_sys::fuzz_target!(|input: &[u8]| drive::drive(input));
