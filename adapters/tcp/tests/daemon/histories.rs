//! Clients that come, hold and are cut off at any byte. All that they asked and were answered is recorded, and [an order](explain) is
//! looked for that explains it: so no two held one lock, none was refused a lock that was free, and no look at one told what was not so.
//!
//! It goes in rounds, each of which begins with nothing held. `LOCKWRIGHT_GLOCKD_SECONDS` says for how long; the default is 20.

use std::{
    io::Write,
    net::{Shutdown, TcpStream},
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use fastrand::Rng;

use super::{
    linear::{Ask, End, Told, explain},
    stage::{Daemon, Peer, settings},
};

const CLIENTS: usize = 8;
const NAMES: usize = 3;

/// How many connections each client has in a round.
const CONNECTIONS: usize = 8;

/// What was recorded, for each lock.
#[derive(Clone, Debug, Default)]
struct Record([(Vec<Told>, Vec<End>); NAMES]);

#[test]
fn an_order_of_what_was_asked_explains_what_was_answered() {
    let seconds = std::env::var("LOCKWRIGHT_GLOCKD_SECONDS").map_or(20, |text| text.parse().expect("a number"));
    let seed =
        std::env::var("LOCKWRIGHT_SEED").map_or_else(|_| fastrand::u64(..), |text| text.parse().expect("a number"));
    let daemon = Daemon::start(settings());
    let until = Instant::now() + Duration::from_secs(seconds);
    let mut rngs: Vec<Rng> = (0..CLIENTS as u64).map(|number| Rng::with_seed(seed + number)).collect();
    let (mut rounds, mut asked, mut grants) = (0_usize, 0, [0; NAMES]);
    while Instant::now() < until {
        let all = round(&daemon, &mut rngs, rounds % 2 == 1);
        for (name, grants) in grants.iter_mut().enumerate() {
            let told: Vec<_> = all.iter().flat_map(|record| record.0[name].0.iter().copied()).collect();
            let ends: Vec<_> = all.iter().flat_map(|record| record.0[name].1.iter().copied()).collect();
            *grants += told.iter().filter(|told| matches!(told.ask, Ask::Get(_)) && told.is_yes).count();
            asked += told.len();
            if let Err(what) = explain(&told, &ends) {
                let near = |at: u64| at.abs_diff(what.read) < 50;
                let told: Vec<_> = told.into_iter().filter(|told| near(told.sent) || near(told.read)).collect();
                let ends: Vec<_> = ends.into_iter().filter(|end| near(end.at)).collect();
                panic!("seed {seed}, round {rounds}, lock {name}: {what:?} is not explained by {told:#?} {ends:#?}");
            }
        }
        rounds += 1;
    }
    println!("{asked} answers in {rounds} rounds, in which the locks were granted {grants:?} times");
    assert!(grants.iter().all(|grants| *grants > 10), "seed {seed}: granted {grants:?} times");
}

/// All clients at once, each with some connections, one after the other. In the end nothing is held. `they_ask`: as they go, which
/// explains much, so it is not in all rounds.
fn round(daemon: &Daemon, rngs: &mut [Rng], they_ask: bool) -> Vec<Record> {
    let clock = AtomicU64::new(0);
    let all = thread::scope(|scope| {
        let one = |(client, rng): (usize, &'_ mut Rng)| {
            let mut rng = rng.fork();
            let clock = &clock;
            scope.spawn(move || {
                let mut record = Record::default();
                (0..CONNECTIONS).for_each(|_| live(daemon, (client, they_ask), clock, &mut rng, &mut record));
                record
            })
        };
        let all: Vec<_> = rngs.iter_mut().enumerate().map(one).collect();
        all.into_iter().map(|client| client.join().expect("it goes well")).collect()
    });
    daemon.until("glockd_connections", |now| now == 0);
    daemon.until("glockd_locks", |now| now == 0);
    assert_eq!(daemon.figure("glockd_waiters"), 0);
    all
}

/// One connection, from its beginning to its end, which comes in the middle of a line.
fn live(daemon: &Daemon, (client, asks): (usize, bool), clock: &AtomicU64, rng: &mut Rng, record: &mut Record) {
    let now = || clock.fetch_add(1, Ordering::SeqCst);
    let mut peer = Peer::new(TcpStream::connect(daemon.lines).expect("it listens"));
    for _ in 0..rng.usize(1..20) {
        let name = rng.usize(..NAMES);
        let (verb, ask) = match rng.u8(..6) {
            0 | 1 => ("r", Ask::Release),
            2 => ("i", Ask::Inspect),
            3 => ("lg", Ask::Get(None)),
            _ => ("g", Ask::Get(None)),
        };
        let wait = if verb == "lg" { " 0.01" } else { "" };
        let sent = now();
        let answer = say(&mut peer, &format!("{verb} {name}{wait}"), rng);
        let read = now();
        let mut words = answer.split(' ');
        let is_yes = words.next() == Some("1");
        let fence = words.nth(2).and_then(|word| word.parse().ok());
        let ask = if verb == "lg" { Ask::Get(fence.filter(|_| is_yes)) } else { ask };
        record.0[name].0.push(Told { client, sent, read, ask, is_yes });
    }
    // It is cut off in the middle of a line, or of several, with or without its answers; or with nothing asked.
    let (name, asks) = (rng.usize(..NAMES), asks && rng.bool());
    let line = format!("g {name}\nlg {name} 9\nr {name}\ng {name}\n");
    let at = now();
    for (lock, (_, ends)) in record.0.iter_mut().enumerate() {
        ends.push(End { client, at, asks: asks && lock == name });
    }
    if asks {
        let cut = rng.usize(..=line.len());
        peer.0.get_ref().write_all(&line.as_bytes()[..cut]).expect("it reads");
    }
    if rng.bool() {
        // Without this the system would say goodbye all the same; with it, it does so while input is still to be read.
        let _ = peer.0.get_ref().shutdown(Shutdown::Write);
    }
}

/// The line goes in two pieces, cut anywhere.
fn say(peer: &mut Peer<TcpStream>, line: &str, rng: &mut Rng) -> String {
    let bytes = format!("{line}\n").into_bytes();
    let (first, rest) = bytes.split_at(rng.usize(..=bytes.len()));
    for piece in [first, rest] {
        peer.0.get_ref().write_all(piece).expect("it reads");
    }
    peer.hear().expect("an answer")
}
