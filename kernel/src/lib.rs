//! Lock algorithms, written once, over a file-system trait.
//!
//! Each algorithm is straight-line synchronous code that reads like its numbered procedure. Everything it touches (files,
//! clock, chance, the liveness of a process, waiting) goes through a small trait, so that the same lines run on a real
//! disk, and in a simulated world that takes them through every interleaving and crash.
//!
//! # The way in
//!
//! * [`fs`]: the file system the algorithms see, and what each call promises. [`fs::MemFs`] is one in memory,
//!   [`fs::contract`] the suite that holds every other one to the promises.
//! * [`lock`]: what every exclusive lock offers. [`fast_lock`] is one, [`check_bid_check`] another.
//! * [`semaphore`]: so many holders at a time, over any of them.
//! * [`wait_queue`]: a line in which nobody overtakes; [`fair_lock`], a semaphore, readers and writers over it.
//! * [`one_kind`]: several of them at one path, and never two kinds at once.
//! * [`token`]: a number that grows with each acquisition, so that a resource can refuse who comes late.
//! * [`glockd`]: a lock server without its sockets.
//! * [`policies`]: when to ask whether an owner is dead. [`ids`]: how that can be known.
//! * [`blocking`]: from one bounded attempt to waiting.
//! * [`watch`], [`clock`], [`probe`], [`chance`]: the rest of the world.
//!
//! # Write your own lock in three steps
//!
//! 1. Lay it out on disk, and say what each layout means.
//! 2. Write one bounded attempt over `&impl Fs`. An answer that you have no answer to goes to the caller with `?`.
//! 3. Say why two cannot hold it, by the lines of [`Fs`](fs::Fs) you lean on. Then have it checked.
//!
//! ```
//! use lockwright_kernel::{fs::{Fs, FsError, MemFs}, path::Path};
//!
//! /// A directory is the lock. Of several that make it, exactly one gets `Ok` (see `Fs::create_dir`).
//! fn try_lock(fs: &impl Fs, lock: &Path) -> Result<bool, FsError> {
//!     match fs.create_dir(lock) {
//!         Ok(()) => Ok(true),
//!         Err(FsError::AlreadyExists) => Ok(false),
//!         Err(error) => Err(error),
//!     }
//! }
//!
//! let (fs, lock) = (MemFs::new(), "lock".parse()?);
//! assert!(try_lock(&fs, &lock)?);
//! assert!(!try_lock(&fs, &lock)?);
//! fs.remove_dir(&lock)?;
//! assert!(try_lock(&fs, &lock)?);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! (Safe, and of little use: after a crash it is held for ever. [`fast_lock`] is what it takes to mend that.)

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod blocking;
pub mod chance;
pub mod check_bid_check;
pub mod clock;
pub mod fair_lock;
pub mod fast_lock;
pub mod fs;
pub mod glockd;
pub mod id;
pub mod ids;
pub mod lock;
pub mod one_kind;
pub mod path;
pub mod policies;
pub mod probe;
pub mod semaphore;
pub mod token;
pub mod wait_queue;
pub mod watch;
