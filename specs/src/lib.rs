//! The specifications of Lockwright's algorithms, and what holds them against the code.
//!
//! A specification is a set of TLA+ modules beside this crate, in a folder of the algorithm's name; `specs/README.md`
//! says which there are and what each covers. This crate runs the model checkers over them ([`tool`], [`tlc`]) and ties
//! them to the code, in both directions:
//!
//! * **Code within specification.** A scenario of the checker is [unfolded](lockwright_sim::unfold) into its states and
//!   steps and [written](code) as a TLA+ module. The module `TraceX` of an algorithm `X` walks through it: a variable
//!   `at` holds the code's state, and each step of the code has to be a step of the specification that leads to the same
//!   entries on disk. A step that has no such counterpart is [refused](conform::Conformance::refused).
//! * **Specification within code.** The states of the specification that this comes through are
//!   [compared](conform::Conformance::unmatched) with all those that the specification has by itself.
//!
//! [`models`] lists what is checked, with the broken twins that show that the check bites.

#![forbid(unsafe_code)]

mod calls;
pub mod code;
pub mod conform;
pub mod graph;
pub mod models;
pub mod modules;
pub mod network;
pub mod runs;
pub mod tlc;
pub mod tool;
