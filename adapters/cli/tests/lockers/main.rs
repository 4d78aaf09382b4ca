//! The lockers' scripts by their names, as processes.

mod hostile;
mod k8s;
mod kills;
mod kubectl;
mod names;
#[path = "../programs/mod.rs"]
mod programs;
mod scripts;
mod ssh;
mod together;
#[path = "../tools/mod.rs"]
mod tools;
