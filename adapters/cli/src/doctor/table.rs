//! What was found, for people.

use std::{path::Path, time::Duration};

use lockwright_posix::{
    doctor::{Findings, Promises},
    fs::Ground,
};

use super::Row;
use crate::verified::Verdict;

/// What was found, the kinds below it, and then why something is not as it should be.
pub(super) fn table(dir: &Path, found: &Findings, rows: &[Row]) -> String {
    let mut text = format!("{}: {}\n", dir.display().to_string().escape_debug(), found.file_system.name());
    let fact = |(what, told): (&str, String)| format!("  {what:<12} {told}\n");
    text += &facts(found).into_iter().map(fact).collect::<Vec<_>>().concat();
    let head = ["KIND", "HERE", "AFTER A POWER CUT", "CHECKED AS"].map(str::to_owned);
    let mut cells = vec![head];
    cells.extend(rows.iter().map(cell));
    let widths: Vec<usize> =
        (0..4).map(|at| cells.iter().map(|row| row[at].chars().count()).max().unwrap_or(0)).collect();
    text.push('\n');
    for row in cells {
        let row = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect::<Vec<_>>();
        text += row.join("  ").trim_end();
        text.push('\n');
    }
    let mut notes = Vec::new();
    for row in rows {
        let cut =
            row.power_cut.as_ref().and_then(Verdict::why).map(|why| format!("{} after a power cut: {why}", row.kind));
        notes.extend(row.here.why().map(|why| format!("{}: {why}", row.kind)).into_iter().chain(cut));
    }
    if notes.is_empty() { text } else { format!("{text}\n{}.\n", notes.join(".\n")) }
}

fn cell(row: &Row) -> [String; 4] {
    let checked = match &row.here {
        Verdict::Verified { searches } => {
            let search = |(name, states): &(&str, usize)| format!("{name} ({states} states)");
            searches.iter().map(search).collect::<Vec<_>>().join(", ")
        }
        _ => "-".to_owned(),
    };
    let cut = row.power_cut.as_ref().map_or("-", Verdict::word);
    [row.kind.clone(), row.here.word().to_owned(), cut.to_owned(), checked]
}

fn facts(found: &Findings) -> Vec<(&'static str, String)> {
    let yes = |is: bool, yes: &str, no: &str| if is { yes } else { no }.to_owned();
    let mut facts = Vec::new();
    if let Some(mount) = &found.mount {
        let told = format!("{} of type {}, at {} ({})", mount.source, mount.kind, mount.at, mount.options.join(","));
        facts.push(("mount", told.escape_debug().to_string()));
    }
    let writers = match found.file_system.ground() {
        Ground::Local | Ground::Odd => "local: ",
        Ground::Shared => "shared: ",
        Ground::Unknown => "",
    };
    facts.push(("who writes", format!("{writers}{}", found.file_system.why())));
    let safe = "no other users could take a lock away".to_owned();
    facts.push(("other users", found.untrusted.map_or(safe, |why| format!("refused without --shared-with: it {why}"))));
    facts.push(("promises", kept(&found.one_handle, "")));
    facts.push(("", kept(&found.two_handles, " through two handles")));
    facts.push(("", kept(&found.two_processes, " by two processes")));
    let notices = match (found.notices.own, found.notices.others) {
        (true, true) => "told of its own changes, and of those of another process here".to_owned(),
        (true, false) => "told of its own changes only: who waits looks again after a while".to_owned(),
        (false, _) => "not told of changes: who waits looks again after a while".to_owned(),
    };
    facts.push(("notices", notices));
    let names = found.names;
    let colons = yes(names.takes_colons, "with", "without");
    let case = yes(names.tells_case, "`a` is not `A`", "`a` is `A`");
    let other = yes(names.takes_other_bytes, "also such as are not UTF-8", "in UTF-8 only");
    facts.push(("names", format!("up to {} bytes, {colons} `:`, {case}, {other}", names.longest_bytes)));
    let (step, off) = (found.stamps.step, found.stamps.clock_off);
    let clock = if off < Duration::from_secs(1) {
        "by this host's clock".to_owned()
    } else {
        format!("by a clock {off:.1?} off this host's")
    };
    facts.push(("stamps", format!("in steps of {step:?}, {clock}")));
    let files = found.space.free_files.map_or_else(|| "files not counted".to_owned(), |files| format!("{files} files"));
    let only = if found.space.is_read_only { ", read-only" } else { "" };
    facts.push(("room", format!("{} MiB, {files}{only}", found.space.free_bytes >> 20)));
    facts
}

fn kept(promises: &Promises, how: &str) -> String {
    match &promises.breach {
        None => format!("all {} kept{how}", promises.count),
        Some(breach) => {
            let (call, expected, got) = (&breach.call, &breach.expected, &breach.got);
            format!("BROKEN{how}: {}: {call} = {got}, not {expected}", breach.promise)
        }
    }
}
