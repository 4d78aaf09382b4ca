//! Holds a lock of a daemon while a command runs.
//!
//! The lock belongs to a connection, and ends with it. So the steps are those of [`super`], but for these:
//!
//! * CONNECT, before the FORK, so that the command has the connection as well.
//! * TAKE: say hello, and wait in the daemon's line.
//! * WATCH: the lock is lost when the connection is. It is held on a lease, where the daemon wants signs of life: each answer
//!   renews it, and without one the command is dead before the daemon gives the lock to others; see [`tenure`](super::tenure).
//! * RELEASE, and end the connection, also for what the command left running.
//!
//! *If this process is killed*, the kernel closes what it has open before it kills the command. So it is the command's
//! share of the connection that keeps the lock until the command is dead. What it had started and left in its group has until
//! the daemon has waited for a sign of life, which nobody gives any more: by then the guardian kills it, and until then the
//! guardian's share keeps the lock. What has left the group as well runs on without.

use std::{
    cell::{Cell, RefCell},
    ffi::OsStr,
    os::fd::{AsFd, OwnedFd},
    path::Path,
    time::{Duration, Instant},
};

use lockwright_kernel::{
    clock::Instant as Moment,
    fs::Halted,
    id::Id,
    lock::LockError,
    probe::{Liveness, Probe},
    token::Token,
};
use lockwright_posix::{
    fs::PosixFs,
    lock::{Kind, Loss, RenewError, Vigil},
    probe::ProcProbe,
    process::ThisProcess,
    watch::PosixWorld,
};
use lockwright_tcp::{
    address::{Address, Daemon},
    client::{self, Client, ClientError, Guard, Pause, Why},
};

use super::{
    acquire::{NOT_RUN, heed_waiting},
    child::{HeldBack, Task, Told},
    descendants::Others,
    ending,
    report::{Fate, Report},
    supervise::{self, Cause, Hold, Means, Outcome},
    tenure::{Leased, Span},
};
use crate::{
    args::{IfBusy, OnLost, Recover, RunArgs, WantArgs},
    around::Around,
    daemon::{CONNECT_WAIT, unavailable},
    events::{self, Event, Shown, Voice},
    exit::{BUSY, Failure, SELF_NESTED, UNAVAILABLE, USAGE, failed, say},
    signals::Signals,
    text::shown_path,
};

/// Runs the command under the lock, and answers with the exit code.
pub(super) fn run(address: &Address, args: &RunArgs, want: &WantArgs, report: &mut Report) -> Result<u8, Failure> {
    refuse(args, want)?;
    let shown = shown_path(&want.lock);
    let signals = Signals::block().map_err(failed("cannot block signals"))?; // 1 BLOCK
    let others = Others::adopt().map_err(failed("cannot adopt what the command leaves behind"))?;
    let (command, mut around) = (args.command(), Around::this_process());
    let voice = want.voice;
    let task = Task { command: &command, lock: &want.lock, mode: want.kind, voice, foreground: args.foreground };
    let client = connect(address)?; // CONNECT
    let child = HeldBack::fork(&task, &signals).map_err(failed("cannot start a process"))?; // 2 FORK
    let held = match take((address, client), args, want, &child, &signals, &around) {
        Ok(held) => held, // 3 TAKE
        Err(failure) => {
            child.let_go();
            return Err(failure);
        }
    };
    let (id, fence) = (held.called.clone(), held.fence);
    let waited = report.acquired(fence.map(Into::into));
    let tell = |what: &str| {
        if args.report.verbose {
            say(&format!("{shown}: {what}"));
        }
    };
    tell(&format!("held as {id}, after {:.3} s", waited.as_secs_f64()));
    let waited_ms = events::millis(waited);
    voice.tell(&Event::Acquired { lock: Shown(&want.lock), id: events::text(&id), waited_ms });
    around.push(&id, &want.lock);
    let told = Told { id: &id, around: &around, fence, slot: None, expires: None };
    let leased = Some(&held as &dyn Leased).filter(|held| held.span().is_some());
    let means = Means { hold: &held, leased, world: &held.world, signals: &signals, stop: &args.stop, others: &others };
    let outcome = supervise::supervise(child, &told, means, |cause| held.say_cause(want, args.stop.on_lost, cause));
    let outcome = outcome.map_err(failed("cannot watch the command"))?; // 4 GO, 5 WATCH
    voice.tell(&Event::Ended { child: outcome.code });
    let kept = report.held();
    let (code, fate) = held.release(want, &outcome, kept); // 6 RELEASE
    report.ended(outcome.code, fate, kept);
    tell(&format!("held no more, after {:.3} s", kept.as_secs_f64()));
    Ok(code)
}

/// A lock that is held.
#[derive(Debug)]
struct Held {
    guard: RefCell<Guard>,
    /// What its holder is called here.
    called: Id,
    fence: Option<Token>,
    /// Names this process and the command's group.
    owner: Id,
    process: ThisProcess,
    world: PosixWorld,
    signals: OwnedFd,
    /// When the daemon was last sure to have it held, and what the clock of leases said then.
    sure: Cell<Option<(client::Sure, Moment)>>,
    /// How it was lost.
    error: RefCell<Option<ClientError>>,
}

impl Held {
    fn now(&self) -> Moment {
        self.world.after(Duration::ZERO)
    }

    fn lost(&self, error: ClientError) -> Loss {
        *self.error.borrow_mut() = Some(error);
        Loss { is_gone: true, order: None }
    }

    fn say_cause(&self, want: &WantArgs, on_lost: OnLost, cause: &Cause) {
        let shown = shown_path(&want.lock);
        let goes_on = matches!((cause, on_lost), (Cause::Lost(..) | Cause::NotRenewed(_), OnLost::Warn));
        let then = if goes_on { "the command goes on, without the lock" } else { "stopping the command" };
        match cause {
            Cause::Lost(..) | Cause::NotRenewed(_) => {
                self.tell_of_loss(want);
                let error = self.error.borrow();
                let why = error.as_ref().unwrap_or(&ClientError::NoAnswer);
                want.voice.say(&format!("{shown}: {why}; {then}"));
            }
            Cause::TooLong(hold) => {
                want.voice.tell(&Event::TooLong { held_ms: events::millis(*hold) });
                want.voice.say(&format!("{shown}: held for {hold:?}, which is all it was to be; {then}"));
            }
        }
    }

    fn tell_of_loss(&self, want: &WantArgs) {
        let (lock, id) = (Shown(&want.lock), events::text(&self.called));
        want.voice.tell(&Event::Lost { lock, id, gone: true, by: None, reason: None });
    }

    /// Gives it back, and says what became of it, unless that was said.
    fn release(self, want: &WantArgs, outcome: &Outcome, kept: Duration) -> (u8, Fate) {
        let is_known_lost = matches!(outcome.cause, Some(Cause::Lost(..) | Cause::NotRenewed(_)));
        let Self { guard, called, .. } = self;
        let (lock, id) = (Shown(&want.lock), events::text(&called));
        let released = guard.into_inner().unlock();
        match &released {
            _ if is_known_lost => {}
            Ok(_) => want.voice.tell(&Event::Released { lock, id, held_ms: events::millis(kept) }),
            Err(error) => {
                want.voice.tell(&Event::Lost { lock, id, gone: true, by: None, reason: None });
                let line = format!("{}: {error}, before the command had ended", shown_path(&want.lock));
                want.voice.say(&line);
            }
        }
        // A connection that is lost has lost what it held.
        ending::of_one(outcome, &released.map(drop).map_err(|_| LockError::NotOwner))
    }
}

impl Hold for Held {
    fn wait_for_loss(&self, world: &PosixWorld, until: Option<Moment>) -> Result<(Vigil, usize), LockError> {
        let left = |until: Moment| until.saturating_since(world.after(Duration::ZERO));
        // Later than there is time is never.
        let until = until.and_then(|until| Instant::now().checked_add(left(until)));
        let vigil = match self.guard.borrow_mut().watch(until, Some(self.signals.as_fd())) {
            client::Vigil::Lost(error) => Vigil::Lost(self.lost(error)),
            client::Vigil::TimedOut => Vigil::TimedOut,
            client::Vigil::Interrupted => Vigil::Interrupted,
        };
        Ok((vigil, 0))
    }

    fn id(&self) -> &Id {
        &self.owner
    }

    fn liveness(&self, id: &Id) -> Result<Liveness, Halted> {
        ProcProbe::shared().liveness(id)
    }

    fn this_process(&self) -> &ThisProcess {
        &self.process
    }
}

impl Leased for Held {
    fn span(&self) -> Option<Span> {
        let sure = self.guard.borrow().sure()?;
        let began = match self.sure.get() {
            // The other clock may have stopped meanwhile, as the machine slept.
            Some((known, began)) if known == sure => began,
            _ => Moment::new(self.now().since_start().saturating_sub(sure.since.elapsed())),
        };
        self.sure.set(Some((sure, began)));
        Some(Span { began, length: sure.silence })
    }

    fn renew(&self) -> Result<Option<Span>, RenewError> {
        let checked = self.guard.borrow_mut().check();
        checked.map_err(|error| {
            self.lost(error);
            RenewError::NotHeld
        })?;
        Ok(self.span().filter(|span| span.renew_at() > self.now()))
    }
}

/// What a daemon's locks cannot do is not silently left out.
fn refuse(args: &RunArgs, want: &WantArgs) -> Result<(), Failure> {
    let refused = |what: &str| Err(Failure::new(USAGE, format!("{}: {what}", shown_path(&want.lock))));
    match () {
        () if !matches!(want.kind, Kind::Fast | Kind::Queue) => refused(
            "a daemon's lock has one holder at a time, and who waits is in line: leave out --kind and its short forms",
        ),
        () if !args.also.is_empty() => refused("a daemon's lock is held alone: leave out --also"),
        () if args.busy.if_busy == IfBusy::Replace => refused("a daemon's lock is nobody's to break"),
        () if args.cut.cut => refused("a daemon keeps its line as they came: leave out --cut"),
        () if args.reentrant => refused("--reentrant is for locks on a file system"),
        () if want.shared_with.is_some() || want.unverified => {
            refused("--shared-with and --unverified are for locks on a file system")
        }
        () if args.lease.lease.is_some() || args.lease.require.is_some() => {
            refused("a daemon's lock ends with the connection: leave out --lease and --require")
        }
        () if args.lease.recover == Recover::Never => refused(
            "a daemon's lock ends with the connection, and no process takes it from another: leave out --recover",
        ),
        () if args.note.why.is_some() || args.note.who.is_some() => refused("a daemon keeps no notes"),
        () => Ok(()),
    }
}

fn connect(address: &Address) -> Result<Client, Failure> {
    let connected = Client::connect(&address.daemon, CONNECT_WAIT).and_then(|client| {
        client.share_with_children()?;
        Ok(client)
    });
    connected.map_err(|error| unavailable(address, &error).ending(NOT_RUN))
}

fn take(
    (address, mut client): (&Address, Client),
    args: &RunArgs,
    want: &WantArgs,
    child: &HeldBack,
    signals: &Signals,
    around: &Around,
) -> Result<Held, Failure> {
    let lost = |error: &ClientError| unavailable(address, error).ending(NOT_RUN);
    let hello = client.hello().map_err(|error| lost(&error))?;
    let from = hello.map_or_else(|| format!("pid-{}", std::process::id()), |hello| hello.from);
    let id = id(&from, &address.daemon);
    if !around.is_empty()
        && let Some(holder) = client.holder(&address.name).map_err(|error| lost(&error))?
        && around.contains(&self::id(&holder, &address.daemon))
    {
        let line = format!("{}: held around this command, which would wait for itself", shown_path(&want.lock));
        return Err(Failure::new(SELF_NESTED, line));
    }
    let process = ThisProcess::new().map_err(failed("cannot tell who this process is"))?;
    let owner = Id::from(&child.owner(&process).map_err(failed("cannot tell who the command is"))?);
    let handle = || signals.handle().map_err(failed("cannot wait for signals"));
    // What it waits for has nothing to do with a lock's directory.
    let fs = PosixFs::open(Path::new("/proc")).map_err(failed("cannot look at processes"))?;
    let (world, signalled) = (PosixWorld::new(&fs).interrupted_by(handle()?), handle()?);
    let guard = wait_in_line((address, client), want, child, signals, &signalled)?;
    let fence = guard.fence().and_then(Token::new).filter(|_| args.fence);
    if args.fence && fence.is_none() {
        let line = format!("{}: this daemon gives no numbers{NOT_RUN}", shown_path(&want.lock));
        return Err(Failure::new(UNAVAILABLE, line));
    }
    let (guard, sure, error) = (guard.into(), Cell::default(), RefCell::default());
    Ok(Held { guard, called: id, fence, owner, process, world, signals: signalled, sure, error })
}

fn wait_in_line(
    (address, client): (&Address, Client),
    want: &WantArgs,
    child: &HeldBack,
    signals: &Signals,
    signalled: &OwnedFd,
) -> Result<Guard, Failure> {
    let patience = if want.nonblock { Some(Duration::ZERO) } else { want.wait };
    let (mut failure, begun) = (None, Instant::now());
    let answer = client.lock_unless(&address.name, patience, Some(signalled.as_fd()), |pause| match pause {
        Pause::Interrupted => heed_waiting(child, signals).map_err(|error| {
            failure = Some(error);
            ClientError::Interrupted
        }),
        Pause::Long => {
            if want.voice == Voice::Json {
                let (lock, kind) = (Shown(&want.lock), want.kind.to_string());
                let waited_ms = events::millis(begun.elapsed());
                want.voice.tell(&Event::Waiting { lock, kind, ahead: None, holders: Vec::new(), waited_ms });
            } else if !want.quiet && !want.nonblock {
                say(&format!("waiting for {}", shown_path(&want.lock)));
            }
            Ok(())
        }
    });
    match answer {
        Ok(Ok(guard)) => Ok(guard),
        Ok(Err(refusal)) => Err(busy(address, want, *refusal)),
        Err(error) => Err(failure.unwrap_or_else(|| unavailable(address, &error).ending(NOT_RUN))),
    }
}

fn busy(address: &Address, want: &WantArgs, refusal: client::Refusal) -> Failure {
    if want.quiet {
        return Failure::quiet(BUSY);
    }
    let shown = shown_path(&want.lock);
    let what = match (&refusal.why, want.nonblock) {
        (Why::Busy, true) => "busy".to_owned(),
        (Why::Busy, false) => "not free in time".to_owned(),
        (why, _) => why.to_string(),
    };
    let mut client = refusal.client;
    let holder = client.holder(&address.name).ok().flatten();
    let lines = holder.map(|holder| format!("held by {holder}")).into_iter().collect();
    Failure::new(BUSY, format!("{shown}: {what}{NOT_RUN}")).with_lines(lines)
}

/// What a holder is called here: as the daemon calls it, and which daemon that is.
fn id(from: &str, daemon: &Daemon) -> Id {
    let text = id_text(from, daemon);
    text.parse().unwrap_or_else(|_| unreachable!("it is one word without a slash"))
}

fn id_text(from: &str, daemon: &Daemon) -> String {
    let daemon: &OsStr = match daemon {
        Daemon::Tcp(host) | Daemon::Tls(host) => host.as_ref(),
        Daemon::Unix(path) => path.as_os_str(),
    };
    let text = format!("{from}@{}", daemon.display());
    text.chars().map(|c| if c.is_ascii_alphanumeric() || ".:-[]@".contains(c) { c } else { '_' }).collect()
}
