//! The matrix as the README has it.

use super::{Cell, Finding, cell, usual};
use crate::{
    catalogue::ALGORITHMS,
    scenario::{Budget, Faults, Profile, Scenario},
};

/// The table of what is to be found, and below it what there is to say of single cells.
#[must_use]
pub fn markdown() -> String {
    let mut notes = Notes::default();
    let row = |first: &str, cells: [String; Profile::ALL.len()]| format!("| {first} | {} |\n", cells.join(" | "));
    let mut table = row("", Profile::ALL.map(|profile| format!("`{profile}`")));
    table.push_str(&row("---", Profile::ALL.map(|_| "---".into())));
    table.push_str(&row("*clients, and faults*", Profile::ALL.map(|profile| world(usual(profile)))));
    for entry in ALGORITHMS {
        let of = |profile| cell(entry, profile).map_or_else(|| "–".into(), |cell| notes.mark(&cell));
        table.push_str(&row(&format!("`{}`", entry.name), Profile::ALL.map(of)));
    }
    let notes = notes.0.iter().enumerate().map(|(at, note)| format!("* ({}) {note}\n", letter(at)));
    format!("{table}\n{}", notes.collect::<String>())
}

/// `2, crashes=1, cuts=1`: there is no room for more.
fn world((clients, faults): (u8, Faults)) -> String {
    let fault = |(budget, count): (Budget, u8)| format!(", {}={count}", budget.name());
    format!("{clients}{}", faults.nonzero().map(fault).collect::<String>())
}

/// What is said below the table, each once, in the order in which it comes up.
#[derive(Debug, Default)]
struct Notes(Vec<String>);

impl Notes {
    /// What stands in a cell.
    fn mark(&mut self, cell: &Cell) -> String {
        let (found, why) = match cell.expected {
            None => ("?".into(), None),
            Some(Finding::Verified { states }) => (format!("✓ {}", grouped(states)), None),
            Some(Finding::Violated { property, steps, .. }) => {
                let why = cell.limit().map_or("nobody has said why", |limit| limit.why);
                (format!("✗ {steps}"), Some(format!("{property}: {why}.")))
            }
        };
        let Scenario { clients, faults, .. } = cell.scenario;
        let world = |why| format!("clients, and faults: {}; {why}.", world((clients, faults)));
        let world = cell.is_other_because.map(world);
        let letters: Vec<String> = why.into_iter().chain(world).map(|note| self.letter(note)).collect();
        if letters.is_empty() { found } else { format!("{found} ({})", letters.join(", ")) }
    }

    fn letter(&mut self, note: String) -> String {
        let at = self.0.iter().position(|known| *known == note).unwrap_or_else(|| {
            self.0.push(note);
            self.0.len() - 1
        });
        letter(at)
    }
}

/// `a` to `z`, and then `a1` and so on.
fn letter(at: usize) -> String {
    let letter = char::from(b"abcdefghijklmnopqrstuvwxyz"[at % 26]);
    if at < 26 { letter.into() } else { format!("{letter}{}", at / 26) }
}

/// `1,234,567`.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let head = digits.len() % 3;
    let groups = digits.as_bytes()[head..].chunks(3).map(String::from_utf8_lossy);
    let head = digits.get(..head).filter(|head| !head.is_empty()).map(Into::into);
    head.into_iter().chain(groups).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_by_three_from_the_end() {
        assert_eq!([7, 123, 1_234, 1_234_567].map(grouped), ["7", "123", "1,234", "1,234,567"]);
    }

    #[test]
    fn notes_have_letters_and_alike_ones_have_one() {
        let mut notes = Notes::default();
        let letters: Vec<String> = (0..28).chain([1]).map(|note| notes.letter(format!("note {note}"))).collect();
        assert_eq!([&letters[0], &letters[25], &letters[26], &letters[28]], ["a", "z", "a1", "b"]);
    }
}
