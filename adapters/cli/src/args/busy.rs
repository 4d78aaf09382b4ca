//! What is to happen when somebody has the lock.

use crate::exit::{Failure, USAGE};

use super::WantArgs;

/// What is to happen when somebody has the lock.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub(crate) struct BusyArgs {
    /// The exit code when the lock was not acquired, in place of 75.
    #[arg(short = 'E', long, value_name = "N")]
    pub(crate) conflict_exit_code: Option<u8>,
    /// When somebody has the lock: wait for it; fail, as --nonblock does; skip CMD and exit with 0, which says who has it; or
    /// replace the holder, which is broken as by `break` and has 10 s to end.
    #[arg(long, value_name = "WHAT", value_enum, default_value = "wait", conflicts_with = "nonblock")]
    pub(crate) if_busy: IfBusy,
}

/// What who finds the lock held is to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum IfBusy {
    #[default]
    Wait,
    Fail,
    Skip,
    Replace,
}

impl BusyArgs {
    /// Refuses what cannot be meant together, and gives what to want.
    pub(crate) fn want(self, want: &WantArgs) -> Result<WantArgs, Failure> {
        let refused = |what: &str| Err(Failure::new(USAGE, format!("{what}; see lockwright run --help")));
        let at_once = matches!(self.if_busy, IfBusy::Fail | IfBusy::Skip);
        if at_once && want.wait.is_some() {
            return refused("--wait is for those who wait: say it without --if-busy, or with replace");
        }
        if self.if_busy == IfBusy::Skip && self.conflict_exit_code.is_some() {
            return refused("--if-busy=skip exits with 0, so there is no --conflict-exit-code");
        }
        let mut want = want.clone();
        want.nonblock |= at_once;
        // Whoever skips is told of the holder in any case.
        want.quiet &= self.if_busy != IfBusy::Skip;
        Ok(want)
    }
}
