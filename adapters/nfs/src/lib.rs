//! The lock kernel over NFS version 3, spoken directly: no mount, no root, and no cache between the lock and the server.
//!
//! ```no_run
//! use lockwright_kernel::{fast_lock::{FastLock, Leaf}, lock::Lock};
//! use lockwright_nfs::{Address, NfsFs};
//!
//! let address: Address = "nfs://files.example/export/locks".parse()?;
//! let lock = FastLock::new(NfsFs::open(&address)?, "deploy.lock".parse()?, Leaf::File);
//! lock.try_lock(&"host-a-41-7".parse()?)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! * [`NfsFs`]: the kernel's file system below a directory of a server. Its docs say which promises NFS makes hard to keep.
//! * [`Address`]: where such a directory is, as `nfs://host[:port]/path`.
#![cfg_attr(
    feature = "serve",
    doc = "* [`serve`]: a server in memory that loses, delays and repeats, to try clients on."
)]

mod address;
mod fs;
mod line;
mod record;
mod session;
mod status;

#[cfg(feature = "serve")]
pub mod serve;

pub use address::{Address, AddressError};
pub use fs::{NfsFs, READ_BYTES_MAX};
pub use line::Patience;
pub use session::OpenError;
