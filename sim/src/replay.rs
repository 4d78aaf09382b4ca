//! Replay: how an attempt that runs as ordinary code is stopped before each of its calls.
//!
//! An attempt is run from its start over a [`Replay`], which feeds it the answers that its calls have had so far. The
//! first call beyond them is noted and answered with [`FsError::Halted`], and `?` carries the attempt out. So the state
//! of a running attempt is the list of its answers: a value that can be kept, compared and gone back to, without a
//! thread or a coroutine.
//!
//! Those who do have threads run the same attempts over a [`Live`] world, which answers each call as it comes.

mod clocks;
mod resource;

use std::{
    cell::{Cell, RefCell},
    fmt,
    num::NonZeroU32,
    panic::Location,
};

use lockwright_kernel::{
    blocking,
    chance::Chance,
    clock::{Clock, Instant, Timestamp},
    fs::{
        Fs, FsError, Halted, Settled, Through,
        call::{Answer, Call, Value},
    },
    id::Id,
    ids::process::Sighting,
    path::{Name, Path},
    probe::{Liveness, Probe},
    watch::{Wake, Watch, WatchId},
};

use crate::{history::Ahead, operations::Event, resource::Wrote};

/// Something an attempt asked of the world.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Request {
    Fs(Call),
    Liveness(Id),
    Below(NonZeroU32),
    Now,
    WallClock,
    Uptime,
    Sighting { namespace: u8, pid: u32 },
    Started { namespace: u8, pid: u32 },
    Holds,
    Write { token: Option<u16> },
    Watch(Path),
    Wait { watch: WatchId, owner: Option<Id>, until: Option<Instant> },
    Pause(Instant),
}

/// What the world answered.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Reply {
    Fs(Answer),
    Liveness(Liveness),
    Below(u32),
    Time(Instant),
    Wall(Timestamp),
    Watch(Result<WatchId, FsError>),
    Woke(Wake),
    Sighting(Sighting),
    Started(Option<u64>),
    Wrote(Wrote),
}

/// The world, seen from inside an attempt: the simulated one of the checker, or one that answers by itself.
#[derive(Debug)]
pub struct Replay<'a> {
    answers: Answers<'a>,
    requests: RefCell<Vec<Request>>,
    /// What was told, each with how many requests there were before.
    told: RefCell<Vec<(usize, Event)>>,
    /// The lines that made the requests beyond the recorded answers.
    sites: RefCell<Vec<Site>>,
    is_halted: Cell<bool>,
    went_on: Cell<bool>,
    /// Whether refusals are looked into.
    is_settled: bool,
    /// The line whose refusal is being looked into.
    settles: Cell<Option<Site>>,
}

/// A line of an algorithm that makes a call.
pub(crate) type Site = &'static Location<'static>;

/// A world that answers each call as it comes.
///
/// It lets any file system stand under a [`Protocol`](crate::protocol::Protocol): one that threads of a model checker
/// for threads share, or a real one. A world that ends an attempt answers `Halted`, to every call from then on.
#[derive(Clone, Copy)]
pub struct Live<'a> {
    /// The file system.
    pub fs: &'a dyn Fs,
    /// Who is alive.
    pub probe: &'a dyn Probe,
    /// Random numbers.
    pub chance: &'a dyn Chance,
    /// The time.
    pub clock: &'a dyn Clock,
}

impl fmt::Debug for Live<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Live").finish_non_exhaustive()
    }
}

#[derive(Debug)]
enum Answers<'a> {
    Recorded {
        /// Those an attempt has had so far.
        replies: &'a [&'a Reply],
        /// What is answered after that, if anything.
        ahead: Option<&'a Ahead<'a>>,
    },
    Live(Live<'a>),
}

impl<'a> Replay<'a> {
    pub(crate) fn new(replies: &'a [&'a Reply], ahead: Option<&'a Ahead<'a>>, is_settled: bool) -> Self {
        Self { is_settled, ..Self::over(Answers::Recorded { replies, ahead }) }
    }

    fn over(answers: Answers<'a>) -> Self {
        let (requests, told, sites, is_halted, went_on) = Default::default();
        Self { answers, requests, told, sites, is_halted, went_on, is_settled: false, settles: Cell::new(None) }
    }

    /// A view of `world`, in which an attempt runs to its end.
    ///
    /// ```
    /// use lockwright_kernel::{
    ///     chance::Chance, clock::{Clock, Instant}, fs::{Halted, MemFs}, id::Id, probe::{Liveness, Probe},
    /// };
    /// use lockwright_sim::{Live, Replay, catalogue, protocol::{Client, Phase}};
    ///
    /// struct Quiet;
    /// impl Probe for Quiet {
    ///     fn liveness(&self, _: &Id) -> Result<Liveness, Halted> { Ok(Liveness::Unknown) }
    /// }
    /// impl Chance for Quiet {
    ///     fn below(&self, _: std::num::NonZeroU32) -> Result<u32, Halted> { Ok(0) }
    /// }
    /// impl Clock for Quiet {
    ///     fn now(&self) -> Result<Instant, Halted> { Ok(Instant::new(std::time::Duration::ZERO)) }
    /// }
    ///
    /// let disk = MemFs::new();
    /// let world = Replay::live(Live { fs: &disk, probe: &Quiet, chance: &Quiet, clock: &Quiet });
    /// let ann = Client { index: 0, id: "ann".parse().unwrap() };
    /// let protocol = catalogue::find("fast_lock").unwrap().protocol();
    /// assert_eq!(protocol.attempt(&ann, Phase::Idle, &world).unwrap().next, Phase::Holding);
    /// assert_eq!(disk.to_string(), "lock/\nlock/owner/\nlock/owner/ann\n");
    /// ```
    #[must_use]
    pub fn live(world: Live<'a>) -> Self {
        Self::over(Answers::Live(world))
    }

    /// Notes that a client calls an operation on the lock, or is answered; for
    /// [`Property::Linearizable`](crate::protocol::Property::Linearizable). [`Recorded`](crate::operations::Recorded)
    /// does.
    pub fn tell(&self, event: Event) {
        if let Answers::Recorded { .. } = self.answers {
            let asked = self.requests.borrow().len();
            self.told.borrow_mut().push((asked, event));
        }
    }

    /// What the attempt told after so many answers, and before it asked on.
    pub(crate) fn told_after(&self, answers: usize) -> Box<[Event]> {
        let told = self.told.borrow();
        told.iter().filter(|(asked, _)| *asked == answers).map(|(_, event)| event.clone()).collect()
    }

    /// Where the attempt asked beyond the recorded answers.
    pub(crate) fn sites(&self) -> Vec<Site> {
        self.sites.take()
    }

    /// What has the number `pid` in a pid namespace of the scenario. A [`Live`] world shows nothing.
    ///
    /// # Errors
    ///
    /// [`Halted`] in a simulated world only.
    #[track_caller]
    pub fn sighting(&self, namespace: u8, pid: u32) -> Result<Sighting, Halted> {
        if let Answers::Live(_) = self.answers {
            return Ok(Sighting::Hidden);
        }
        match self.ask(Request::Sighting { namespace, pid })? {
            Reply::Sighting(sighting) => Ok(*sighting),
            _ => Err(self.mismatch()),
        }
    }

    /// When the process with the number `pid` in a pid namespace started, in seconds by the wall clock: worked out from
    /// when the host booted, which is a second off now and then. None where no process has the number, and in a
    /// [`Live`] world.
    ///
    /// # Errors
    ///
    /// [`Halted`] in a simulated world only.
    pub fn started(&self, namespace: u8, pid: u32) -> Result<Option<u64>, Halted> {
        if let Answers::Live(_) = self.answers {
            return Ok(None);
        }
        match self.ask(Request::Started { namespace, pid })? {
            Reply::Started(started) => Ok(*started),
            _ => Err(self.mismatch()),
        }
    }

    /// What the attempt asked, in order; one more than it was answered when it was halted.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.take()
    }

    /// Whether a call of the attempt so far went well that is more than a look. Of a live world that is not known.
    pub(crate) fn may_have_changed_something(&self) -> bool {
        let Answers::Recorded { replies, ahead } = self.answers else { return false };
        let looks = |call: &Call| {
            matches!(call, Call::List(_) | Call::Read(_) | Call::Modified(_) | Call::Exists(_) | Call::Any(_))
        };
        let (requests, beyond) = (self.requests.borrow(), ahead.map(Ahead::replies).unwrap_or_default());
        let mut answered = requests.iter().zip(replies.iter().copied().chain(beyond));
        answered.any(|answered| matches!(answered, (Request::Fs(call), Reply::Fs(Ok(_))) if !looks(call)))
    }

    /// True when the attempt made a further call after it was halted.
    pub(crate) fn went_on(&self) -> bool {
        self.went_on.get()
    }

    #[track_caller]
    fn ask(&self, request: Request) -> Result<&'a Reply, Halted> {
        let caller = Location::caller();
        let Answers::Recorded { replies, ahead } = self.answers else { return Err(self.mismatch()) };
        if self.is_halted.get() {
            self.went_on.set(true);
            return Err(Halted);
        }
        let mut requests = self.requests.borrow_mut();
        let reply = replies.get(requests.len()).copied().or_else(|| {
            let site = self.settles.get().unwrap_or(caller);
            self.sites.borrow_mut().push(site);
            ahead.and_then(|ahead| ahead.answer(&request, site))
        });
        self.is_halted.set(reply.is_none());
        requests.push(request);
        reply.ok_or(Halted)
    }

    #[track_caller]
    fn call(&self, call: Call) -> Answer {
        if let Answers::Live(world) = self.answers {
            return call.on(&world.fs);
        }
        match self.ask(Request::Fs(call))? {
            Reply::Fs(answer) => answer.clone(),
            _ => Err(self.mismatch().into()),
        }
    }

    #[track_caller]
    fn done(&self, call: Call) -> Result<(), FsError> {
        self.call(call).map(|_| ())
    }

    #[track_caller]
    fn quiet(&self, call: Call) -> Result<(), Halted> {
        if let Answers::Live(world) = self.answers {
            return if call.on(&world.fs) == Err(FsError::Halted) { Err(Halted) } else { Ok(()) };
        }
        self.ask(Request::Fs(call)).map(|_| ())
    }

    #[track_caller]
    fn wake(&self, request: Request) -> Result<Wake, Halted> {
        match self.ask(request)? {
            Reply::Woke(wake) => Ok(*wake),
            _ => Err(self.mismatch()),
        }
    }

    /// The reply is of another kind than the request, so the attempt did not ask what it asked before: it depends on
    /// something else than its answers. The caller compares the requests and says so.
    fn mismatch(&self) -> Halted {
        self.went_on.set(true);
        Halted
    }
}

impl Replay<'_> {
    /// Makes a call that looks before it believes a refusal. All that it asks is asked by the line that makes it.
    #[track_caller]
    fn settle(&self, call: impl Fn(&dyn Fs) -> Result<(), FsError>) -> Option<Result<(), FsError>> {
        if !self.is_settled {
            return None;
        }
        self.settles.set(Some(Location::caller()));
        let answer = call(&Settled::new(Through(|call: &Call| self.call(call.clone()))));
        self.settles.set(None);
        Some(answer)
    }
}

impl Fs for Replay<'_> {
    fn create_dir(&self, path: &Path) -> Result<(), FsError> {
        self.done(Call::CreateDir(path.clone()))
    }

    fn create_file(&self, path: &Path, contents: &[u8]) -> Result<(), FsError> {
        self.done(Call::CreateFile(path.clone(), contents.to_vec()))
    }

    fn remove_file(&self, path: &Path) -> Result<(), FsError> {
        match self.settle(|fs| fs.remove_file(path)) {
            Some(answer) => answer,
            None => self.done(Call::RemoveFile(path.clone())),
        }
    }

    fn remove_dir(&self, path: &Path) -> Result<(), FsError> {
        match self.settle(|fs| fs.remove_dir(path)) {
            Some(answer) => answer,
            None => self.done(Call::RemoveDir(path.clone())),
        }
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), FsError> {
        match self.settle(|fs| fs.rename(from, to)) {
            Some(answer) => answer,
            None => self.done(Call::Rename(from.clone(), to.clone())),
        }
    }

    fn list(&self, dir: &Path) -> Result<Vec<Name>, FsError> {
        match self.call(Call::List(dir.clone()))? {
            Value::Names(names) => Ok(names),
            _ => Err(self.mismatch().into()),
        }
    }

    fn read(&self, file: &Path) -> Result<Vec<u8>, FsError> {
        match self.call(Call::Read(file.clone()))? {
            Value::Contents(contents) => Ok(contents),
            _ => Err(self.mismatch().into()),
        }
    }

    fn touch(&self, path: &Path) -> Result<(), FsError> {
        self.done(Call::Touch(path.clone()))
    }

    fn modified(&self, path: &Path) -> Result<Timestamp, FsError> {
        match self.call(Call::Modified(path.clone()))? {
            Value::Stamp(stamp) => Ok(stamp),
            _ => Err(self.mismatch().into()),
        }
    }

    fn exists(&self, path: &Path) -> Result<bool, FsError> {
        match self.call(Call::Exists(path.clone()))? {
            Value::Truth(truth) => Ok(truth),
            _ => Err(self.mismatch().into()),
        }
    }

    fn any(&self, dir: &Path) -> Result<Option<Name>, FsError> {
        match self.call(Call::Any(dir.clone()))? {
            Value::Name(name) => Ok(name),
            _ => Err(self.mismatch().into()),
        }
    }

    /// The checker tries every name, so chance has nothing to choose.
    fn sample(&self, dir: &Path, chance: &dyn Chance) -> Result<Option<Name>, FsError> {
        match self.answers {
            Answers::Recorded { .. } => self.any(dir),
            Answers::Live(world) => world.fs.sample(dir, chance),
        }
    }

    fn ensure_dir(&self, path: &Path) -> Result<(), FsError> {
        self.done(Call::EnsureDir(path.clone()))
    }

    fn discard_file(&self, path: &Path) -> Result<(), Halted> {
        self.quiet(Call::DiscardFile(path.clone()))
    }

    fn discard_dir(&self, path: &Path) -> Result<(), Halted> {
        self.quiet(Call::DiscardDir(path.clone()))
    }

    fn put_aside(&self, from: &Path, to: &Path) -> Result<(), Halted> {
        self.quiet(Call::PutAside(from.clone(), to.clone()))
    }

    fn may_repeat(&self) -> bool {
        self.is_settled
    }
}

impl Probe for Replay<'_> {
    fn liveness(&self, id: &Id) -> Result<Liveness, Halted> {
        if let Answers::Live(world) = self.answers {
            return world.probe.liveness(id);
        }
        match self.ask(Request::Liveness(id.clone()))? {
            Reply::Liveness(liveness) => Ok(*liveness),
            _ => Err(self.mismatch()),
        }
    }
}

impl Chance for Replay<'_> {
    fn below(&self, bound: NonZeroU32) -> Result<u32, Halted> {
        if let Answers::Live(world) = self.answers {
            return world.chance.below(bound);
        }
        match self.ask(Request::Below(bound))? {
            Reply::Below(number) => Ok(*number),
            _ => Err(self.mismatch()),
        }
    }
}

impl Clock for Replay<'_> {
    fn now(&self) -> Result<Instant, Halted> {
        if let Answers::Live(world) = self.answers {
            return world.clock.now();
        }
        match self.ask(Request::Now)? {
            Reply::Time(time) => Ok(*time),
            _ => Err(self.mismatch()),
        }
    }
}

/// A [`Live`] world notices nothing and has nobody to wait for: a watch is answered [`FsError::Unsupported`], and a wait
/// or a pause comes back at once.
impl Watch for Replay<'_> {
    fn watch(&self, dir: &Path) -> Result<WatchId, FsError> {
        if let Answers::Live(_) = self.answers {
            return Err(FsError::Unsupported);
        }
        match self.ask(Request::Watch(dir.clone()))? {
            Reply::Watch(answer) => *answer,
            _ => Err(self.mismatch().into()),
        }
    }

    fn wait(&self, watch: WatchId, owner: Option<&Id>, until: Option<Instant>) -> Result<Wake, Halted> {
        if let Answers::Live(_) = self.answers {
            return Ok(Wake::Changed);
        }
        self.wake(Request::Wait { watch, owner: owner.cloned(), until })
    }
}

impl blocking::World for Replay<'_> {
    fn pause(&self, until: Instant) -> Result<Wake, Halted> {
        if let Answers::Live(_) = self.answers {
            return Ok(Wake::TimedOut);
        }
        self.wake(Request::Pause(until))
    }
}
