//! The daemon's log: events with fields, to standard error.

use std::io;

use tracing::Level;

use crate::args::LogForm;

/// Logs from now on.
pub(super) fn begin(form: LogForm, is_verbose: bool) {
    let level = if is_verbose { Level::DEBUG } else { Level::INFO };
    let log = tracing_subscriber::fmt().with_max_level(level).with_writer(io::stderr).with_ansi(false);
    // That fails only where a log was begun before.
    drop(match form {
        LogForm::Text => log.with_target(false).try_init(),
        LogForm::Json => log.json().flatten_event(true).try_init(),
    });
}
