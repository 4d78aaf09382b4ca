//! Waiting for events: a directory that changes, an owner that dies, a deadline, a request to stop.
//!
//! | what | noticed by |
//! |---|---|
//! | a release | inotify on the lock's directory, or on several |
//! | an owner's death | a pidfd of the owner; after that, one of a living member of its group, until none is left |
//! | the deadline | a timer on the boot-time clock, which goes on while the machine sleeps |
//! | a lease that may be over | a timer on the same clock |
//! | a request to stop | the handle given to [`PosixWorld::interrupted_by`] becomes readable |
//! | a change where a lock is held that the caller has | inotify, as for the one that it waits for |
//!
//! Nothing is asked again and again, with two exceptions. inotify does not see what other hosts do, so on a file
//! system that is not [local](PosixFs::is_local) a wait comes back after [`REMOTE_POLL_MS`] at the latest. And where
//! the user's inotify instances or watches are used up, or an owner can be seen but not waited for, it comes back after
//! [`POLL_MS`].

use std::{
    cell::{Cell, LazyCell, RefCell},
    num::NonZeroU32,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    time::Duration,
};

use lockwright_kernel::{
    blocking::World,
    chance::Chance,
    check_bid_check::Bidder,
    clock::{Clock, Instant},
    fs::{FsError, Halted},
    id::Id,
    path::Path,
    policies::lease::Notebook,
    watch::{Wake, Watch, WatchId},
};
use nix::{
    errno::Errno,
    poll::{PollFd, PollFlags, ppoll},
    sys::{
        time::TimeSpec,
        timerfd::{ClockId as TimerClock, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags},
    },
    time::{ClockId, clock_gettime},
};

use self::notes::{Aspect, Notes};
use crate::{
    fs::PosixFs,
    lock::Seen,
    probe::{Look, ProcProbe},
};

mod notes;

/// The longest wait where the system cannot say that something happened, in milliseconds.
pub const POLL_MS: u64 = 250;

/// The longest wait on a file system that others write to as well, in milliseconds.
pub const REMOTE_POLL_MS: u64 = 1000;

/// The shortest wait that ends since a lease is to be looked at, in milliseconds.
const LEASE_LOOK_MS_MIN: u64 = 20;

/// The latest deadline that a timer is set for, in seconds after boot. Later ones do not come.
const DEADLINE_SECONDS_MAX: u64 = 1 << 32;

/// The world in which one caller waits for locks on one file system. Costs nothing until there is something to wait for.
#[derive(Debug)]
pub struct PosixWorld {
    fs: PosixFs,
    probe: ProcProbe,
    notes: RefCell<Notes>,
    interrupt: Option<OwnedFd>,
    stopped_by_deaths: bool,
    /// It was a death that interrupted the last wait, and nobody has been told so.
    was_stopped: Cell<bool>,
    /// Whose death ends a wait beside that of the one who is waited for.
    mourned: RefCell<Vec<Mortal>>,
    held: RefCell<Held>,
    line: RefCell<InLine>,
    /// The leases of owners that may be waited for.
    seen: Seen,
    chance: LazyCell<RefCell<fastrand::Rng>>,
}

/// Somebody whose death ends a wait.
#[derive(Clone, Debug)]
pub(crate) enum Mortal {
    Owner(Id),
    Bidder(Bidder),
}

/// Where the caller holds something while it waits.
#[derive(Debug, Default)]
struct Held {
    watches: Vec<WatchId>,
    /// Others write there who are not seen.
    is_remote: bool,
}

/// Where the caller stands in line, if it wants to hear of it.
#[derive(Debug, Default)]
struct InLine {
    listens: bool,
    at: Option<(PosixFs, Path)>,
    watch: Option<WatchId>,
    /// It was to look there, and has not been told so.
    has_news: bool,
}

/// What ended a poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    Interrupt,
    Directory,
    OwnerEnded,
    Time,
}

impl PosixWorld {
    /// The world around `fs`.
    #[must_use]
    pub fn new(fs: &PosixFs) -> Self {
        Self::with_probe(fs, ProcProbe::new(fs))
    }

    /// The world around `fs`, whose owners `probe` tells apart.
    pub(crate) fn with_probe(fs: &PosixFs, probe: ProcProbe) -> Self {
        Self {
            fs: fs.clone(),
            probe,
            notes: RefCell::default(),
            interrupt: None,
            stopped_by_deaths: false,
            was_stopped: Cell::default(),
            mourned: RefCell::default(),
            held: RefCell::default(),
            line: RefCell::default(),
            seen: Seen::default(),
            chance: LazyCell::new(own_generator),
        }
    }

    /// The same, where a wait ends with [`Wake::Interrupted`] while `fd` is readable: a signalfd, or a pipe. Nothing is
    /// read from it.
    #[must_use]
    pub fn interrupted_by(self, fd: OwnedFd) -> Self {
        let interrupt = Some(fd);
        Self { interrupt, ..self }
    }

    /// The same, where a wait ends with [`Wake::Interrupted`] when an owner that is waited for is dead: for those who take
    /// nothing from the dead, and would wait for ever.
    pub(crate) fn stopped_by_deaths(self) -> Self {
        Self { stopped_by_deaths: true, ..self }
    }

    /// In a world that is stopped by deaths, a wait ends as well when one of these is dead, instead of those before.
    pub(crate) fn mourn(&self, others: Vec<Mortal>) {
        self.mourned.replace(others);
    }

    /// Whether waits end when an owner is dead.
    pub(crate) fn is_stopped_by_deaths(&self) -> bool {
        self.stopped_by_deaths
    }

    /// Whether it was a death that interrupted the last wait.
    pub(crate) fn take_death(&self) -> bool {
        self.was_stopped.take()
    }

    /// The same, where a wait for the death of somebody also comes back when its lease is to be looked at, as `seen` has it.
    pub(crate) fn seeing(self, seen: Seen) -> Self {
        Self { seen, ..self }
    }

    /// The deadline `wait` from now.
    #[must_use]
    pub fn after(&self, wait: Duration) -> Instant {
        boot_time().saturating_add(wait)
    }

    /// Waits until the owner of an id is dead, until `until` at most. It may come back [`Wake::Changed`] without a cause, and
    /// does not come back for the death of one that cannot be seen from here.
    ///
    /// # Errors
    ///
    /// [`Halted`] never, as of every wait in the real world.
    pub fn wait_for_death(&self, owner: &Id, until: Option<Instant>) -> Result<Wake, Halted> {
        self.wait_any(&[], &[Mortal::Owner(owner.clone())], until)
    }

    fn is_interrupted(&self) -> bool {
        let Some(interrupt) = &self.interrupt else {
            return false;
        };
        let mut fds = [PollFd::new(interrupt.as_fd(), PollFlags::POLLIN)];
        let at_once = Some(TimeSpec::from_duration(Duration::ZERO));
        ppoll(&mut fds, at_once, None).is_ok_and(|ready| ready > 0)
    }

    /// From now on a wait ends with [`Wake::Interrupted`] when something has changed at one of these watches, instead of those
    /// before; on a file system that others write to as well, each [`REMOTE_POLL_MS`].
    pub(crate) fn interrupt_at(&self, watches: Vec<WatchId>, is_remote: bool) {
        self.held.replace(Held { watches, is_remote });
    }

    /// A wait is not interrupted any more by what happens where others are held; see
    /// [`Guard::loss_while_waiting`](crate::lock::Guard::loss_while_waiting).
    pub fn forget_holds(&self) {
        self.held.take();
    }

    /// Whether a wait ends with [`Wake::Interrupted`] when something may have changed where the caller [stands](Self::stand_at) in line.
    pub(crate) fn listen_in_line(&self, listens: bool) {
        self.line.replace(InLine { listens, ..InLine::default() });
    }

    /// The caller stands in line at that place.
    pub(crate) fn stand_at(&self, fs: &PosixFs, place: &Path) {
        let mut line = self.line.borrow_mut();
        if line.listens && line.at.as_ref().is_none_or(|(_, known)| known != place) {
            line.at = Some((fs.clone(), place.clone()));
        }
    }

    /// Whether it was that which interrupted the last wait.
    pub(crate) fn take_news_in_line(&self) -> bool {
        std::mem::take(&mut self.line.borrow_mut().has_news)
    }

    fn has_news_in_line(&self, notes: &mut Notes) -> bool {
        let mut line = self.line.borrow_mut();
        let Some((fs, place)) = line.at.clone() else { return false };
        let has_news = line.watch.is_none_or(|watch| notes.is_elsewhere(watch) || notes.changed(watch));
        if has_news {
            // What was before the first watch is looked for as well. Who is in line no more is told so at its turn.
            line.watch = notes.watch(&fs, &place, Aspect::Entries).ok();
            line.at = line.at.take().filter(|_| line.watch.is_some());
            line.has_news = true;
        }
        has_news
    }

    /// [`Watch::watch`] on a file system that is as local as that of this world, but may be another.
    pub(crate) fn watch_in(&self, fs: &PosixFs, dir: &Path) -> Result<WatchId, FsError> {
        self.notes.borrow_mut().watch(fs, dir, Aspect::Entries)
    }

    /// Watches for the moment when another directory stands there, or none.
    pub(crate) fn watch_place_in(&self, fs: &PosixFs, dir: &Path) -> Result<WatchId, FsError> {
        self.notes.borrow_mut().watch(fs, dir, Aspect::Place)
    }

    pub(crate) fn is_past(&self, until: Option<Instant>) -> Result<bool, Halted> {
        Ok(match until {
            Some(until) => self.now()? >= until,
            None => false,
        })
    }

    /// [`Watch::wait`] for several watches and several deaths at once: whichever comes first.
    pub(crate) fn wait_any(
        &self,
        watches: &[WatchId],
        deaths: &[Mortal],
        until: Option<Instant>,
    ) -> Result<Wake, Halted> {
        // Neither after each change, or a lock that changes hands all the time would make them late.
        if self.is_interrupted() {
            return Ok(Wake::Interrupted);
        }
        if self.is_past(until)? {
            return Ok(Wake::TimedOut);
        }
        let (mut notes, held) = (self.notes.borrow_mut(), self.held.borrow());
        if held.watches.iter().any(|watch| notes.is_elsewhere(*watch)) || self.has_news_in_line(&mut notes) {
            return Ok(Wake::Interrupted);
        }
        if watches.iter().any(|watch| notes.is_elsewhere(*watch)) {
            return Ok(Wake::Changed);
        }
        loop {
            notes.read();
            if watches.iter().any(|watch| notes.changed(*watch)) {
                return Ok(Wake::Changed);
            }
            if held.watches.iter().any(|watch| notes.changed(*watch)) || self.has_news_in_line(&mut notes) {
                return Ok(Wake::Interrupted);
            }
            let mourned = self.mourned.borrow();
            let mortals = deaths.iter().chain(&*mourned);
            let Some(keepers) = mortals.map(|mortal| self.keeper(mortal)).collect::<Option<Vec<_>>>() else {
                self.was_stopped.set(self.stopped_by_deaths);
                return Ok(if self.stopped_by_deaths { Wake::Interrupted } else { Wake::Changed });
            };
            let end = match self.bound(watches, &keepers, &held) {
                Some(bound) => {
                    let bound = self.now()?.saturating_add(bound);
                    Some(until.map_or(bound, |until| until.min(bound)))
                }
                None => until,
            };
            let end = [end, self.lease_look(deaths)?].into_iter().flatten().min();
            // What other watches have to tell stays unread, and would wake this wait again and again.
            let directory = notes.handle().filter(|_| !watches.is_empty() || !held.watches.is_empty());
            match self.poll(directory, &keepers, end) {
                Event::Directory | Event::OwnerEnded => {}
                Event::Interrupt => return Ok(Wake::Interrupted),
                Event::Time if self.is_past(until)? => return Ok(Wake::TimedOut),
                Event::Time if !held.watches.is_empty() => return Ok(Wake::Interrupted),
                Event::Time if self.line.borrow().at.is_some() => {
                    self.line.borrow_mut().has_news = true;
                    return Ok(Wake::Interrupted);
                }
                Event::Time => return Ok(Wake::Changed),
            }
        }
    }

    /// When to look at the leases of these again.
    fn lease_look(&self, owners: &[Mortal]) -> Result<Option<Instant>, Halted> {
        let look_at = |owner: &Mortal| match owner {
            Mortal::Owner(id) => self.seen.with(|seen| seen.look_at(id)),
            Mortal::Bidder(_) => None,
        };
        let Some(first) = owners.iter().filter_map(look_at).min() else { return Ok(None) };
        // Whoever waits without looking at leases is not kept busy by one that is over.
        Ok(Some(first.max(self.now()?.saturating_add(Duration::from_millis(LEASE_LOOK_MS_MIN)))))
    }

    pub(crate) fn is_dead(&self, mortal: &Mortal) -> bool {
        let look = match mortal {
            Mortal::Owner(id) => self.probe.look(id),
            Mortal::Bidder(bidder) => self.probe.look_at_bidder(bidder),
        };
        look == Look::Dead
    }

    /// Opens a handle for the end of whoever keeps an owner alive; `None` when it is dead.
    fn keeper(&self, mortal: &Mortal) -> Option<Keeper> {
        loop {
            let look = match mortal {
                Mortal::Owner(id) => self.probe.look(id),
                Mortal::Bidder(bidder) => self.probe.look_at_bidder(bidder),
            };
            match look {
                Look::Dead => return None,
                Look::Unseen => return Some(Keeper::Unseen),
                Look::Seen(None) => return Some(Keeper::Unwaitable),
                Look::Seen(Some(seen)) => match seen.end() {
                    Ok(Some(handle)) => return Some(Keeper::Process(handle)),
                    Ok(None) => {} // It ended after the look. Who is left?
                    Err(_) => return Some(Keeper::Unwaitable),
                },
            }
        }
    }

    /// How long a wait may take without an event that comes for certain.
    fn bound(&self, watches: &[WatchId], keepers: &[Keeper], held: &Held) -> Option<Duration> {
        let mine = self.line.borrow().watch;
        let blind = watches.iter().chain(&held.watches).chain(&mine).any(|watch| Notes::is_blind(*watch));
        if blind || keepers.iter().any(|keeper| matches!(keeper, Keeper::Unwaitable)) {
            return Some(Duration::from_millis(POLL_MS));
        }
        (held.is_remote || !self.probe.is_local()).then_some(Duration::from_millis(REMOTE_POLL_MS))
    }

    fn poll(&self, directory: Option<BorrowedFd<'_>>, keepers: &[Keeper], until: Option<Instant>) -> Event {
        let timer = match until.map(timer).transpose() {
            Ok(timer) => timer.flatten(),
            // Without a timer the deadline cannot be waited for, only looked at again and again.
            Err(_) => return nap(),
        };
        let owners = keepers.iter().map(|keeper| match keeper {
            Keeper::Process(handle) => (Event::OwnerEnded, Some(handle.as_fd())),
            _ => (Event::OwnerEnded, None),
        });
        let interrupt = self.interrupt.as_ref().map(AsFd::as_fd);
        let (events, mut fds): (Vec<_>, Vec<_>) = [(Event::Interrupt, interrupt), (Event::Directory, directory)]
            .into_iter()
            .chain(owners)
            .chain([(Event::Time, timer.as_ref().map(AsFd::as_fd))])
            .filter_map(|(event, fd)| Some((event, PollFd::new(fd?, PollFlags::POLLIN))))
            .unzip();
        loop {
            match ppoll(&mut fds, None, None) {
                Ok(_) => {}
                Err(Errno::EINTR) => continue,
                Err(_) => return nap(),
            }
            let ready = fds.iter().position(|fd| fd.any() != Some(false));
            if let Some(index) = ready {
                return events[index];
            }
        }
    }
}

fn own_generator() -> RefCell<fastrand::Rng> {
    let mut chance = fastrand::Rng::new();
    // Forked processes inherit the generator that the line above drew from, and are to choose apart.
    chance.seed(chance.get_seed() ^ u64::from(std::process::id()).rotate_left(32));
    RefCell::new(chance)
}

/// The way out when the system has no room for a timer or for waiting.
fn nap() -> Event {
    std::thread::sleep(Duration::from_millis(POLL_MS));
    Event::Time
}

/// The clock on which deadlines and leases are measured: it goes on while the machine sleeps, and nobody sets it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BootTime;

impl Clock for BootTime {
    fn now(&self) -> Result<Instant, Halted> {
        Ok(boot_time())
    }
}

fn boot_time() -> Instant {
    // Every Linux that this crate runs on has this clock. Were there none, no deadline would be in the future.
    let now = clock_gettime(ClockId::CLOCK_BOOTTIME);
    Instant::new(now.map_or(Duration::MAX, Duration::from))
}

/// Whose end would be news.
#[derive(Debug)]
enum Keeper {
    Process(OwnedFd),
    /// Somebody who can be seen and not waited for.
    Unwaitable,
    /// Nobody that can be seen from here.
    Unseen,
}

/// A timer that goes off at `until`, or none when that is too far away to come.
fn timer(until: Instant) -> nix::Result<Option<TimerFd>> {
    // All zero would mean never.
    let until = until.since_start().max(Duration::from_nanos(1));
    if until.as_secs() > DEADLINE_SECONDS_MAX {
        return Ok(None);
    }
    let flags = TimerFlags::TFD_CLOEXEC | TimerFlags::TFD_NONBLOCK;
    let timer = TimerFd::new(TimerClock::CLOCK_BOOTTIME, flags)?;
    let until = Expiration::OneShot(TimeSpec::from_duration(until));
    timer.set(until, TimerSetTimeFlags::TFD_TIMER_ABSTIME)?;
    Ok(Some(timer))
}

impl Watch for PosixWorld {
    fn watch(&self, dir: &Path) -> Result<WatchId, FsError> {
        self.watch_in(&self.fs, dir)
    }

    fn wait(&self, watch: WatchId, owner: Option<&Id>, until: Option<Instant>) -> Result<Wake, Halted> {
        let death = owner.map(|owner| Mortal::Owner(owner.clone()));
        self.wait_any(&[watch], death.as_slice(), until)
    }
}

impl Clock for PosixWorld {
    fn now(&self) -> Result<Instant, Halted> {
        Ok(boot_time())
    }
}

impl Chance for PosixWorld {
    fn below(&self, bound: NonZeroU32) -> Result<u32, Halted> {
        Ok(self.chance.borrow_mut().u32(..bound.get()))
    }
}

impl World for PosixWorld {
    fn pause(&self, until: Instant) -> Result<Wake, Halted> {
        Ok(match self.poll(None, &[], Some(until)) {
            Event::Interrupt => Wake::Interrupted,
            _ => Wake::Changed,
        })
    }
}
