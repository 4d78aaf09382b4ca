//! `lockwright wait`: comes back once a newcomer would be let in, and takes nothing.

use std::{cell::Cell, process::ExitCode, time::Instant};

use lockwright_posix::lock::AcquireErrorKind;

use super::{Patience, Waiter};
use crate::{
    args::WaitArgs,
    daemon,
    events::Voice,
    exit::{Failure, OTHER_KIND},
    look,
};

/// Code 0 says that there was room a moment ago.
pub(crate) fn wait(args: &WaitArgs) -> Result<ExitCode, Failure> {
    if let Some(address) = daemon::address(&args.lock) {
        return daemon::wait(&address?, args);
    }
    let begun = Instant::now();
    loop {
        let wait = args.wait.map(|wait| wait.saturating_sub(begun.elapsed()));
        let patience = Patience { wait, nonblock: args.nonblock, quiet: args.quiet, voice: Voice::Text, ending: "" };
        let (lock, _) = look::open(&args.lock, args.kind)?;
        let world = lock.world();
        let mut other = false;
        let waited = patience.wait_in(
            &world,
            &Waiter { lock: &lock, me: None, number: Cell::new(None) },
            |until| {
                let answer = lock.wait_for_room(&world, until);
                other = matches!(&answer, Err(error) if matches!(error.kind(), AcquireErrorKind::OtherKind { .. }));
                answer
            },
            || Ok(()),
        );
        match waited {
            Ok(()) => return Ok(ExitCode::SUCCESS),
            // Whatever stands there now is waited for.
            Err(failure) if failure.code() == OTHER_KIND && other && args.kind.is_none() => {}
            Err(failure) => return Err(failure),
        }
    }
}
