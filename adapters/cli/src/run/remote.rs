//! Holds a lock of a daemon while a command runs.
//!
//! The lock belongs to this process's connection, and ends with it. So the steps are those of [`super`], but for two:
//!
//! * TAKE: connect, say hello, and wait in the daemon's line.
//! * WATCH: the lock is lost when the connection is, or when the daemon gives no sign of life in time.
//!
//! The connection is no other process's: the command does not inherit it. If this process is killed, the kernel closes the
//! connection and kills the command, in no promised order; what the command had started may go on without the lock, for
//! nothing but this process stands for it at the daemon.

use std::{
    ffi::OsStr,
    os::fd::AsFd,
    time::{Duration, Instant},
};

use lockwright_kernel::{id::Id, token::Token};
use lockwright_posix::lock::Kind;
use lockwright_tcp::{
    address::{Address, Daemon},
    client::{Client, ClientError, Guard, Pause, Vigil, Why},
};
use nix::sys::signal::Signal;

use super::{
    acquire::{NOT_RUN, heed_waiting},
    child::{HeldBack, Running, Task, Told},
    report::{Fate, Report},
    supervise::heed,
    terminal,
};
use crate::{
    args::{IfBusy, OnLost, RunArgs, WantArgs},
    around::Around,
    daemon::{CONNECT_WAIT, unavailable},
    events::{self, Event, Shown, Voice},
    exit::{BUSY, Failure, LOST, SELF_NESTED, TOO_LONG, UNAVAILABLE, USAGE, failed, say},
    signals::Signals,
    text::shown_path,
};

/// A lock that is held, and what its holder is called.
struct Taken {
    guard: Guard,
    id: Id,
}

/// How a command came to its end.
struct Outcome {
    code: u8,
    fate: Fate,
}

/// Why a command is stopped.
enum Cause {
    Lost(ClientError),
    TooLong(Duration),
}

/// Runs the command under the lock, and answers with the exit code.
pub(super) fn run(address: &Address, args: &RunArgs, want: &WantArgs, report: &mut Report) -> Result<u8, Failure> {
    refuse(args, want)?;
    let shown = shown_path(&want.lock);
    let signals = Signals::block().map_err(failed("cannot block signals"))?; // 1 BLOCK
    let (command, mut around) = (args.command(), Around::this_process());
    let voice = want.voice;
    let task = Task { command: &command, lock: &want.lock, mode: want.kind, voice, foreground: args.foreground };
    let child = HeldBack::fork(&task, &signals).map_err(failed("cannot start a process"))?; // 2 FORK
    let taken = match take(address, want, &child, &signals, &around) {
        Ok(taken) => taken, // 3 TAKE
        Err(failure) => {
            child.let_go();
            return Err(failure);
        }
    };
    let Taken { mut guard, id } = taken;
    let fence = guard.fence().and_then(Token::new).filter(|_| args.fence);
    if args.fence && fence.is_none() {
        child.let_go();
        return Err(Failure::new(UNAVAILABLE, format!("{shown}: this daemon gives no numbers{NOT_RUN}")));
    }
    let waited = report.acquired(fence.map(Into::into));
    let tell = |what: &str| {
        if args.report.verbose {
            say(&format!("{shown}: {what}"));
        }
    };
    tell(&format!("held as {id}, after {:.3} s", waited.as_secs_f64()));
    let lock = || Shown(&want.lock);
    voice.tell(&Event::Acquired { lock: lock(), id: events::text(&id), waited_ms: events::millis(waited) });
    around.push(&id, &want.lock);
    terminal::hand_over(child.group());
    let command = child.go(&Told { id: &id, around: &around, fence, slot: None }); // 4 GO
    let say_cause = |cause: &Cause, then: &str| match cause {
        Cause::Lost(error) => {
            voice.tell(&Event::Lost { lock: lock(), id: events::text(&id), gone: true, by: None, reason: None });
            voice.say(&format!("{shown}: {error}; {then}"));
        }
        Cause::TooLong(hold) => {
            voice.tell(&Event::TooLong { held_ms: events::millis(*hold) });
            voice.say(&format!("{shown}: held for {hold:?}, which is all it was to be; {then}"));
        }
    };
    let outcome = watch(&mut guard, &command, &signals, args, say_cause); // 5 WATCH
    let outcome = outcome.inspect_err(|_| command.signal(Signal::SIGKILL)).map_err(failed("cannot watch the command"));
    terminal::take_back(command.group());
    let Outcome { code, fate } = outcome?;
    let (child, held) = (command.ended().ok().flatten(), report.held());
    voice.tell(&Event::Ended { child });
    let (code, fate) = match (fate, guard.unlock()) {
        (Fate::Lost, _) => (code, fate),
        (_, Ok(_)) => {
            let held_ms = events::millis(held);
            voice.tell(&Event::Released { lock: lock(), id: events::text(&id), held_ms });
            (code, Fate::Released) // 6 RELEASE
        }
        (_, Err(error)) => {
            voice.tell(&Event::Lost { lock: lock(), id: events::text(&id), gone: true, by: None, reason: None });
            voice.say(&format!("{shown}: {error}, before the command had ended"));
            (LOST, Fate::Lost)
        }
    };
    report.ended(child, fate, held);
    tell(&format!("held no more, after {:.3} s", held.as_secs_f64()));
    Ok(code)
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
        () if args.reentrant => refused("--reentrant is for locks on a file system"),
        () if want.shared_with.is_some() || want.unverified => {
            refused("--shared-with and --unverified are for locks on a file system")
        }
        () if args.note.why.is_some() || args.note.who.is_some() => refused("a daemon keeps no notes"),
        () => Ok(()),
    }
}

fn take(
    address: &Address,
    want: &WantArgs,
    child: &HeldBack,
    signals: &Signals,
    around: &Around,
) -> Result<Taken, Failure> {
    let lost = |error: &ClientError| unavailable(address, error).ending(NOT_RUN);
    let mut client = Client::connect(&address.daemon, CONNECT_WAIT).map_err(|error| lost(&error))?;
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
    let handle = signals.handle().map_err(failed("cannot wait for signals"))?;
    let patience = if want.nonblock { Some(Duration::ZERO) } else { want.wait };
    let (mut failure, begun) = (None, Instant::now());
    let answer = client.lock_unless(&address.name, patience, Some(handle.as_fd()), |pause| match pause {
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
        Ok(Ok(guard)) => Ok(Taken { guard, id }),
        Ok(Err(refusal)) => Err(busy(address, want, *refusal)),
        Err(error) => Err(failure.unwrap_or_else(|| lost(&error))),
    }
}

fn busy(address: &Address, want: &WantArgs, refusal: lockwright_tcp::client::Refusal) -> Failure {
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

/// Watches the command and the connection, until the command has ended.
fn watch(
    guard: &mut Guard,
    command: &Running,
    signals: &Signals,
    args: &RunArgs,
    say_cause: impl Fn(&Cause, &str),
) -> std::io::Result<Outcome> {
    let stop = &args.stop;
    let until = stop.max_hold.map(|hold| Instant::now() + hold);
    let handle = signals.handle()?;
    let lost = loop {
        match guard.watch(until, Some(handle.as_fd())) {
            Vigil::Interrupted => {
                if let Some(code) = heed(command, signals)? {
                    return Ok(Outcome { code, fate: Fate::Released });
                }
            }
            Vigil::Lost(error) => break Some(error),
            Vigil::TimedOut => break None,
        }
    };
    if let Some(code) = command.ended()? {
        let fate = if lost.is_some() { Fate::Lost } else { Fate::Released };
        return Ok(Outcome { code: if lost.is_some() { LOST } else { code }, fate });
    }
    let goes_on = lost.is_some() && stop.on_lost == OnLost::Warn;
    let then = if goes_on { "the command goes on, without the lock" } else { "stopping the command" };
    let is_lost = lost.is_some();
    say_cause(&lost.map_or_else(|| Cause::TooLong(stop.max_hold.unwrap_or_default()), Cause::Lost), then);
    if !(goes_on && until_end(command, signals, until)?) {
        let signal = match stop.on_lost {
            OnLost::Kill if is_lost => Signal::SIGKILL,
            _ => stop.signal,
        };
        end(command, signals, signal, stop.kill_after)?;
    }
    Ok(if is_lost {
        Outcome { code: LOST, fate: Fate::Lost }
    } else {
        Outcome { code: TOO_LONG, fate: Fate::Released }
    })
}

/// Ends the command, and what is left of its group.
fn end(command: &Running, signals: &Signals, signal: Signal, kill_after: Duration) -> std::io::Result<()> {
    command.signal(signal);
    // One that is stopped would take it later.
    command.signal(Signal::SIGCONT);
    if !until_end(command, signals, Some(Instant::now() + kill_after))? {
        command.signal(Signal::SIGKILL);
        until_end(command, signals, None)?;
    }
    command.signal(Signal::SIGKILL);
    Ok(())
}

/// Waits for the command's end; `false` when `until` came first.
fn until_end(command: &Running, signals: &Signals, until: Option<Instant>) -> std::io::Result<bool> {
    loop {
        if heed(command, signals)?.is_some() || command.ended()?.is_some() {
            return Ok(true);
        }
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        if left == Some(Duration::ZERO) {
            return Ok(false);
        }
        signals.wait(left)?;
    }
}

/// What a holder is called here: as the daemon calls it, and which daemon that is.
fn id(from: &str, daemon: &Daemon) -> Id {
    let text = id_text(from, daemon);
    text.parse().unwrap_or_else(|_| unreachable!("it is one word without a slash"))
}

fn id_text(from: &str, daemon: &Daemon) -> String {
    let daemon: &OsStr = match daemon {
        Daemon::Tcp(host) => host.as_ref(),
        Daemon::Unix(path) => path.as_os_str(),
    };
    let text = format!("{from}@{}", daemon.display());
    text.chars().map(|c| if c.is_ascii_alphanumeric() || ".:-[]@".contains(c) { c } else { '_' }).collect()
}
