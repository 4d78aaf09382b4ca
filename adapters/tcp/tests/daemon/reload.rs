//! New rules and certificates for a daemon that serves: whom it lets in then, and what becomes of those who are there.

use std::time::Instant;

use lockwright_tcp::{
    address::Daemon as Place,
    client::Client,
    server::{Renewed, Rules},
    tls::{Files, ServerSide, TlsError},
};

use super::{
    authority::Authority,
    stage::{Daemon, PATIENCE, settings},
    tls::{connect, rules},
};

const FORBIDDEN: &str = "0 Not Allowed";

fn new_rules(text: &str) -> Renewed {
    Renewed { rules: Some(Rules::parse(text).expect("rules")), tls: None }
}

#[test]
fn who_is_there_goes_by_the_new_rules_and_keeps_what_it_holds() {
    let daemon = Daemon::start(rules("tcp hold *\n"));
    let (mut holder, mut waiter) = (daemon.connect(), daemon.connect());
    assert_eq!([holder.ask("g a"), holder.ask("g b")], ["1 Got Lock"; 2]);
    waiter.send("lg a 60\ni a");
    daemon.until("glockd_waiters", |now| now == 1);
    daemon.reload(Some(new_rules("tcp hold b\ntcp look *\n")));
    assert_eq!([waiter.hear().as_deref(), waiter.hear().as_deref()], [Some(FORBIDDEN), Some("1 Locked")]);
    assert_eq!([holder.ask("g c"), holder.ask("g b"), holder.ask("i a")], [FORBIDDEN, "1 Got Lock", "1 Locked"]);
    assert_eq!([holder.ask("r a"), holder.ask("g a")], ["1 Released Lock", FORBIDDEN]);
    assert_eq!(waiter.ask("i a"), "0 Not Locked", "it was not granted to who waited for it");
    // Where nothing is to be had, all stays as it is, and it is asked again the next time.
    daemon.reload(None);
    daemon.reload(Some(new_rules("tcp hold c\n")));
    let begun = Instant::now();
    while holder.ask("g c") != "1 Got Lock" {
        assert!(begun.elapsed() < PATIENCE, "it was not asked again");
    }
    assert_eq!(daemon.connect().ask("g b"), FORBIDDEN);
}

#[test]
fn whom_no_rule_fits_any_more_is_told_so_and_holds_nothing() {
    let daemon = Daemon::start(rules("anyone hold *\n"));
    let mut gone = daemon.connect();
    assert_eq!(gone.ask("g a"), "1 Got Lock");
    let mut mine = Client::connect(&Place::Unix(daemon.unix.clone()), PATIENCE).expect("it listens");
    assert!(!mine.get("a").expect("allowed"));
    let uid = rustix::process::getuid().as_raw();
    daemon.reload(Some(new_rules(&format!("uid:{uid} hold *\n"))));
    assert_eq!((gone.hear().as_deref(), gone.hear()), (Some(FORBIDDEN), None));
    drop(mine.lock("a", Some(PATIENCE)).expect("there").expect("free"));
    assert_eq!(daemon.connect().ask("i a"), FORBIDDEN);
}

#[test]
fn whose_certificate_is_revoked_is_closed_and_not_let_in_again() {
    let ours = Authority::new();
    let own = ours.files(&["localhost", "127.0.0.1"], &[]);
    let (ann, bob) = (ours.client("ann"), ours.client("bob"));
    let with = |revoked: &[&str], until| {
        let tls = ServerSide::read(&own, Some(&ours.list(revoked, until))).expect("files");
        Renewed { rules: None, tls: Some(tls) }
    };
    let daemon = ours.daemon(settings());
    let (mut first, mut second) = (connect(daemon.lines, &ann), connect(daemon.lines, &bob));
    assert!(first.get("a").expect("allowed") && !second.get("a").expect("allowed"));
    daemon.reload(Some(with(&["ann"], 2100)));
    daemon.until("glockd_connections", |now| now == 1);
    assert!(first.inspect("a").is_err());
    drop(second.lock("a", Some(PATIENCE)).expect("there").expect("free"));
    let again = |side| {
        let client = Client::connect_tls(&daemon.lines.to_string(), side, PATIENCE);
        // It may learn of it as it connects, or with its first question.
        client.and_then(|mut client| client.inspect("a"))
    };
    assert!(again(&ann).is_err());
    assert!(again(&bob).is_ok());
    // With a list that is good no more nobody is let in: what it does not say may have been said since.
    daemon.reload(Some(with(&[], 2021)));
    daemon.until("glockd_connections", |now| now == 0);
    assert!(again(&bob).is_err());
    daemon.reload(Some(with(&[], 2100)));
    let begun = Instant::now();
    while again(&ann).is_err() {
        assert!(begun.elapsed() < PATIENCE, "it is revoked no more");
    }
}

#[test]
fn a_file_without_a_list_is_told() {
    let ours = Authority::new();
    let own: Files = ours.files(&["localhost"], &[]);
    assert!(matches!(ServerSide::read(&own, Some(&own.key)), Err(TlsError::NoList(_))));
    let stranger = Authority::new();
    let side = ServerSide::read(&own, Some(&stranger.list(&[], 2100))).expect("files");
    let daemon = Daemon::secured(settings(), Some(&side));
    let refused = Client::connect_tls(&format!("localhost:{}", daemon.lines.port()), &ours.client("ann"), PATIENCE);
    assert!(refused.and_then(|mut client| client.inspect("a")).is_err(), "its authority has no list");
}
