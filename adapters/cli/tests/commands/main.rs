//! `lockwright run`, `lock`, `status`, `owner` and `unlock`, as processes.

mod breaking;
mod idle;
mod kinds;
mod leavings;
mod loss;
mod mistakes;
mod namespaces;
mod options;
mod order;
#[path = "../../../posix/tests/places/mod.rs"]
mod places;
mod races;
#[path = "../../../posix/tests/storms/reports.rs"]
mod reports;
mod rules;
mod run;
#[path = "../../../posix/tests/storms/seats.rs"]
mod seats;
mod stand_in;
mod storm;
mod supervision;
mod support;
mod terminal;
mod unlock;
