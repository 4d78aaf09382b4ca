//! How many system calls it takes to take a lock and give it back: counted by `strace`, in a process that does it again and
//! again.
//!
//! What comes before the first pair, and the first pair itself, is not counted; and each pair after it makes the same calls,
//! or the number has a fraction.

use std::{
    collections::BTreeMap,
    path::Path,
    process::{Command, Stdio},
};

use super::{
    Options,
    installed::is_installed,
    locks::peers::{self, Peer},
    measured::{Row, Spread, Table},
    progress::Progress,
    report::{Compared, Missing},
};
use crate::Answer;

/// So many pairs are counted, between the first one and the last.
const PAIRS: [u32; 2] = [1, 9];

/// Counts them all.
///
/// # Errors
///
/// When ours fails.
pub fn compare(options: &Options) -> Answer<Compared> {
    let mut compared = Compared::named("calls");
    if let Err(get) = is_installed("strace", "apt-get install strace") {
        compared.missing.push(Missing { name: "strace".to_owned(), get });
        return Ok(compared);
    }
    // Other processes than ours, and those that start more of them, would be counted in part.
    let counted: Vec<_> =
        peers::ALL.iter().filter(|peer| peer.program().is_none() && peer.polls().as_millis() < 1000).collect();
    let progress = Progress::of("calls");
    progress.expect(counted.len());
    let mut rows = Vec::new();
    for peer in counted.into_iter().filter(|peer| options.takes(peer.name())) {
        progress.step(peer.name());
        rows.push(row(*peer, &options.program)?);
    }
    compared.tables.push(Table {
        title: "calls of a pair".to_owned(),
        unit: "system calls",
        more: vec!["rmdir"],
        against: vec!["floor of fast".to_owned()],
        rows,
        notes: Vec::new(),
    });
    Ok(compared)
}

fn row(peer: &dyn Peer, program: &Path) -> Answer<Row> {
    let [first, last] = PAIRS.map(|pairs| count(peer, program, pairs));
    let (first, last) = (first?, last?);
    let mut each: Vec<(String, f64)> = last
        .into_iter()
        .map(|(call, count)| {
            let more = count - first.get(&call).copied().unwrap_or_default();
            (call, more / f64::from(PAIRS[1] - PAIRS[0]))
        })
        .filter(|(_, count)| *count > 0.0)
        .collect();
    each.sort_by(|a, b| b.1.total_cmp(&a.1));
    let about: Vec<_> = each.iter().map(|(call, count)| format!("{call} {count}")).collect();
    let all: f64 = each.iter().map(|(_, count)| count).sum();
    let rmdir = each.iter().find_map(|(call, count)| (call == RMDIR).then_some(*count)).unwrap_or_default();
    let spread = Spread::of(vec![all]).ok_or("no count")?;
    Ok(Row { name: peer.name().to_owned(), about: about.join(", "), spread, more: vec![rmdir] })
}

/// As it is counted here: the system has one call for both.
const RMDIR: &str = "rmdir";

/// The calls of a process that makes so many pairs, by name.
fn count(peer: &dyn Peer, program: &Path, pairs: u32) -> Answer<BTreeMap<String, f64>> {
    let dir = tempfile::tempdir()?;
    let trace = dir.path().join("trace");
    let mut command = Command::new("strace");
    command.args(["-qq", "-f", "-o"]).arg(&trace).arg(program).args(["worker", "lock", peer.name()]);
    let mut child = command.arg(dir.path().join("lock")).stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
    let input = child.stdin.take().ok_or("no pipe to the process")?;
    std::io::Write::write_all(&mut &input, format!("pairs {pairs}\n").as_bytes())?;
    drop(input);
    let status = child.wait()?;
    if !status.success() {
        return Err(format!("strace of {}: {status}", peer.name()).into());
    }
    let mut counts = BTreeMap::new();
    for line in std::fs::read_to_string(trace)?.lines() {
        // PID CALL(ARGUMENTS) = ANSWER
        let Some((call, rest)) = line.split_once(' ').and_then(|(_, call)| call.trim_start().split_once('(')) else {
            continue;
        };
        let call = if rest.contains("AT_REMOVEDIR") && rest.ends_with("= 0") { RMDIR } else { call };
        *counts.entry(call.to_owned()).or_default() += 1.0;
    }
    Ok(counts)
}
