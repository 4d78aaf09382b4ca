//! The lockers' scripts by their names, as processes.

mod hostile;
mod k8s;
mod kills;
mod names;
mod scripts;
mod ssh;
mod together;
