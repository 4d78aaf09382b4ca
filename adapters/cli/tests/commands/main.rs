//! `lockwright run`, `lock`, `status`, `owner` and `unlock`, as processes.

mod kinds;
mod mistakes;
#[expect(dead_code, reason = "the other adapter's tests use more of it")]
#[path = "../../../posix/tests/places/mod.rs"]
mod places;
mod run;
mod stand_in;
mod storm;
mod supervision;
mod support;
mod terminal;
mod unlock;
