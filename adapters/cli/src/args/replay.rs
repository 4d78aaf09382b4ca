//! What `replay` and `shrink` take.

use std::ffi::OsString;

#[derive(Debug, clap::Args)]
pub(crate) struct ReplayArgs {
    /// A token that `verify` printed, or a file that it wrote.
    #[arg(value_name = "TOKEN|FILE")]
    pub(crate) run: OsString,
    /// Run it although it is of other code, as far as it goes.
    #[arg(long)]
    pub(crate) anyway: bool,
    /// Also say which of its faults and switches the violation needs, found by searching without them.
    #[arg(long, conflicts_with = "form")]
    pub(crate) marks: bool,
    /// With --marks: give up a search at so many states.
    #[arg(long, value_name = "N", default_value_t = 1_000_000, requires = "marks")]
    pub(crate) states: usize,
    /// Print nothing but the run, in this form.
    #[arg(long = "as", value_name = "FORM")]
    pub(crate) form: Option<Form>,
}

/// What a run can be handed on as.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum Form {
    /// The text that `verify` writes to a file.
    Trace,
    /// One line.
    Token,
    /// A Rust test that runs the token.
    Test,
    /// The Informal Trace Format, JSON for the viewers of other checkers.
    Itf,
    /// A shell script that makes the same calls on a real file system, for a run without faults.
    Sh,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ShrinkArgs {
    /// A token that `verify` printed, or a file that it wrote.
    #[arg(value_name = "TOKEN|FILE")]
    pub(crate) run: OsString,
    /// Stop trying after so many steps.
    #[arg(long, value_name = "N", default_value_t = 2_000_000)]
    pub(crate) steps: usize,
}
