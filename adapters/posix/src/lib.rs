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
//! * [`evidence`]: how that can be told, and who the owner is, for people.
//! * [`bids`]: the same for the bids of a lock folder. [`lockers`]: for the ids and the commands of the lockers.
//! * [`doctor`]: what the file system below a directory really does.
//! * [`watch`]: waiting for a release, a death or a deadline without asking again and again. [`chance`]: random
//!   numbers.
//!
//! # With a deadline
//!
//! ```
//! use std::time::Duration;
//!
//! use lockwright_posix::lock::{AcquireErrorKind, PathLock};
//!
//! # let dir = tempfile::tempdir()?;
//! # let path = dir.path().join("deploy.lock");
//! # let _somebody_else = PathLock::open(&path)?.lock()?;
//! let lock = PathLock::open(&path)?;
//! match lock.lock_for(Duration::from_millis(20)) {
//!     Ok(_guard) => { /* Mine, until the guard is dropped. */ }
//!     Err(error) => match error.kind() {
//!         AcquireErrorKind::TimedOut { owner: Some(owner) } => println!("{owner} has it still"),
//!         _ => println!("{error}"), // In one line: what, where, and what to do.
//!     },
//! }
//! # assert!(lock.try_lock().is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Who waits sleeps in one system call, and is woken by the release or by the death of the owner.
//!
//! # From threads
//!
//! A [`PathLock`](lock::PathLock) may be shared among threads, or cloned. Each that takes it is a contender of its own, so
//! threads exclude each other as processes do.
//!
//! ```
//! use std::thread;
//!
//! use lockwright_posix::lock::PathLock;
//!
//! # let dir = tempfile::tempdir()?;
//! # let path = dir.path().join("count.lock");
//! # let count = dir.path().join("count");
//! # std::fs::write(&count, "0")?;
//! let lock = PathLock::open(&path)?;
//! let add_one = || -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
//!     let _guard = lock.lock()?;
//!     let value: u32 = std::fs::read_to_string(&count)?.parse()?;
//!     std::fs::write(&count, (value + 1).to_string())?;
//!     Ok(())
//! };
//! thread::scope(|threads| {
//!     let threads: Vec<_> = (0..4).map(|_| threads.spawn(add_one)).collect();
//!     threads.into_iter().try_for_each(|thread| thread.join().expect("it does not panic"))
//! })
//! # .map_err(|error| error.to_string())?;
//! # assert_eq!(std::fs::read_to_string(&count)?, "4");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # A release that failed
//!
//! A guard that is dropped gives the lock back and has nobody to tell if that failed. [`Guard::unlock`](lock::Guard::unlock)
//! tells. Whoever took the lock away by force is told of in this way, too: what was done under it may not have been done alone.
//!
//! ```
//! use lockwright_kernel::lock::LockError;
//! use lockwright_posix::lock::PathLock;
//!
//! # let dir = tempfile::tempdir()?;
//! # let path = dir.path().join("deploy.lock");
//! let lock = PathLock::open(&path)?;
//! let guard = lock.lock()?;
//! # lock.recover(guard.id())?;
//! match guard.unlock() {
//!     Ok(()) => println!("done"),
//!     Err(LockError::NotOwner) => println!("somebody took the lock away meanwhile"),
//!     Err(error) => println!("{error}: the lock stays mine until this process ends"),
//! }
//! # assert!(matches!(lock.lock()?.unlock(), Ok(())));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # From async code
//!
//! One pattern, whatever the runtime: the wait and the release go to a thread that may block (`spawn_blocking` of tokio,
//! `unblock` of smol); the guard goes where the task goes, across `await`s and threads, for it is the process that holds.
//! Give the wait a deadline. A task that is dropped meanwhile leaves it behind on that thread: if it gets the lock, its guard
//! is dropped there at once, and the lock is free again.
//!
//! ```
//! use std::time::Duration;
//!
//! use lockwright_posix::lock::PathLock;
//! # use std::{future::Future, pin::Pin, sync::{Arc, Mutex}, task::{Context, Poll, Wake, Waker}, thread};
//! # /// A thread for each, where a runtime has a pool.
//! # struct Blocking<T>(Arc<Mutex<(Option<T>, Option<Waker>)>>);
//! # impl<T> Future for Blocking<T> {
//! #     type Output = T;
//! #     fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
//! #         let mut state = self.0.lock().unwrap();
//! #         state.1 = Some(context.waker().clone());
//! #         state.0.take().map_or(Poll::Pending, Poll::Ready)
//! #     }
//! # }
//! # fn spawn_blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Blocking<T> {
//! #     let state = Arc::new(Mutex::new((None, None::<Waker>)));
//! #     let theirs = Arc::clone(&state);
//! #     thread::spawn(move || {
//! #         let done = work();
//! #         let mut state = theirs.lock().unwrap();
//! #         state.0 = Some(done);
//! #         if let Some(waker) = state.1.take() { waker.wake() }
//! #     });
//! #     Blocking(state)
//! # }
//! # struct Unpark(thread::Thread);
//! # impl Wake for Unpark { fn wake(self: Arc<Self>) { self.0.unpark() } }
//! # fn block_on<T>(future: impl Future<Output = T>) -> T {
//! #     let (mut future, waker) = (Box::pin(future), Waker::from(Arc::new(Unpark(thread::current()))));
//! #     loop {
//! #         match future.as_mut().poll(&mut Context::from_waker(&waker)) {
//! #             Poll::Ready(value) => return value,
//! #             Poll::Pending => thread::park(),
//! #         }
//! #     }
//! # }
//! # async fn deploy() {}
//!
//! async fn deploy_alone(lock: PathLock) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
//!     let guard = spawn_blocking(move || lock.lock_for(Duration::from_secs(30))).await?;
//!     deploy().await;
//!     spawn_blocking(move || guard.unlock()).await?;
//!     Ok(())
//! }
//! # let dir = tempfile::tempdir().unwrap();
//! # let lock = PathLock::open(dir.path().join("deploy.lock")).unwrap();
//! # let held = lock.lock().unwrap();
//! # let task = thread::spawn({ let lock = lock.clone(); move || block_on(deploy_alone(lock)) });
//! # drop(held);
//! # task.join().unwrap().unwrap();
//! # assert_eq!(lock.owner().unwrap(), None);
//! ```
//!
//! # Who is trusted
//!
//! Root, and the user who runs the program: whoever runs as the same user can do all that the program can. Other users
//! cannot take a lock away, fake one, or lead it elsewhere by links; where they could, it is refused when it is opened, or when
//! they try, unless it is [shared](fs::SharedWith) with them. Who may only read what is on disk hinders nobody.
//!
//! # What it relies on
//!
//! Linux 5.3 or later (`pidfd_open`) with `/proc` mounted. No root, no daemon, no kernel lock: what is locked can be read
//! with `ls`, and inherits to nobody.

pub mod bids;
pub mod chance;
pub mod doctor;
pub mod errno;
pub mod evidence;
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
