//! The id of a process.
