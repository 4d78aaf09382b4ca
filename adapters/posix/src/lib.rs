//! The lock kernel on POSIX file systems, as Linux has them: files, processes, waiting.
//!
//! ```
//! use lockwright_posix::lock::PathLock;
//!
//! # let dir = tempfile::tempdir()?;
//! # let path = dir.path().join("deploy.lock");
//! let lock = PathLock::open(&path)?;
//! {
//!     let _guard = lock.lock()?;
//!     // One process at a time is here, and one thread.
//! }
//! assert_eq!(lock.owner()?, None);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! * [`lock`]: a lock at a path, which is all that most programs need.
//! * [`fs`]: the kernel's file system, relative to a directory handle. [`errno`]: what error numbers mean to it.
//! * [`process`]: ids for the calling process. [`probe`]: whether the process of an id still runs.
//! * [`bids`]: the same for the bids of a lock folder. [`lockers`]: for the ids and the commands of the lockers.
//! * [`doctor`]: what the file system below a directory really does.
//! * [`watch`]: waiting for a release, a death or a deadline without asking again and again. [`chance`]: random
//!   numbers.
//!
//! # What it relies on
//!
//! Linux 5.3 or later (`pidfd_open`) with `/proc` mounted. No root, no daemon, no kernel lock: what is locked can be read
//! with `ls`, and inherits to nobody.

pub mod bids;
pub mod chance;
pub mod doctor;
pub mod errno;
pub mod fs;
pub mod lock;
pub mod lockers;
pub mod probe;
pub mod process;
mod procfs;
pub mod watch;

/// The README's example is run as a test.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
pub struct Readme;
