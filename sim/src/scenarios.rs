//! What clients do with a lock, and the shipped algorithms under such clients.

pub mod fast_lock;
pub mod leases;
mod lock_clients;
pub mod observed;
pub mod processes;
pub mod waiters;

pub use leases::Leases;
pub use lock_clients::{Cleaner, LockClients, MakeLock};
pub use observed::Observed;
pub use processes::ProcessClients;
pub use waiters::Waiters;
