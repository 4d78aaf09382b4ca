//! `lockwright run`, `owner` and `unlock`, as processes.

mod run;
mod supervision;
mod support;
mod unlock;
