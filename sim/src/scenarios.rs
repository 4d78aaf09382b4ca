//! What clients do with a lock, and the shipped algorithms under such clients.

pub mod admit;
pub mod check_bid_check;
mod cut;
pub mod fair_worlds;
pub mod fast_lock;
pub mod grace;
pub mod kept;
pub mod lease_clients;
pub mod leases;
mod lock_clients;
pub mod observed;
pub mod one_kind;
pub mod processes;
pub mod queue_clients;
pub mod semaphore;
pub mod token;
pub mod wait_queue;
pub mod waiters;

pub use admit::Comers;
pub use check_bid_check::BidClients;
pub use kept::Keepers;
pub use lease_clients::LeaseClients;
pub use leases::Leases;
pub use lock_clients::{Cleaner, LockClients, MakeLock};
pub use observed::Observed;
pub use one_kind::KindClients;
pub use processes::ProcessClients;
pub use queue_clients::QueueClients;
pub use semaphore::SlotClients;
pub use token::Counters;
pub use waiters::Waiters;
