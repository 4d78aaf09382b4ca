//! Locks at a path: what it costs to take one that nobody else wants, and how long one is on its way to who waits.
//!
//! * *Pair*: one party takes the lock and gives it back, as often as fills some milliseconds; the sample is the time of one.
//! * *Hand-off*: a party holds, another waits and sleeps; the first is told to give back, and the sample runs from just before
//!   that until the other has the lock. Where waiters look again by the clock, the release comes at any moment between two
//!   looks.
//!
//! * *Take-over*: the same, where the holder is not told to give back, but killed.
//!
//! Each by threads of one process and by processes, in memory and on disk. Peers that are programs or in another language are
//! processes always.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use super::{
    Options,
    measured::{Row, Table},
    progress::Progress,
    report::{Compared, Missing},
    turns::{self, Contender, Plan},
    worker::Party,
};
use crate::{
    Answer,
    place::{Place, places_or},
};

pub mod peers;

use peers::{AfterDeath, Peer};

/// Whether parties are threads or processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Thread,
    Process,
}

/// How long one sample of pairs is to take.
const SAMPLE: Duration = Duration::from_millis(2);
const SAMPLE_TO_TRY: Duration = Duration::from_micros(200);
const PAIRS_MAX: u64 = 1000;

const PAIRS: Plan = Plan { rounds: 61, enough: Duration::from_secs(2) };
const HAND_OFFS: Plan = Plan { rounds: 61, enough: Duration::from_secs(6) };
const TO_TRY: Plan = Plan { rounds: 2, enough: Duration::from_millis(1) };

/// The rows that all are compared with.
const AGAINST: [&str; 2] = ["ours, fast", "flock(2)"];

/// Compares them all.
///
/// # Errors
///
/// When there is no place to measure in.
pub fn compare(options: &Options) -> Answer<Compared> {
    let mut compared = Compared::named("locks");
    let mut here = Vec::new();
    for peer in peers::ALL.iter().copied().filter(|peer| options.takes(peer.name())) {
        let name = peer.name().to_owned();
        match peer.find() {
            Ok(()) => {
                compared.installed.extend(Some(name).filter(|name| !name.starts_with("ours") && peer.is_lock()));
                here.push(peer);
            }
            Err(get) => compared.missing.push(Missing { name, get }),
        }
    }
    for place in places_or(options.dir.as_deref())? {
        for by in [By::Thread, By::Process] {
            let group = Measured { options, place: &place, by, peers: &here };
            let mut measured = vec![group.pairs(), group.hand_offs()];
            if by == By::Process {
                measured.push(group.take_overs());
            }
            for measured in measured {
                compared.add(measured);
            }
        }
    }
    Ok(compared)
}

/// One place, and one sort of parties.
struct Measured<'a> {
    options: &'a Options,
    place: &'a Place,
    by: By,
    peers: &'a [&'static dyn Peer],
}

impl Measured<'_> {
    fn pairs(&self) -> (Table, Vec<String>) {
        let contender = |peer: &'static dyn Peer| {
            let mut party = self.party(peer, &self.path(peer, "pair"))?;
            let sample = if self.options.quick { SAMPLE_TO_TRY } else { SAMPLE };
            // The first one finds caches cold, and what it needs not loaded.
            pair(&mut party, 1)?;
            let [sample, once] = [sample.as_secs_f64() * 1e6, pair(&mut party, 1)?];
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is a count, and bounded")]
            let count = ((sample / once) as u64).clamp(1, PAIRS_MAX);
            Ok(contender(peer, Box::new(move || pair(&mut party, count))))
        };
        self.table("pair", if self.options.quick { TO_TRY } else { PAIRS }, |_| true, contender)
    }

    fn hand_offs(&self) -> (Table, Vec<String>) {
        let contender = |peer: &'static dyn Peer| {
            let path = self.path(peer, "hand-off");
            let mut parties = [self.party(peer, &path)?, self.party(peer, &path)?];
            let round = move || {
                parties.reverse();
                hand_off(&mut parties, peer.polls())
            };
            Ok(contender(peer, Box::new(round)))
        };
        self.table("hand-off", self.waits(), |peer| self.can_wait(peer), contender)
    }

    fn take_overs(&self) -> (Table, Vec<String>) {
        let contender = |peer: &'static dyn Peer| {
            let path = self.path(peer, "take-over");
            let mut holder = self.party(peer, &path)?;
            let round = move || {
                let mut waiter = self.party(peer, &path)?;
                let time = take_over(&mut holder, &mut waiter, peer.polls())?;
                holder = waiter;
                Ok(time)
            };
            Ok(contender(peer, Box::new(round)))
        };
        let frees = |peer: &dyn Peer| matches!(peer.after_death(), AfterDeath::Freed | AfterDeath::Evidence);
        self.table("take-over", self.waits(), |peer| frees(peer) && self.can_wait(peer), contender)
    }

    fn waits(&self) -> Plan {
        if self.options.quick { TO_TRY } else { HAND_OFFS }
    }

    /// Two readers wait for nothing. Who looks each second is not worth waiting for in a try.
    fn can_wait(&self, peer: &dyn Peer) -> bool {
        let is_slow = peer.polls() >= Duration::from_secs(1);
        peer.is_lock() && !peer.name().contains("rw-read") && !(self.options.quick && is_slow)
    }

    fn table<'s>(
        &'s self,
        what: &str,
        plan: Plan,
        takes_part: impl Fn(&dyn Peer) -> bool,
        contender: impl Fn(&'static dyn Peer) -> Answer<Contender<'s>>,
    ) -> (Table, Vec<String>) {
        let by = if self.by == By::Thread { "threads" } else { "processes" };
        let title = format!("{what} on {}, by {by}", self.place.name());
        let (mut contenders, mut failures) = (Vec::new(), Vec::new());
        for peer in self.peers.iter().copied().filter(|peer| takes_part(*peer)) {
            if self.by == By::Thread && peer.program().is_some() {
                continue;
            }
            match contender(peer) {
                Ok(contender) => contenders.push(contender),
                Err(error) => failures.push(format!("FAILED: {title}: {}: {error}", peer.name())),
            }
        }
        let (rows, failed) = turns::measure(contenders, plan, &Progress::of(&title));
        failures.extend(failed.into_iter().map(|failed| format!("{failed}, {title}")));
        let notes = ahead(&rows);
        let against = AGAINST.map(str::to_owned).to_vec();
        (Table { title, unit: "microseconds", more: Vec::new(), against, rows, notes }, failures)
    }

    fn party(&self, peer: &'static dyn Peer, path: &Path) -> Answer<Party> {
        let mut command = match (peer.program(), self.by) {
            (None, By::Thread) => return Party::thread(peer, path),
            (Some(words), _) => {
                let mut command = Command::new(&words[0]);
                command.args(&words[1..]);
                command
            }
            (None, By::Process) => {
                let mut command = Command::new(&self.options.program);
                command.args(["worker", "lock", peer.name()]);
                command
            }
        };
        command.arg(path);
        Party::process(command)
    }

    /// Each has a directory of its own, so that what one leaves behind is no burden to the others.
    fn path(&self, peer: &dyn Peer, what: &str) -> PathBuf {
        let name: String = peer.name().chars().filter(char::is_ascii_alphanumeric).collect();
        let by = if self.by == By::Thread { "threads" } else { "processes" };
        let dir = self.place.dir().join(format!("{name}-{what}-{by}"));
        // Where that fails, the party says so.
        let _ = std::fs::create_dir(&dir);
        dir.join("lock")
    }
}

fn contender<'a>(peer: &dyn Peer, round: Box<dyn FnMut() -> Answer<f64> + 'a>) -> Contender<'a> {
    Contender { name: peer.name().into(), about: peer.after_death().text().into(), round }
}

/// The time of one pair, in microseconds.
#[expect(clippy::cast_precision_loss, reason = "some milliseconds, and a small count")]
fn pair(party: &mut Party, count: u64) -> Answer<f64> {
    party.tell(&format!("pairs {count}"))?;
    let [nanos] = party.hear()?;
    Ok(nanos as f64 / count as f64 / 1e3)
}

/// From just before the release until the other has the lock, in microseconds.
fn hand_off([holder, waiter]: &mut [Party; 2], polls: Duration) -> Answer<f64> {
    both_want(holder, waiter, polls)?;
    holder.tell("unlock")?;
    let [acquired] = waiter.hear()?;
    let [released] = holder.hear()?;
    waiter.tell("unlock")?;
    let [_] = waiter.hear()?;
    micros(released, acquired)
}

/// From just before the kill until the other has the lock, in microseconds.
fn take_over(holder: &mut Party, waiter: &mut Party, polls: Duration) -> Answer<f64> {
    both_want(holder, waiter, polls)?;
    let killed = holder.kill()?;
    let [acquired] = waiter.hear()?;
    waiter.tell("unlock")?;
    let [_] = waiter.hear()?;
    micros(killed, acquired)
}

/// One holds, and the other waits.
fn both_want(holder: &mut Party, waiter: &mut Party, polls: Duration) -> Answer {
    holder.tell("lock")?;
    let [_] = holder.hear()?;
    waiter.tell("lock")?;
    waiter.falls_asleep()?;
    // At any moment between two looks.
    std::thread::sleep(polls.mul_f64(fastrand::f64()));
    Ok(())
}

fn micros(from: u64, to: u64) -> Answer<f64> {
    let nanos = to.checked_sub(from).ok_or("the waiter had the lock before its holder gave it up")?;
    Ok(Duration::from_nanos(nanos).as_secs_f64() * 1e6)
}

/// How near our fast lock is to what limits it, and whether it is ahead of each that can recover from a dead holder by files
/// alone.
fn ahead(rows: &[Row]) -> Vec<String> {
    let recovers = [AfterDeath::Evidence, AfterDeath::Age].map(AfterDeath::text);
    let Some(ours) = rows.iter().find(|row| row.name == AGAINST[0]) else { return Vec::new() };
    let times = |other: &Row| ours.spread.median / other.spread.median;
    let limit = |name: &str| {
        let limit = rows.iter().find(|row| row.name == name)?;
        Some(format!("{} takes {:.2} times as long as the {name}", AGAINST[0], times(limit)))
    };
    let others = rows.iter().filter(|row| !row.name.starts_with("ours") && recovers.contains(&row.about.as_str()));
    let first = others.min_by(|a, b| a.spread.median.total_cmp(&b.spread.median)).map(|first| {
        let which = "of the others made of files that recover from a dead holder the quickest is";
        format!("{which} {}, and {} takes {:.2} times as long", first.name, AGAINST[0], times(first))
    });
    ["same calls as fast", "floor of fast"].into_iter().filter_map(limit).chain(first).collect()
}
