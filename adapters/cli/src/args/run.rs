//! What `run` takes.

use std::ffi::OsString;

use super::{
    stop::StopArgs,
    want::{NoteArgs, WantArgs},
};

#[derive(Debug, clap::Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) want: WantArgs,
    /// Give CMD a number, in `LOCKWRIGHT_FENCE`, that is higher than that of every holder before it. It is kept in `LOCK.token`,
    /// which stays.
    #[arg(short, long)]
    pub(crate) fence: bool,
    #[command(flatten)]
    pub(crate) note: NoteArgs,
    #[command(flatten)]
    pub(crate) stop: StopArgs,
    /// The command, and its arguments.
    #[arg(value_name = "CMD", required = true, trailing_var_arg = true)]
    pub(crate) command: Vec<OsString>,
}

impl RunArgs {
    /// The command and its lock, with nothing else asked for.
    pub(crate) fn plain(want: WantArgs, command: Vec<OsString>) -> Self {
        Self { want, fence: false, note: NoteArgs::default(), stop: StopArgs::default(), command }
    }
}
