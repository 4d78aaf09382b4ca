//! `lockwright run`, `lock`, `status`, `owner` and `unlock`, as processes.

mod bad_inputs;
mod breaking;
mod doctor;
mod kinds;
mod leavings;
mod loss;
mod mistakes;
mod order;
#[path = "../../../posix/tests/places/mod.rs"]
mod places;
mod run;
mod stand_in;
mod storm;
mod supervision;
mod support;
mod terminal;
mod trust;
mod unlock;
