//! What was found, for programs.

use std::path::Path;

use lockwright_posix::{
    doctor::{Findings, Promises},
    fs::Ground,
};

use super::Row;
use crate::{
    exit::{FAILED, Failure},
    verified::Verdict,
};

/// Every key of [`Report`], and what stands there.
const KEYS: [(&str, &str); 19] = [
    ("dir", "the directory as it was given"),
    ("file_system", "its type, or unknown"),
    ("ground", "local, odd (local, and not as POSIX has it), shared (with other hosts or programs) or unknown"),
    ("why", "why it is that"),
    ("mount", "an object with kind, source, at and options; null where /proc does not tell"),
    ("untrusted", "how other users could take a lock away; null where they cannot"),
    ("breach", "the first promise that was broken through one handle; null where all were kept"),
    ("breach_two_handles", "the same through two handles"),
    ("breach_two_processes", "the same by two processes"),
    ("notices_own", "whether this process is told of its own changes"),
    ("notices_others", "whether it is told of those of another process on this host"),
    ("name_max_bytes", "the longest name"),
    ("takes_colons", "whether a name can have a `:`, as owners' names have"),
    ("tells_case", "whether `a` and `A` are two names"),
    ("stamp_step_ns", "the step in which stamps are kept"),
    ("clock_off_ms", "how far the file system's clock is from this host's"),
    ("free_bytes", "how much room there is"),
    ("free_files", "how many more files; null where they are not counted"),
    ("kinds", "the kinds that were asked for, see below"),
];

/// Every key of [`Told`], and what stands there.
const KEYS_OF_KINDS: [(&str, &str); 5] = [
    ("kind", "as --kind has it; N for any number"),
    ("verdict", "Verified, by nature not, or not verified"),
    ("why", "why it is not verified; null where it is"),
    ("power_cut", "the verdict of what a power cut leaves; null where nothing is left, or it was not verified before"),
    ("checked_as", "the algorithms that it is made of"),
];

/// The part of `doctor --help` that is about JSON.
pub(crate) fn help() -> String {
    let line = |(key, about): &(&str, &str)| format!("\n  {key:<20} {about}");
    let whole: String = KEYS.iter().map(line).collect();
    let kinds: String = KEYS_OF_KINDS.iter().map(line).collect();
    format!("With --json, an object with these keys, which stay:{whole}\n\nA kind has these:{kinds}")
}

#[derive(serde::Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a finding of its own")]
struct Report<'a> {
    dir: String,
    file_system: &'a str,
    ground: &'a str,
    why: &'a str,
    mount: Option<Mount<'a>>,
    untrusted: Option<String>,
    breach: Option<String>,
    breach_two_handles: Option<String>,
    breach_two_processes: Option<String>,
    notices_own: bool,
    notices_others: bool,
    name_max_bytes: usize,
    takes_colons: bool,
    tells_case: bool,
    stamp_step_ns: u128,
    clock_off_ms: u128,
    free_bytes: u64,
    free_files: Option<u64>,
    kinds: Vec<Told<'a>>,
}

#[derive(serde::Serialize)]
struct Mount<'a> {
    kind: &'a str,
    source: &'a str,
    at: &'a str,
    options: &'a [String],
}

#[derive(serde::Serialize)]
struct Told<'a> {
    kind: &'a str,
    verdict: &'a str,
    why: Option<&'a str>,
    power_cut: Option<&'a str>,
    checked_as: Vec<&'a str>,
}

pub(super) fn json(dir: &Path, found: &Findings, rows: &[Row]) -> Result<String, Failure> {
    let breach = |promises: &Promises| promises.breach.as_ref().map(|breach| breach.promise.to_owned());
    let mount = found.mount.as_ref().map(|mount| Mount {
        kind: &mount.kind,
        source: &mount.source,
        at: &mount.at,
        options: &mount.options,
    });
    let report = Report {
        dir: dir.to_string_lossy().into_owned(),
        file_system: found.file_system.name(),
        ground: match found.file_system.ground() {
            Ground::Local => "local",
            Ground::Odd => "odd",
            Ground::Shared => "shared",
            Ground::Unknown => "unknown",
        },
        why: found.file_system.why(),
        mount,
        untrusted: found.untrusted.map(|why| why.to_string()),
        breach: breach(&found.one_handle),
        breach_two_handles: breach(&found.two_handles),
        breach_two_processes: breach(&found.two_processes),
        notices_own: found.notices.own,
        notices_others: found.notices.others,
        name_max_bytes: found.names.longest_bytes,
        takes_colons: found.names.takes_colons,
        tells_case: found.names.tells_case,
        stamp_step_ns: found.stamps.step.as_nanos(),
        clock_off_ms: found.stamps.clock_off.as_millis(),
        free_bytes: found.space.free_bytes,
        free_files: found.space.free_files,
        kinds: rows.iter().map(told).collect(),
    };
    serde_json::to_string(&report).map_err(|error| Failure::new(FAILED, error))
}

fn told(row: &Row) -> Told<'_> {
    let checked_as = match &row.here {
        Verdict::Verified { searches } => searches.iter().map(|(name, _)| *name).collect(),
        _ => Vec::new(),
    };
    Told {
        kind: &row.kind,
        verdict: row.here.word(),
        why: row.here.why(),
        power_cut: row.power_cut.as_ref().map(Verdict::word),
        checked_as,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_tells_every_key_in_its_order() {
        let told = Told { kind: "", verdict: "", why: None, power_cut: None, checked_as: Vec::new() };
        let kind = serde_json::to_string(&told).expect("it is text");
        let places = KEYS_OF_KINDS.map(|(key, _)| kind.find(&format!("\"{key}\":")).expect("it is a key"));
        assert!(places.is_sorted() && kind.matches("\":").count() == KEYS_OF_KINDS.len(), "{kind}");
        let dir = tempfile::tempdir().expect("room");
        // Of the other process nothing is asked here.
        let found = lockwright_posix::doctor::examine(dir.path(), |_| std::process::Command::new("true"), || false);
        let report = json(dir.path(), &Findings { mount: None, ..found.expect("room") }, &[]).expect("it is text");
        let places = KEYS.map(|(key, _)| report.find(&format!("\"{key}\":")).expect("it is a key"));
        assert!(places.is_sorted() && report.matches("\":").count() == KEYS.len(), "{report}");
    }
}
