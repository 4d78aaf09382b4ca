//! A command that tells stale ids from live ones, as a [`Probe`].
//!
//! It gets the id as its last argument and exits with 0 when the owner is stale, 1 when it is live, and more when that
//! cannot be told. What else becomes of it (it cannot be started, a signal ends it) tells nothing either.

use std::{ffi::OsString, process::Command};

use lockwright_kernel::{
    fs::Halted,
    id::Id,
    probe::{Liveness, Probe},
};

/// The command, with the arguments that go before the id. It inherits the caller's input and output.
///
/// ```
/// use lockwright_kernel::probe::{Liveness, Probe};
/// use lockwright_posix::lockers::checker::CommandProbe;
///
/// let checker = CommandProbe::new("test".into(), vec!["ann".into(), "=".into()]);
/// assert_eq!(checker.liveness(&"ann".parse()?), Ok(Liveness::Dead));
/// assert_eq!(checker.liveness(&"bob".parse()?), Ok(Liveness::Alive));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct CommandProbe {
    program: OsString,
    args: Vec<OsString>,
}

impl CommandProbe {
    /// The command `program` with `args`.
    #[must_use]
    pub fn new(program: OsString, args: Vec<OsString>) -> Self {
        Self { program, args }
    }
}

impl Probe for CommandProbe {
    fn liveness(&self, id: &Id) -> Result<Liveness, Halted> {
        let status = Command::new(&self.program).args(&self.args).arg(id.name().as_str()).status();
        Ok(match status.ok().and_then(|status| status.code()) {
            Some(0) => Liveness::Dead,
            Some(1) => Liveness::Alive,
            _ => Liveness::Unknown,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_neither_0_nor_1_is_unknown() {
        let verdict = |script: &str| {
            let probe = CommandProbe::new("sh".into(), vec!["-c".into(), script.into(), "sh".into()]);
            probe.liveness(&"-n a\nb".parse().expect("a name")).expect("no simulated world")
        };
        assert_eq!(verdict("exit 0"), Liveness::Dead);
        assert_eq!(verdict("exit 1"), Liveness::Alive);
        for script in ["exit 2", "exit 20", "exit 127", "exit 255", "kill -9 $$"] {
            assert_eq!(verdict(script), Liveness::Unknown, "{script}");
        }
        assert_eq!(verdict("test $# = 1 && test \"$1\" = \"-n a\nb\""), Liveness::Dead, "the id is one word");
        let missing = CommandProbe::new("/no/such/checker".into(), Vec::new());
        assert_eq!(missing.liveness(&"ann".parse().expect("a name")), Ok(Liveness::Unknown));
    }
}
