//! Clients that come, hold and are cut off at any byte: at no moment do two of them believe that they hold one lock.
//!
//! A client believes so from when it reads that it was granted the lock until just before it begins to give it back, or to
//! go. Each belief is counted, for each lock, in a number that all share. `LOCKWRIGHT_GLOCKD_SECONDS` says for how long it
//! goes on; the default is 20.

use std::{
    io::Write,
    net::{Shutdown, TcpStream},
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use fastrand::Rng;

use super::stage::{Daemon, Peer, settings};

const CLIENTS: u64 = 8;
const NAMES: usize = 3;

/// What all clients share of one lock.
#[derive(Default)]
struct Lock {
    /// How many believe that they hold it.
    holders: AtomicU64,
    /// The highest number that came with it.
    fence: AtomicU64,
    grants: AtomicU64,
}

impl Lock {
    fn believed(&self, fence: Option<u64>) {
        assert_eq!(self.holders.fetch_add(1, Ordering::SeqCst), 0, "two hold it");
        self.grants.fetch_add(1, Ordering::SeqCst);
        if let Some(fence) = fence {
            assert!(self.fence.swap(fence, Ordering::SeqCst) < fence, "a number that was given before");
        }
    }

    fn doubted(&self) {
        self.holders.fetch_sub(1, Ordering::SeqCst);
    }
}

#[test]
fn two_clients_never_believe_that_they_hold_one_lock() {
    let seconds = std::env::var("LOCKWRIGHT_GLOCKD_SECONDS").map_or(20, |text| text.parse().expect("it goes well"));
    let seed =
        std::env::var("LOCKWRIGHT_SEED").map_or_else(|_| fastrand::u64(..), |text| text.parse().expect("it goes well"));
    let daemon = Daemon::start(settings());
    let locks: [Lock; NAMES] = std::array::from_fn(|_| Lock::default());
    let until = Instant::now() + Duration::from_secs(seconds);
    let (asked, cuts) = (AtomicU64::new(0), AtomicU64::new(0));
    thread::scope(|scope| {
        for number in 0..CLIENTS {
            let (daemon, locks, asked, cuts) = (&daemon, &locks, &asked, &cuts);
            let mut rng = Rng::with_seed(seed + number);
            scope.spawn(move || {
                while Instant::now() < until {
                    asked.fetch_add(live(daemon, locks, &mut rng), Ordering::SeqCst);
                    cuts.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
    });
    for (name, lock) in locks.iter().enumerate() {
        let grants = lock.grants.load(Ordering::SeqCst);
        assert!(grants > 10, "seed {seed}: lock {name} was granted only {grants} times");
        println!("lock {name} was granted {grants} times");
    }
    println!("{asked:?} commands that were answered, {cuts:?} connections that were cut off");
    daemon.until("glockd_connections", |now| now == 0);
    assert_eq!((daemon.figure("glockd_locks"), daemon.figure("glockd_waiters")), (0, 0), "seed {seed}");
}

/// One connection, from its beginning to its end, which comes in the middle of a line. How many commands were answered.
fn live(daemon: &Daemon, locks: &[Lock; NAMES], rng: &mut Rng) -> u64 {
    let tcp = TcpStream::connect(daemon.lines).expect("it goes well");
    let mut peer = Peer::new(tcp);
    let mut held = [false; NAMES];
    let count = rng.u64(1..20);
    for _ in 0..count {
        let name = rng.usize(..NAMES);
        if held[name] && rng.bool() {
            locks[name].doubted();
            held[name] = false;
            assert_eq!(ask(&mut peer, &format!("r {name}"), rng), "1 Released Lock");
            continue;
        }
        let is_waiting = rng.bool() && !held.contains(&true);
        let line = if is_waiting { format!("lg {name} 0.05") } else { format!("g {name}") };
        let answer = ask(&mut peer, &line, rng);
        let mut words = answer.split(' ');
        if words.next() == Some("1") && !held[name] {
            held[name] = true;
            locks[name].believed(words.nth(2).map(|word| word.parse().expect("it goes well")));
        }
    }
    // It is cut off in the middle of a line, or of several, with or without its answers.
    (0..NAMES).filter(|name| held[*name]).for_each(|name| locks[name].doubted());
    let name = rng.usize(..NAMES);
    let line = format!("g {name}\nlg {name} 9\nr {name}\ng {name}\n");
    let cut = rng.usize(..=line.len());
    peer.0.get_ref().write_all(&line.as_bytes()[..cut]).expect("it goes well");
    if rng.bool() {
        // Without this the kernel would say goodbye all the same; with it, it does so while input is still to be read.
        let _ = peer.0.get_ref().shutdown(Shutdown::Write);
    }
    count
}

/// The line goes in two pieces, cut anywhere.
fn ask(peer: &mut Peer<TcpStream>, line: &str, rng: &mut Rng) -> String {
    let bytes = format!("{line}\n").into_bytes();
    let (first, rest) = bytes.split_at(rng.usize(..=bytes.len()));
    for piece in [first, rest] {
        peer.0.get_ref().write_all(piece).expect("it goes well");
    }
    peer.hear().expect("it goes well")
}
