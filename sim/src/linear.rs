//! The tester of [`Property::Linearizable`]: which orders of the operations explain what has been answered so far.
//!
//! # The lock, one operation at a time
//!
//! The lock is free or belongs to an id. An operation takes effect at one moment between its call and its return:
//!
//! | operation | answer | when |
//! |---|---|---|
//! | `try_lock` | `Ok` | it was free, and is mine from then on |
//! | | `Held`, with a name or without | it belonged to that one, or to any other |
//! | | `AlreadyOwner` | it was mine |
//! | `unlock` | `Ok` | it was mine, and is free from then on |
//! | | `NotOwner` | it was not mine |
//! | `recover` | `Ok` | it belonged to the dead id and is free from then on, or it did not |
//! | `owner` | a name or none | it belonged to that one, or was free |
//! | any | `Disturbed`, a failed call | always: it took effect or did not; a `try_lock` may also have taken effect and have taken that back |
//!
//! # Strictly
//!
//! An operation that failed, or whose process died, has taken effect by then or never does. Plain linearizability lets it
//! take effect at any later time as well. Here nothing of a process acts after its end, so the stricter reading is the
//! one to ask for; it implies the other. A world whose calls may arrive late will have to keep such operations open.
//!
//! What is no operation: a power cut goes back to any owner there may have been, and whoever removes an entry by hand may
//! have freed the lock.
//!
//! # What is kept
//!
//! All that is possible, as a set of [`Config`]s: who owns the lock, and of each operation under way whether it has
//! taken effect, and if not, which owners it may have seen. The set is closed under operations taking effect, and a
//! configuration is left out where another can do all that it can. When an operation answers, those stay in which it may
//! answer so; when none stays, no order explains the answers.
//!
//! A call is told as late and a return as early as can be, so that as few orders as possible explain them: at the step that
//! begins the operation's first call on the world, and at the step that answers its last one.
//!
//! [`Property::Linearizable`]: crate::protocol::Property::Linearizable

use lockwright_kernel::id::Id;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::{
    history::NodeId,
    miss::Miss,
    operations::{Answered, Event, Operation},
    scenario,
};

/// The number of a tester's state; 0 where nothing is tested.
pub(crate) type TesterId = u32;

/// Where nothing is tested.
pub(crate) const UNTESTED: TesterId = 0;

/// Something that a tester hears of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Heard {
    /// The client's process makes the first step of the call that this history asks for.
    Departs(u8, NodeId),
    /// The client's process was answered, and has come to this history.
    Arrives(u8, NodeId),
    /// The client's process was killed.
    Crash(u8),
    /// All were, none of which had crashed more often than so, and the disk went back to what it was.
    Cut(u8),
    /// Somebody who takes no part removed an entry.
    Removal,
}

/// An id as a number, [`NOBODY`] for none.
type Who = u16;

const NOBODY: Who = 0;

/// An id of no process.
const STRANGER: Who = Who::MAX;

/// All states that testers have come to, each with its number, and what follows when one hears of something.
#[derive(Debug, Default)]
pub(crate) struct Testers {
    known: Vec<Tester>,
    numbers: FxHashMap<Tester, TesterId>,
    next: FxHashMap<(TesterId, Heard), TesterId>,
}

impl Testers {
    /// The tester of a lock that is free.
    pub(crate) fn first(&mut self, clients: u8) -> TesterId {
        self.number(Tester {
            pending: (0..clients).map(|_| None).collect(),
            configs: vec![Config { owner: NOBODY, parts: (0..clients).map(|_| Part::default()).collect() }],
            broken: None,
        })
    }

    /// The tester once it has heard that.
    pub(crate) fn hear(&self, tester: TesterId, heard: Heard) -> Result<TesterId, Miss> {
        self.next.get(&(tester, heard)).copied().ok_or(Miss::Heard(tester, heard))
    }

    /// Works out what a tester comes to when it hears that, `events` being what the client tells there.
    pub(crate) fn learn(&mut self, tester: TesterId, heard: Heard, events: &[Event]) {
        let mut after = self.get(tester).clone();
        match heard {
            Heard::Departs(client, _) | Heard::Arrives(client, _) => {
                for event in events {
                    after.tell(client, event);
                }
            }
            Heard::Crash(client) => after.forget(client),
            Heard::Cut(deaths) => after.cut(deaths),
            Heard::Removal => after.removal(),
        }
        let number = self.number(after);
        self.next.insert((tester, heard), number);
    }

    /// What no order of the operations explains: which client's operation, and the rest in words.
    pub(crate) fn broken(&self, tester: TesterId) -> Option<(u8, String)> {
        if tester == UNTESTED {
            return None;
        }
        let broken = self.get(tester).broken.as_ref()?;
        Some((broken.client, broken.words()))
    }

    fn get(&self, tester: TesterId) -> &Tester {
        &self.known[tester as usize - 1]
    }

    fn number(&mut self, tester: Tester) -> TesterId {
        if let Some(&number) = self.numbers.get(&tester) {
            return number;
        }
        self.known.push(tester.clone());
        let number = TesterId::try_from(self.known.len()).unwrap_or_else(|_| panic!("more than 2^32 testers"));
        self.numbers.insert(tester, number);
        number
    }
}

/// What is known after some operations were called and answered.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Tester {
    /// By client, the operation that it has called and that has not returned.
    pending: SmallVec<[Option<Pending>; 4]>,
    // invariant: sorted; closed under operations taking effect; none can do all that another can
    configs: Vec<Config>,
    /// The answer that left no configuration.
    broken: Option<Broken>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Pending {
    kind: Kind,
    /// Whose.
    id: Who,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    TryLock,
    Unlock,
    Recover,
    Owner,
}

/// One thing that may be so.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Config {
    owner: Who,
    /// By client, how far its operation has come.
    parts: SmallVec<[Part; 4]>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Part {
    effect: Effect,
    /// Whom the operation may have found to be the owner, as far as it makes a difference to it.
    // invariant: sorted; empty once it took effect
    seen: SmallVec<[Who; 4]>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Effect {
    #[default]
    None,
    /// The lock was taken, or freed.
    Done,
    /// The lock was taken and given back.
    Undone,
}

impl Tester {
    fn tell(&mut self, client: u8, event: &Event) {
        if self.broken.is_some() {
            return;
        }
        match (event, self.pending[usize::from(client)]) {
            (Event::Call(operation), None) => self.call(client, operation.into()),
            (Event::Return(answer), Some(pending)) => self.answer(client, pending, answer),
            (event, pending) => {
                let (answer, owners) = (None, Vec::new());
                self.breaks(Broken { client, pending, event: Some(event.clone()), answer, owners });
            }
        }
    }

    fn call(&mut self, client: u8, pending: Pending) {
        self.pending[usize::from(client)] = Some(pending);
        for config in &mut self.configs {
            let owner = config.owner;
            config.parts[usize::from(client)].see(pending, owner);
        }
        self.close();
    }

    /// Leaves the configurations in which the operation may answer that.
    fn answer(&mut self, client: u8, pending: Pending, answer: &Answered) {
        let at = usize::from(client);
        let mut owners: Vec<Who> = self.configs.iter().flat_map(|config| config.owners_of(at, pending)).collect();
        owners.sort_unstable();
        owners.dedup();
        self.configs.retain(|config| config.parts[at].may_answer(pending, answer));
        if self.configs.is_empty() {
            self.breaks(Broken { client, pending: Some(pending), event: None, answer: Some(answer.clone()), owners });
        } else {
            self.forget(client);
        }
    }

    /// The client's operation is over.
    fn forget(&mut self, client: u8) {
        self.pending[usize::from(client)] = None;
        for config in &mut self.configs {
            config.parts[usize::from(client)] = Part::default();
        }
        self.tidy();
    }

    fn cut(&mut self, deaths: u8) {
        let clients = self.pending.len();
        self.pending.iter_mut().for_each(|pending| *pending = None);
        let processes = (0..clients).flat_map(|client| (0..=deaths).map(move |times| process(client, times)));
        let owners = [NOBODY].into_iter().chain(processes);
        let parts = || (0..clients).map(|_| Part::default()).collect();
        self.configs = owners.map(|owner| Config { owner, parts: parts() }).collect();
        self.tidy();
    }

    fn removal(&mut self) {
        let freed: Vec<Config> = self.configs.iter().map(|config| config.now(NOBODY, &self.pending)).collect();
        self.configs.extend(freed);
        self.close();
    }

    fn breaks(&mut self, broken: Broken) {
        self.pending.iter_mut().for_each(|pending| *pending = None);
        self.configs.clear();
        self.broken = Some(broken);
    }

    /// Adds what is possible when any of the operations under way take effect.
    fn close(&mut self) {
        let mut at = 0;
        while at < self.configs.len() {
            for client in 0..self.pending.len() {
                let Some(after) = self.configs[at].effect(client, &self.pending) else { continue };
                if !self.configs.contains(&after) {
                    self.configs.push(after);
                }
            }
            at += 1;
        }
        self.tidy();
    }

    fn tidy(&mut self) {
        self.configs.sort_unstable();
        self.configs.dedup();
        let all = self.configs.clone();
        self.configs.retain(|config| !all.iter().any(|other| other != config && other.can_all_that(config)));
    }
}

impl Config {
    /// This one, once the client's operation takes effect, or takes that back.
    fn effect(&self, client: usize, pending: &[Option<Pending>]) -> Option<Self> {
        let Pending { kind, id } = pending[client]?;
        let (owner, effect) = match (kind, self.parts[client].effect) {
            (Kind::TryLock, Effect::None) if self.owner == NOBODY => (id, Effect::Done),
            (Kind::TryLock, Effect::Done) if self.owner == id => (NOBODY, Effect::Undone),
            (Kind::Unlock | Kind::Recover, Effect::None) if self.owner == id => (NOBODY, Effect::Done),
            _ => return None,
        };
        let mut after = self.clone();
        after.parts[client] = Part { effect, seen: SmallVec::new() };
        Some(after.now(owner, pending))
    }

    /// This one under another owner, which the operations under way may see.
    fn now(&self, owner: Who, pending: &[Option<Pending>]) -> Self {
        let mut after = Self { owner, ..self.clone() };
        for (part, pending) in after.parts.iter_mut().zip(pending) {
            if let Some(pending) = *pending {
                part.see(pending, owner);
            }
        }
        after
    }

    fn can_all_that(&self, other: &Self) -> bool {
        self.owner == other.owner
            && self.parts.iter().zip(&other.parts).all(|(part, other)| {
                part.effect == other.effect && other.seen.iter().all(|who| part.seen.contains(who))
            })
    }

    /// Whose the lock may have been during a client's operation.
    fn owners_of(&self, client: usize, pending: Pending) -> SmallVec<[Who; 4]> {
        let mut owners = self.parts[client].seen.clone();
        match self.parts[client].effect {
            Effect::None => owners.push(self.owner),
            Effect::Done | Effect::Undone => owners.extend([NOBODY, pending.id]),
        }
        owners
    }
}

impl Part {
    /// Notes an owner that the operation may have found, as far as it makes a difference to it.
    fn see(&mut self, Pending { kind, id }: Pending, owner: Who) {
        let seen = match kind {
            _ if self.effect != Effect::None => return,
            Kind::TryLock if owner == NOBODY => return,
            Kind::Unlock | Kind::Recover if owner == id => return,
            // That it was another is all there is to see.
            Kind::Unlock | Kind::Recover => STRANGER,
            Kind::TryLock | Kind::Owner => owner,
        };
        if let Err(at) = self.seen.binary_search(&seen) {
            self.seen.insert(at, seen);
        }
    }

    fn may_answer(&self, Pending { kind, id }: Pending, answer: &Answered) -> bool {
        let Self { effect, seen } = self;
        match (kind, answer) {
            (_, Answered::Failed) => true,
            (Kind::TryLock | Kind::Unlock, Answered::Done) => *effect == Effect::Done,
            (Kind::Recover, Answered::Done) => *effect == Effect::Done || !seen.is_empty(),
            (Kind::TryLock, Answered::Held(None)) => seen.iter().any(|who| *who != id),
            (Kind::TryLock, Answered::Held(Some(owner))) => who(owner) != id && seen.contains(&who(owner)),
            (Kind::TryLock, Answered::AlreadyOwner) => seen.contains(&id),
            (Kind::Unlock, Answered::NotOwner) => !seen.is_empty(),
            (Kind::Owner, Answered::Owner(None)) => seen.contains(&NOBODY),
            (Kind::Owner, Answered::Owner(Some(owner))) => seen.contains(&who(owner)),
            _ => false,
        }
    }
}

impl From<&Operation> for Pending {
    fn from(operation: &Operation) -> Self {
        let (kind, id) = match operation {
            Operation::TryLock(id) => (Kind::TryLock, who(id)),
            Operation::Unlock(id) => (Kind::Unlock, who(id)),
            Operation::Recover(id) => (Kind::Recover, who(id)),
            Operation::Owner => (Kind::Owner, NOBODY),
        };
        Self { kind, id }
    }
}

/// An answer that nothing explains, or something told where it cannot be.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Broken {
    client: u8,
    pending: Option<Pending>,
    /// What was told where it cannot be.
    event: Option<Event>,
    answer: Option<Answered>,
    /// Whose the lock may have been.
    owners: Vec<Who>,
}

impl Broken {
    fn words(&self) -> String {
        let operation = self.pending.map_or_else(|| "no operation".into(), Pending::words);
        if let Some(event) = &self.event {
            return format!("told of {event:?} during {operation}");
        }
        let answer = match &self.answer {
            Some(Answered::Owner(None)) => "that nobody owns the lock".into(),
            Some(Answered::Owner(Some(owner))) => format!("that {owner} owns the lock"),
            Some(Answered::Held(None)) => "that the lock is held".into(),
            Some(Answered::Held(Some(owner))) => format!("that the lock is held by {owner}"),
            Some(Answered::AlreadyOwner) => "that it owns the lock already".into(),
            Some(Answered::NotOwner) => "that it does not own the lock".into(),
            Some(Answered::Done) => "Ok".into(),
            Some(Answered::Failed) | None => "an error".into(),
        };
        let owners: Vec<String> = self.owners.iter().map(|owner| whose(*owner)).collect();
        let owners = owners.join(" or ");
        format!(
            "answers that no order of the operations explains: {operation} answered {answer}, and while it ran the lock was {owners}"
        )
    }
}

impl Pending {
    fn words(self) -> String {
        match self.kind {
            Kind::TryLock => format!("try_lock({})", spell(self.id)),
            Kind::Unlock => format!("unlock({})", spell(self.id)),
            Kind::Recover => format!("recover({})", spell(self.id)),
            Kind::Owner => "owner()".into(),
        }
    }
}

fn who(id: &Id) -> Who {
    scenario::parse_id(id).map_or(STRANGER, |(client, times)| process(client.into(), times))
}

/// The number of a client's process that comes after so many crashes.
fn process(client: usize, times: u8) -> Who {
    u8::try_from(client).map_or(STRANGER, |client| u16::from_be_bytes([client + 1, times]))
}

fn spell(who: Who) -> String {
    let [client, times] = who.to_be_bytes();
    match client.checked_sub(1) {
        Some(client) if who != STRANGER => scenario::id(client, times).to_string(),
        _ => "?".into(),
    }
}

fn whose(who: Who) -> String {
    match who {
        NOBODY => "nobody's".into(),
        STRANGER => "another's".into(),
        who => format!("{}'s", spell(who)),
    }
}

#[cfg(test)]
mod tests;
