//! What a held lock takes in memory, beyond its name; and an idle connection. Alone in its process, since it reads how much
//! that has.

use std::{fs, time::Duration};

use lockwright_kernel::{
    clock::Instant,
    glockd::{Glockd, Settings, Wire},
};

/// In all, over ten clients.
const LOCKS: usize = 1_000_000;

const CONNECTIONS: usize = 10_000;

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "it reads /proc")]
fn a_held_lock_takes_150_bytes_and_its_name() {
    let now = Instant::new(Duration::ZERO);
    let mut glockd = Glockd::new(Settings { connections: CONNECTIONS + 10, ..Settings::default() }, None, now);
    let before = resident();
    let idle: Vec<_> =
        (0..CONNECTIONS).map(|number| glockd.connect(&format!("10.0.0.1:{number}"), Wire::Stream, now)).collect();
    let each = (resident() - before) / CONNECTIONS;
    assert!(idle.iter().all(Result::is_ok) && each <= 1024, "{each} bytes for each connection");

    let clients: Vec<_> = (0..10).filter_map(|_| glockd.connect("10.0.0.2:1", Wire::Stream, now).ok()).collect();
    let before = resident();
    for number in 0..LOCKS {
        // Scattered, and yet each once: the factor shares no divisor with a power of ten.
        let line = format!("g lock-{:07}\n", number * 7_654_321 % LOCKS);
        glockd.handle_bytes(clients[number % 10], line.as_bytes(), now);
        glockd.poll_output();
    }
    let each = (resident() - before) / LOCKS;
    assert_eq!(glockd.gauges().locks, LOCKS);
    println!("{each} bytes for each lock with its name of 12");
    assert!(each <= 150 + "lock-0000000".len(), "{each} bytes for each lock");
}

/// Bytes of memory that this process has.
fn resident() -> usize {
    let pages = fs::read_to_string("/proc/self/statm").expect("Linux has it");
    let pages: usize = pages.split(' ').nth(1).and_then(|pages| pages.parse().ok()).expect("it is a number");
    pages * 4096
}
