//! The faults that may still happen, as numbers.

use super::{byte, next};
use crate::scenario::{Budget, Faults};

/// Which kinds there are, and then how many of each: those that one word has room for, and the others where there are any.
pub(super) fn write_faults(left: Faults, out: &mut Vec<u16>) {
    let [first, others] = kinds_of_faults();
    let has_others = others.iter().any(|budget| left.of(*budget) > 0);
    let at = out.len();
    out.push(u16::from(has_others) << FIRST_KINDS);
    if left == Faults::NONE {
        return;
    }
    write_kinds(left, first, at, out);
    if has_others {
        out.push(0);
        write_kinds(left, others, out.len() - 1, out);
    }
}

fn write_kinds(left: Faults, kinds: &[Budget], at: usize, out: &mut Vec<u16>) {
    for (bit, &budget) in kinds.iter().enumerate().filter(|(_, budget)| left.of(**budget) > 0) {
        out[at] |= 1 << bit;
        out.push(left.of(budget).into());
    }
}

const FIRST_KINDS: usize = 15;

fn kinds_of_faults() -> [&'static [Budget]; 2] {
    let (first, others) = Budget::ALL.split_at(FIRST_KINDS);
    [first, others]
}

pub(super) fn read_faults(input: &mut impl Iterator<Item = u16>) -> Faults {
    let (mut left, bits) = (Faults::NONE, next(input));
    if bits == 0 {
        return left;
    }
    let [first, others] = kinds_of_faults();
    read_kinds(&mut left, first, bits, input);
    if bits & 1 << FIRST_KINDS != 0 {
        let bits = next(input);
        read_kinds(&mut left, others, bits, input);
    }
    left
}

fn read_kinds(left: &mut Faults, kinds: &[Budget], bits: u16, input: &mut impl Iterator<Item = u16>) {
    for (bit, &budget) in kinds.iter().enumerate() {
        if bits & 1 << bit != 0 {
            *left.of_mut(budget) = byte(next(input));
        }
    }
}
