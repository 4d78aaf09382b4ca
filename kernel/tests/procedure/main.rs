//! Each numbered step of the kernel's procedures, tried on the exact file system with others acting in between.

mod admit;
mod blocking;
mod check;
mod check_bid_check;
mod fast_lock;
mod faults;
mod grace;
mod kept;
mod lease;
mod release;
mod semaphore;
mod silly;
mod stage;
mod token;
mod wait_queue;
