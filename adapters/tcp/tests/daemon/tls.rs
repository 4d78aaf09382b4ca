//! TLS: who is let in, who is taken for whom, what an end is, and what the rules allow to whom.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    path::Path,
    thread,
    time::Duration,
};

use lockwright_tcp::{
    address::Daemon as Place,
    client::{Client, ClientError, Why},
    server::{Rules, Settings},
    tls::{ClientSide, Files, ServerSide, TlsError},
};
use tungstenite::Message;

use super::{
    authority::{Authority, open},
    stage::{Daemon, PATIENCE, Peer, settings},
};

pub(super) fn connect(at: SocketAddr, side: &ClientSide) -> Client {
    Client::connect_tls(&at.to_string(), side, PATIENCE).expect("it goes well")
}

pub(super) fn rules(text: &str) -> Settings {
    Settings { rules: Some(Rules::parse(text).expect("rules")), ..settings() }
}

#[test]
fn a_lock_is_had_and_handed_over_by_tls() {
    let ours = Authority::new();
    let daemon = ours.daemon(settings());
    let first = connect(daemon.lines, &ours.client("ann")).lock("name", None).expect("there").expect("free");
    let mut second = connect(daemon.lines, &ours.client("bob"));
    assert!(second.hello().expect("it goes well").is_some());
    let waiting = thread::spawn(move || second.lock("name", Some(PATIENCE)));
    daemon.until("glockd_waiters", |now| now != 0);
    first.unlock().expect("it goes well");
    let mut guard = waiting.join().expect("it goes well").expect("it goes well").expect("in time");
    guard.check().expect("held");
    // By its name as well as by its address.
    let by_name = format!("localhost:{}", daemon.lines.port());
    let mut third = Client::connect_tls(&by_name, &ours.client("cay"), PATIENCE).expect("it goes well");
    assert!(third.inspect("name").expect("it goes well"));
    drop(guard);
    daemon.until("glockd_locks", |now| now == 0);
}

/// A reply that no socket takes at once, and that many records make up.
#[test]
fn what_is_long_comes_whole() {
    let ours = Authority::new();
    let daemon = ours.daemon(settings());
    let mut stream = open(daemon.lines, &ours.files(&["ann"], &[]));
    let names: Vec<String> = (0..4000).map(|number| format!("{number:0>1000}")).collect();
    let (mut told, mut asked) = (0, 0);
    let mut line = [0; 11];
    while told < names.len() {
        while asked < names.len() && asked < told + 8 {
            writeln!(stream, "g {}", names[asked]).expect("it goes well");
            asked += 1;
        }
        stream.read_exact(&mut line).expect("it goes well");
        assert_eq!(&line, b"1 Got Lock\n");
        told += 1;
    }
    let from = stream.sock.local_addr().expect("connected").to_string();
    let expected = names.iter().flat_map(|name| [name, ": ", &from, "\n"]).collect::<String>();
    stream.write_all(b"d\n").expect("it goes well");
    let mut list = vec![0; expected.len()];
    stream.read_exact(&mut list).expect("it goes well");
    assert!(list == expected.as_bytes(), "it is another list");
}

#[test]
fn websocket_is_spoken_within_tls() {
    let ours = Authority::new();
    let daemon = ours.daemon(settings());
    let stream = open(daemon.websocket, &ours.files(&["ann"], &[]));
    let (mut socket, _) = tungstenite::client("wss://localhost/", stream).expect("it goes well");
    socket.send(Message::text("g foo")).expect("it goes well");
    assert_eq!(socket.read().expect("it goes well"), Message::text("1 Got Lock"));
}

#[test]
fn nobody_is_let_in_without_a_certificate_of_the_authority() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let daemon = ours.daemon(settings());
    // Theirs, with our authority to know the daemon by.
    let files = Files { authorities: ours.files(&["x"], &[]).authorities, ..theirs.files(&["ann"], &[]) };
    let stranger = Client::connect_tls(&daemon.lines.to_string(), &ClientSide::read(&files).expect("files"), PATIENCE);
    // It may learn of it as it connects, or with its first question.
    assert!(stranger.and_then(|mut client| client.inspect("name")).is_err());
    let mut plain = Peer::new(TcpStream::connect(daemon.lines).expect("it listens"));
    plain.send("g name");
    let mut told = Vec::new();
    drop(plain.0.read_to_end(&mut told));
    assert!(!told.starts_with(b"1"), "{told:?}");
    daemon.until("glockd_connections", |now| now == 0);
    assert_eq!(daemon.figure("glockd_commands_total{verb=\"g\"}"), 0);
    assert_eq!(daemon.figure("glockd_commands_total{verb=\"i\"}"), 0);
}

#[test]
fn a_daemon_that_is_not_whom_it_should_be_is_not_spoken_to() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let daemon = theirs.daemon(settings());
    let refused = Client::connect_tls(&daemon.lines.to_string(), &ours.client("ann"), PATIENCE).unwrap_err();
    assert!(refused.to_string().contains("invalid peer certificate"), "{refused}");
    let other = ServerSide::read(&ours.files(&["other.example"], &[]), None).expect("files");
    let daemon = Daemon::secured(settings(), Some(&other));
    let refused = Client::connect_tls(&daemon.lines.to_string(), &ours.client("ann"), PATIENCE).unwrap_err();
    assert!(refused.to_string().contains("not valid for name"), "{refused}");
}

#[test]
fn files_that_are_not_what_they_should_be_are_told() {
    let ours = Authority::new();
    let files = ours.files(&["ann"], &[]);
    let with = |change: &dyn Fn(&mut Files)| {
        let mut files = files.clone();
        change(&mut files);
        ServerSide::read(&files, None).unwrap_err()
    };
    let missing = with(&|files| files.certificate = "missing".into());
    assert!(matches!(&missing, TlsError::File { path, .. } if path == Path::new("missing")), "{missing}");
    let empty = with(&|files| files.authorities.clone_from(&files.key));
    assert!(matches!(empty, TlsError::Empty(_)), "{empty}");
    let swapped = with(&|files| files.key = ours.files(&["bob"], &[]).key);
    assert!(matches!(swapped, TlsError::Misfit(_)), "{swapped}");
}

#[test]
fn whoever_never_begins_is_not_waited_for() {
    let ours = Authority::new();
    let mut settings = settings();
    settings.line_time_max = Duration::from_secs(1);
    let daemon = ours.daemon(settings);
    let mut silent = TcpStream::connect(daemon.lines).expect("it listens");
    silent.set_read_timeout(Some(PATIENCE)).expect("it goes well");
    // It is closed, whatever it is told first.
    io::copy(&mut silent, &mut io::sink()).expect("an end");
    daemon.until("glockd_connections", |now| now == 0);
}

#[test]
fn the_rules_go_by_certificate_user_and_way() {
    let ours = Authority::new();
    let uid = rustix::process::getuid().as_raw();
    let text = format!("dns:ann hold a/*\nuri:spiffe://test/some look b/*\nuid:{uid} hold u\ntcp look *\n");
    let daemon = ours.daemon(rules(&text));
    let mut ann = connect(daemon.lines, &ours.client("ann"));
    assert!(ann.get("a/1").expect("allowed"));
    assert!(!ann.inspect("b/1").expect("allowed"));
    assert!(matches!(ann.get("b/1"), Err(ClientError::NotAllowed)));
    assert!(matches!(ann.inspect("u"), Err(ClientError::NotAllowed)));
    assert_eq!(ann.holder("u").expect("an answer"), None);
    assert!(matches!(ann.lock("u", None), Err(ClientError::NotAllowed)));
    let mut bob = connect(daemon.lines, &ours.client("bob"));
    assert!(matches!(bob.get("a/2"), Err(ClientError::NotAllowed)));
    let mut mine = Client::connect(&Place::Unix(daemon.unix.clone()), PATIENCE).expect("it goes well");
    assert!(mine.get("u").expect("allowed"));
    assert!(matches!(mine.get("a/3"), Err(ClientError::NotAllowed)));
    assert_eq!(daemon.figure("glockd_forbidden_total"), 7);
    let plain = Daemon::start(rules(&text));
    let mut plain = plain.connect();
    assert_eq!([plain.ask("g x"), plain.ask("i x"), plain.ask("dump")], ["0 Not Allowed", "0 Not Locked", "map[]"]);
}

/// Somebody on the way who closes both sides has signed nothing, so the daemon waits until the holder has to know.
#[test]
fn a_connection_that_is_cut_is_lost_and_one_that_is_ended_is_over() {
    let ours = Authority::new();
    let mut settings = settings();
    settings.machine.silence = Duration::from_secs(3);
    let daemon = ours.daemon(settings);
    let mut other = connect(daemon.lines, &ours.client("other"));
    for is_cut in [true, false] {
        let (proxy, cut) = proxy(daemon.lines);
        let mut client = connect(proxy, &ours.client("ann"));
        client.hello().expect("it goes well").expect("new");
        let guard = client.lock("name", None).expect("it goes well").expect("free");
        let accepted = daemon.figure("glockd_connections");
        if is_cut {
            cut();
        } else {
            drop(guard.unlock().expect("held"));
        }
        daemon.until("glockd_connections", |now| now != accepted);
        let refusal = other.lock("name", Some(Duration::ZERO)).expect("it goes well");
        other = match refusal {
            Ok(guard) if !is_cut => guard.unlock().expect("held"),
            Err(refusal) if is_cut && refusal.why == Why::Busy => refusal.client,
            found => panic!("{is_cut}: {found:?}"),
        };
        other = other.lock("name", Some(PATIENCE)).expect("it goes well").expect("free").unlock().expect("held");
    }
}

/// Somebody between a client and the daemon, and what cuts the connection on both sides.
fn proxy(daemon: SocketAddr) -> (SocketAddr, impl FnOnce()) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let at = listener.local_addr().expect("bound");
    let pair = thread::spawn(move || {
        let (near, _) = listener.accept().expect("it goes well");
        let far = TcpStream::connect(daemon).expect("it listens");
        for (from, to) in [(&near, &far), (&far, &near)] {
            let (mut from, mut to) = (from.try_clone().expect("handles"), to.try_clone().expect("handles"));
            thread::spawn(move || {
                drop(io::copy(&mut from, &mut to));
                drop(to.shutdown(Shutdown::Write));
            });
        }
        (near, far)
    });
    (at, move || {
        let (near, far) = pair.join().expect("it goes well");
        for side in [near, far] {
            // One side may have been closed meanwhile, for it noticed the end of the other.
            drop(side.shutdown(Shutdown::Both));
        }
    })
}
