//! Whether an order of what was asked explains what was answered: each command takes effect at one moment between its being sent and
//! its answer's being read.
//!
//! | command | answer | when |
//! |---|---|---|
//! | `g`, `lg` | yes | the lock was free or mine, and is mine from then on; the number told with it is larger than all before |
//! | `g`, `lg` | no | it was another's |
//! | `r` | yes | it was mine, and is free from then on |
//! | `r` | no | it was not mine |
//! | `i` | yes | it was somebody's |
//! | `i` | no | it was free |
//!
//! A connection that ends takes effect at any moment after its end begins: until then what it held is *held by the dead*. Commands that
//! were sent with its end were not answered, and may have taken effect or not; so may each `g` among them take a free lock for the dead.
//!
//! What is kept is all that is possible: who holds the lock, and which of the commands under way have taken effect. An answer leaves
//! over where its command has. Where nothing is left over, no order explains the answers.

use std::collections::BTreeSet;

/// What was asked of one lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    /// `g` or `lg`, and the number that was told with a grant.
    Get(Option<u64>),
    Release,
    Inspect,
}

/// A command of a client that was answered. Moments are numbers, in the order of time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told {
    pub(crate) client: usize,
    pub(crate) sent: u64,
    pub(crate) read: u64,
    pub(crate) ask: Ask,
    pub(crate) is_yes: bool,
}

/// A connection of a client begins to end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct End {
    pub(crate) client: usize,
    pub(crate) at: u64,
    /// Whether it asked for the lock as it went.
    pub(crate) asks: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Owner {
    Nobody,
    Client(usize),
    Dead,
}

/// One thing that is possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Config {
    owner: Owner,
    /// A bit for each client whose command under way has taken effect.
    done: u64,
    /// The highest number that was told.
    fence: u64,
}

impl Config {
    /// The command takes effect with that answer, if it can.
    fn take(self, told: &Told) -> Option<Self> {
        let (mine, is_mine) = (Owner::Client(told.client), self.owner == Owner::Client(told.client));
        let is_free = self.owner == Owner::Nobody;
        let done = self.done | 1 << told.client;
        let after = |owner| Some(Self { owner, done, ..self });
        match (told.ask, told.is_yes) {
            (Ask::Get(_), true) if is_mine => after(mine),
            (Ask::Get(fence), true) if is_free && fence.is_none_or(|fence| fence > self.fence) => {
                Some(Self { owner: mine, done, fence: fence.unwrap_or(self.fence) })
            }
            (Ask::Get(_), false) if !is_free && !is_mine => after(self.owner),
            (Ask::Release, true) if is_mine => after(Owner::Nobody),
            (Ask::Release, false) if !is_mine => after(self.owner),
            (Ask::Inspect, is_held) if is_held != is_free => after(self.owner),
            _ => None,
        }
    }
}

/// Looks for an order that explains all answers about one lock, which was free at first.
///
/// # Errors
///
/// The first answer that none explains.
pub(crate) fn explain(told: &[Told], ends: &[End]) -> Result<(), Told> {
    #[derive(Clone, Copy)]
    enum Event<'a> {
        Sent(&'a Told),
        Read(&'a Told),
        Ends(&'a End),
    }
    let mut events: Vec<(u64, Event<'_>)> = Vec::new();
    for told in told {
        events.extend([(told.sent, Event::Sent(told)), (told.read, Event::Read(told))]);
    }
    events.extend(ends.iter().map(|end| (end.at, Event::Ends(end))));
    events.sort_by_key(|(at, _)| *at);
    let (mut under_way, mut dead_ask) = (Vec::<&Told>::new(), false);
    let mut configs = BTreeSet::from([Config { owner: Owner::Nobody, done: 0, fence: 0 }]);
    for (_, event) in events {
        match event {
            Event::Sent(told) => under_way.push(told),
            Event::Read(told) => {
                let bit = 1 << told.client;
                configs.retain(|config| config.done & bit != 0);
                configs = configs.into_iter().map(|config| Config { done: config.done & !bit, ..config }).collect();
                under_way.retain(|other| other.client != told.client);
                if configs.is_empty() {
                    return Err(*told);
                }
            }
            Event::Ends(end) => {
                dead_ask |= end.asks;
                let mine = Owner::Client(end.client);
                let dead = |config: Config| Config { owner: Owner::Dead, ..config };
                configs = configs.into_iter().map(|one| if one.owner == mine { dead(one) } else { one }).collect();
            }
        }
        close(&mut configs, &under_way, dead_ask);
    }
    Ok(())
}

/// Adds all that what is under way can come to.
fn close(configs: &mut BTreeSet<Config>, under_way: &[&Told], dead_ask: bool) {
    let mut new: Vec<Config> = configs.iter().copied().collect();
    while let Some(config) = new.pop() {
        let waiting = under_way.iter().filter(|told| config.done & 1 << told.client == 0);
        let by_the_dead = match config.owner {
            Owner::Dead => Some(Owner::Nobody),
            Owner::Nobody if dead_ask => Some(Owner::Dead),
            _ => None,
        };
        let by_the_dead = by_the_dead.map(|owner| Config { owner, ..config });
        for after in waiting.filter_map(|told| config.take(told)).chain(by_the_dead) {
            if configs.insert(after) {
                new.push(after);
            }
        }
    }
}

#[test]
fn answers_that_no_order_explains_are_found() {
    let told = |client, sent, read, ask, is_yes| Told { client, sent, read, ask, is_yes };
    let get = Ask::Get(None);
    let held = told(0, 1, 2, get, true);
    let fine = [
        // Whichever of two was first.
        vec![told(0, 1, 4, get, true), told(1, 2, 3, get, false), told(1, 5, 6, Ask::Inspect, true)],
        vec![told(0, 1, 4, get, false), told(1, 2, 3, get, true)],
        vec![held, told(0, 3, 6, Ask::Release, true), told(1, 4, 5, get, true)],
        vec![held, told(0, 3, 4, get, true), told(1, 5, 6, Ask::Release, false)],
    ];
    for history in fine {
        assert!(explain(&history, &[]).is_ok(), "{history:?}");
    }
    let wrong = [
        vec![held, told(1, 3, 4, get, true)],
        vec![told(0, 1, 2, get, false)],
        vec![held, told(1, 3, 4, Ask::Inspect, false)],
        vec![held, told(1, 3, 4, Ask::Release, true)],
        vec![held, told(0, 3, 4, Ask::Release, false)],
        vec![held, told(0, 3, 4, Ask::Release, true), told(1, 5, 6, Ask::Inspect, true)],
        vec![
            told(0, 1, 2, Ask::Get(Some(7)), true),
            told(0, 3, 4, Ask::Release, true),
            told(1, 5, 6, Ask::Get(Some(7)), true),
        ],
    ];
    for history in wrong {
        assert!(explain(&history, &[]).is_err(), "{history:?}");
    }
}

#[test]
fn what_a_connection_held_is_free_some_time_after_its_end_and_not_before() {
    let told = |client, sent, read, ask, is_yes| Told { client, sent, read, ask, is_yes };
    let held = told(0, 1, 2, Ask::Get(None), true);
    let looks = |sent, is_yes| told(1, sent, sent + 1, Ask::Inspect, is_yes);
    let ends = |asks| [End { client: 0, at: 10, asks }];
    assert!(explain(&[held, looks(11, true), looks(13, false)], &ends(false)).is_ok());
    assert!(explain(&[held, looks(8, false)], &ends(false)).is_err());
    assert!(explain(&[held, looks(11, false), looks(13, true)], &ends(false)).is_err());
    assert!(explain(&[held, looks(11, false), looks(13, true)], &ends(true)).is_ok(), "it may have asked again");
    assert!(explain(&[looks(8, true)], &ends(true)).is_err());
}
