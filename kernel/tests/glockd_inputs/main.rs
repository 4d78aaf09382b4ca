//! Inputs for the lock server, made at random: [`drive`] says what may not happen. A fuzzer drives the same in `kernel/fuzz`.
//!
//! So many are made as `LOCKWRIGHT_GLOCKD_INPUTS` says, from the seed `LOCKWRIGHT_GLOCKD_SEED`. Alone in its process, since
//! it reads how much memory that has.

mod drive;

use std::{env, fs};

use drive::drive;

/// Unless the environment says otherwise.
const INPUTS: u64 = 20_000;

/// So much more memory than after the first inputs is no growth, in bytes.
const GROWTH_MAX: usize = 16 << 20;

const NAMES: [&str; 4] = ["a", "ab", "b", "two  words"];

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "it reads /proc")]
fn whatever_comes_nothing_breaks_and_nothing_is_left() {
    let number = |name, other| env::var(name).map_or(other, |text| text.parse().expect("a number"));
    let (inputs, seed) = (number("LOCKWRIGHT_GLOCKD_INPUTS", INPUTS), number("LOCKWRIGHT_GLOCKD_SEED", 1));
    let (mut chance, mut before) = (Chance(seed), 0);
    for made in 0..inputs {
        if made == inputs / 10 {
            before = resident();
        }
        let told = Told(chance.input());
        drive(&told.0);
    }
    let grown = resident().saturating_sub(before);
    println!("{inputs} inputs from seed {seed}: {grown} bytes more than after the first tenth");
    assert!(grown <= GROWTH_MAX, "{grown} bytes more than after the first tenth");
}

/// Shows the input that a panic is of.
struct Told(Vec<u8>);

#[expect(clippy::print_stdout, reason = "it is for whoever looks at the panic")]
impl Drop for Told {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("the input: {:?}", self.0);
        }
    }
}

/// The generator that is called `SplitMix64`.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).expect("it is below a usize")
    }

    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }

    fn input(&mut self) -> Vec<u8> {
        let mut input = Vec::new();
        for _ in 0..self.below(24) {
            let byte = self.byte();
            // Most of what happens is that somebody sends something.
            let byte = if self.below(4) > 0 { byte & 0xf0 } else { byte };
            input.push(byte);
            match byte & 0x0f {
                0..=8 => {
                    let bytes = self.sent();
                    input.push(u8::try_from(bytes.len()).expect("it was cut"));
                    input.extend(bytes);
                }
                12 | 13 => input.push(self.byte()),
                _ => {}
            }
        }
        input
    }

    /// Lines, or what is left of them when some bytes are lost, or noise.
    fn sent(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for _ in 0..=self.below(3) {
            let line = self.line();
            bytes.extend(line.as_bytes());
        }
        match self.below(8) {
            0 => bytes.truncate(self.below(bytes.len() + 1)),
            1 => bytes = (0..self.below(80)).map(|_| self.byte()).collect(),
            2 => {
                let at = self.below(bytes.len());
                bytes[at] = self.byte();
            }
            _ => {}
        }
        bytes.truncate(usize::from(u8::MAX));
        bytes
    }

    fn line(&mut self) -> String {
        let name = NAMES[self.below(NAMES.len())];
        let small = self.below(4);
        // Of the first epochs, in which an input mostly is.
        let fence = (self.below(3) << 32) + self.below(12);
        let bare = ["d", "sd", "dump", "dump shared", "q", "me", "who", "hello", "ping", "pong", "iam", "iam me"];
        let named = ["g", "r", "i", "sg", "sr", "si", "d", "sd", "who"];
        match self.below(8) {
            0 | 1 => format!("{}\n", bare[self.below(bare.len())]),
            2 => format!("lg {name} {small}.5\n"),
            3 => format!("lsg {name} {small}\n"),
            4 => format!("back {name} {fence}\n"),
            _ => format!("{} {name}\n", named[self.below(named.len())]),
        }
    }
}

/// Bytes of memory that this process has.
fn resident() -> usize {
    let pages = fs::read_to_string("/proc/self/statm").expect("Linux has it");
    let pages: usize = pages.split(' ').nth(1).and_then(|pages| pages.parse().ok()).expect("it is a number");
    pages * 4096
}
