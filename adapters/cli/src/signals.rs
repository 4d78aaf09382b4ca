//! The signals that a supervisor takes in, as events in one queue.

use std::{
    cell::Cell,
    io,
    mem::MaybeUninit,
    os::fd::{AsFd, OwnedFd},
    ptr,
    time::Duration,
};

use nix::{
    errno::Errno,
    libc,
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
        // To ignore the end of children, as a caller may have had it, is to never learn how they ended.
        by_default(Signal::SIGCHLD)?;
        let mut queued = SigSet::from(Signal::SIGCHLD);
        for signal in PASSED_ON {
            if !is_ignored(signal)? {
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

/// Whether this process was started to ignore that signal.
#[expect(unsafe_code, reason = "the safe call sets a handler, and does not only ask")]
fn is_ignored(signal: Signal) -> io::Result<bool> {
    let mut now = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: nothing is set, and where the call succeeds it has written all of the answer. Zeros are a value of it in any case.
    let now = unsafe {
        Errno::result(libc::sigaction(signal as libc::c_int, ptr::null(), now.as_mut_ptr()))?;
        now.assume_init()
    };
    Ok(now.sa_sigaction == libc::SIG_IGN)
}

/// Has the system do with a signal what it does by itself.
#[expect(unsafe_code, reason = "the system call takes handlers too")]
pub(crate) fn by_default(what: Signal) -> io::Result<()> {
    // SAFETY: no handler is installed, and none was: exec has reset them, and this program installs none.
    unsafe { signal(what, SigHandler::SigDfl) }?;
    Ok(())
}
