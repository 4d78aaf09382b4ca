//! Each numbered step of the kernel's procedures, tried on the exact file system with others acting in between.

mod blocking;
mod check;
mod fast_lock;
mod faults;
mod release;
mod stage;
mod wait_queue;
