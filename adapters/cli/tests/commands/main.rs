//! `lockwright run`, `lock`, `status`, `owner` and `unlock`, as processes.

mod bad_inputs;
mod breaking;
mod doctor;
mod idle;
mod kinds;
mod leavings;
mod loss;
mod mistakes;
mod namespaces;
mod order;
#[path = "../../../posix/tests/places/mod.rs"]
mod places;
mod races;
#[path = "../../../posix/tests/storms/reports.rs"]
mod reports;
mod run;
#[path = "../../../posix/tests/storms/seats.rs"]
mod seats;
mod stand_in;
mod storm;
mod supervision;
mod support;
mod terminal;
mod trust;
mod unlock;
