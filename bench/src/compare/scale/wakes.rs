//! How many of those who wait are woken by one release: those who have left the processor since, once all sleep again.

use std::time::Duration;

use super::{
    super::{
        locks::peers,
        measured::Table,
        progress::Progress,
        turns::{self, Contender, Plan},
        worker::Party,
    },
    TO_TRY,
};
use crate::{Answer, place::Place};

const WAITERS: usize = 32;
const WAITERS_TO_TRY: usize = 3;
const PLAN: Plan = Plan { rounds: 11, enough: Duration::from_secs(4) };

const NAMES: [&str; 5] = ["ours, queue", "ours, fair-sem=1", "ours, fast", "ours, sem=1", "flock(2)"];

pub(super) fn measure(place: &Place, quick: bool) -> (Table, Vec<String>) {
    let waiters = if quick { WAITERS_TO_TRY } else { WAITERS };
    let title = format!("wake-ups a release while {waiters} wait, on {}", place.name());
    let (mut contenders, mut failures) = (Vec::new(), Vec::new());
    for name in NAMES {
        match Crowd::new(place, name, waiters) {
            Ok(mut crowd) => contenders.push(Contender {
                name: name.to_owned(),
                about: String::new(),
                round: Box::new(move || crowd.woken()),
            }),
            Err(error) => failures.push(format!("FAILED: {title}: {name}: {error}")),
        }
    }
    let (rows, failed) = turns::measure(contenders, if quick { TO_TRY } else { PLAN }, &Progress::of(&title));
    failures.extend(failed);
    let against = vec![NAMES[0].to_owned()];
    (Table { title, unit: "waiters woken", more: Vec::new(), against, rows, notes: Vec::new() }, failures)
}

/// One who holds, and others who wait. All are threads.
struct Crowd {
    holder: Party,
    waiters: Vec<Party>,
}

impl Crowd {
    fn new(place: &Place, name: &str, waiters: usize) -> Answer<Self> {
        let file: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
        let path = place.dir().join(format!("crowd-{file}"));
        let party = || Party::thread(peers::named(name)?, &path);
        let mut holder = party()?;
        holder.tell("lock")?;
        let [_] = holder.hear()?;
        let mut crowd = Self { holder, waiters: Vec::new() };
        for _ in 0..waiters {
            let mut waiter = party()?;
            waiter.tell("lock")?;
            waiter.falls_asleep()?;
            crowd.waiters.push(waiter);
        }
        Ok(crowd)
    }

    /// After one release. Who got the lock holds it, and who gave it waits again.
    #[expect(clippy::cast_precision_loss, reason = "there are some dozens")]
    fn woken(&mut self) -> Answer<f64> {
        let before = self.waiters.iter().map(Party::switches).collect::<Answer<Vec<_>>>()?;
        self.holder.tell("unlock")?;
        let [_] = self.holder.hear()?;
        let next = loop {
            let has_heard = |waiter: &mut Party| waiter.has_heard();
            if let Some(next) = self.waiters.iter_mut().position(has_heard) {
                break next;
            }
            std::thread::yield_now();
        };
        for waiter in &self.waiters {
            waiter.falls_asleep()?;
        }
        let after = self.waiters.iter().map(Party::switches).collect::<Answer<Vec<_>>>()?;
        let woken = before.iter().zip(&after).filter(|(before, after)| before != after).count();
        std::mem::swap(&mut self.holder, &mut self.waiters[next]);
        // It goes to the end, where there is a line.
        self.waiters[next].tell("lock")?;
        self.waiters[next].falls_asleep()?;
        Ok(woken as f64)
    }
}
