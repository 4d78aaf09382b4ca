//! The signals that a supervisor takes in, as events in one queue.

use std::{
    cell::Cell,
    fs::File,
    io::{self, Read},
    os::fd::{AsFd, OwnedFd},
    time::Duration,
};

use nix::{
    errno::Errno,
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::{
        signal::{SigHandler, SigSet, SigmaskHow, Signal, signal},
        signalfd::{SfdFlags, SignalFd},
    },
};

/// What is passed on to the command. Whatever the caller had ignored stays ignored, as `nohup` asks for.
const PASSED_ON: [Signal; 8] = [
    Signal::SIGHUP,
    Signal::SIGINT,
    Signal::SIGQUIT,
    Signal::SIGTERM,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
    Signal::SIGTSTP,
    Signal::SIGCONT,
];

/// What keys of a terminal send.
const KEYS: [Signal; 3] = [Signal::SIGINT, Signal::SIGQUIT, Signal::SIGTSTP];

/// The code of a signal that the kernel sends by itself (`SI_KERNEL`).
const OF_KERNEL: i32 = 0x80;

/// More than there is before the field that is read, in bytes.
const STATUS_BYTES: usize = 8192;

/// Signals, blocked and queued.
#[derive(Debug)]
pub(crate) struct Signals {
    queue: SignalFd,
    before: SigSet,
    /// Whether those of a terminal are told.
    of_terminal: Cell<bool>,
}

impl Signals {
    /// Blocks the signals that are passed on, and that of a child's change.
    pub(crate) fn block() -> io::Result<Self> {
        default_for_children()?;
        let ignored = ignored()?;
        let mut queued = SigSet::from(Signal::SIGCHLD);
        for signal in PASSED_ON {
            if ignored & 1 << (signal as u32 - 1) == 0 {
                queued.add(signal);
            }
        }
        // Taking the terminal back from the background would stop this process.
        let blocked = queued | SigSet::from(Signal::SIGTTOU);
        let before = blocked.thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
        let queue = SignalFd::with_flags(&queued, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?;
        Ok(Self { queue, before, of_terminal: Cell::new(true) })
    }

    /// The next signal that has come in, if any.
    pub(crate) fn next(&self) -> io::Result<Option<Signal>> {
        loop {
            match self.queue.read_signal() {
                Ok(Some(info)) => {
                    let signal = Signal::try_from(info.ssi_signo.cast_signed())?;
                    let of_terminal = info.ssi_code == OF_KERNEL && KEYS.contains(&signal);
                    if !of_terminal || self.of_terminal.get() {
                        return Ok(Some(signal));
                    }
                }
                Ok(None) | Err(Errno::EINTR) => return Ok(None),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// From now on what a terminal sends by its keys is not told: the command is in the same group, and gets it itself.
    pub(crate) fn leave_terminal(&self) {
        self.of_terminal.set(false);
    }

    /// Waits until there is a signal, for `at_most` so long: `true` when there is one.
    pub(crate) fn wait(&self, at_most: Option<Duration>) -> io::Result<bool> {
        let timeout = match at_most {
            Some(at_most) => PollTimeout::try_from(at_most.as_millis().saturating_add(1)).unwrap_or(PollTimeout::MAX),
            None => PollTimeout::NONE,
        };
        let mut fds = [PollFd::new(self.queue.as_fd(), PollFlags::POLLIN)];
        match poll(&mut fds, timeout) {
            Ok(ready) => Ok(ready > 0),
            Err(Errno::EINTR) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// A handle that is readable while a signal waits.
    pub(crate) fn handle(&self) -> io::Result<OwnedFd> {
        self.queue.as_fd().try_clone_to_owned()
    }

    /// Gives the calling process the mask that it was started with.
    pub(crate) fn unblock(&self) -> io::Result<()> {
        Ok(self.before.thread_set_mask()?)
    }
}

/// The signals that this process was started to ignore, signal `n` as bit `n - 1`.
fn ignored() -> io::Result<u64> {
    // In one piece: the kernel puts the whole text together for each call that asks for a part of it.
    let mut status = Vec::with_capacity(STATUS_BYTES);
    File::open("/proc/self/status")?.take(STATUS_BYTES as u64).read_to_end(&mut status)?;
    let status = String::from_utf8_lossy(&status);
    let field = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = field.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "/proc/self/status has no SigIgn"))
}

/// To ignore the end of children, as a caller may have had it, is to never learn how they ended.
#[expect(unsafe_code, reason = "the system call takes handlers too")]
fn default_for_children() -> io::Result<()> {
    // SAFETY: no handler is installed, and none was: exec has reset them, and this program installs none.
    unsafe { signal(Signal::SIGCHLD, SigHandler::SigDfl) }?;
    Ok(())
}
