//! What clients do with a lock, and the shipped algorithms under such clients.

pub mod fast_lock;
mod lock_clients;
pub mod processes;
pub mod queue_clients;
pub mod wait_queue;
pub mod waiters;

pub use lock_clients::{Cleaner, LockClients, MakeLock};
pub use processes::ProcessClients;
pub use queue_clients::QueueClients;
pub use waiters::Waiters;
