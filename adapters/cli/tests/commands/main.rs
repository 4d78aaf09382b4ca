//! The commands that hold locks, wait for them, look at them and take them away, as processes.

mod also;
mod bad_inputs;
mod breaking;
mod cut;
mod deadlock;
mod doctor;
mod events;
mod explain;
mod fence;
mod foreground;
mod hold;
mod idle;
mod kinds;
mod lease;
mod leavings;
mod list;
mod loss;
mod mistakes;
mod namespaces;
mod notes;
mod options;
mod order;
#[path = "../../../posix/tests/places/mod.rs"]
mod places;
mod queue;
mod races;
mod recover;
mod remote;
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
mod trust;
mod unlock;
mod waiting;
