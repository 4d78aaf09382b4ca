//! Peers that are too slow, too loud, too many, or deaf.

use std::{
    io::{ErrorKind, Read, Write},
    net::{Shutdown, TcpStream},
    os::unix::net::UnixStream,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, setrlimit};

use super::stage::{Daemon, PATIENCE, Peer, settings};

#[test]
fn a_line_that_never_ends_is_too_long_and_takes_no_memory() {
    let daemon = Daemon::start(settings());
    let mut loud = daemon.connect();
    assert_eq!(loud.ask("g mine"), "1 Got Lock");
    let block = vec![b'x'; 1 << 20];
    let mut refused = false;
    for _ in 0..100 {
        if loud.0.get_ref().write_all(&block).is_err() {
            refused = true;
            break;
        }
    }
    assert!(refused, "100 MB went in");
    let mut other = daemon.connect();
    assert_eq!(other.ask("g mine"), "1 Got Lock");
}

#[test]
fn who_sends_a_line_above_the_limit_is_told_so() {
    let daemon = Daemon::start(settings());
    let mut peer = daemon.connect();
    peer.send(&format!("g {}", "x".repeat(10_000)));
    assert_eq!(peer.hear().as_deref(), Some("0 Line Too Long"));
    assert_eq!(peer.hear(), None);
}

#[test]
fn a_line_that_comes_letter_by_letter_is_not_waited_for() {
    let mut settings = settings();
    settings.line_time_max = Duration::from_secs(1);
    let daemon = Daemon::start(settings);
    let (mut slow, mut quick) = (daemon.connect(), daemon.connect());
    assert_eq!(slow.ask("g mine"), "1 Got Lock");
    let begun = Instant::now();
    slow.0.get_ref().set_read_timeout(Some(Duration::from_millis(100))).expect("it goes well");
    let told = loop {
        let mut byte = [0; 64];
        let mut socket = slow.0.get_ref();
        match socket.write(b"x").and_then(|_| socket.read(&mut byte)) {
            Ok(count) => break String::from_utf8_lossy(&byte[..count]).into_owned(),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(error) => panic!("{error}"),
        }
        assert!(begun.elapsed() < PATIENCE);
        assert_eq!(quick.ask("i mine"), "1 Locked", "others are served meanwhile");
    };
    assert_eq!(told, "0 Line Too Slow\n");
    assert_eq!(quick.ask("lg mine 9").split(' ').next(), Some("1"));
}

#[test]
fn whoever_takes_no_replies_is_not_read_from_and_then_closed() {
    let mut settings = settings();
    settings.stalled_max = Duration::from_secs(1);
    let daemon = Daemon::start(settings);
    let deaf = daemon.connect();
    deaf.send("g mine");
    deaf.0.get_ref().set_write_timeout(Some(Duration::from_millis(200))).expect("it goes well");
    let questions = "q\n".repeat(10_000);
    let mut sent = 0_u64;
    while deaf.0.get_ref().write_all(questions.as_bytes()).is_ok() {
        sent += 1;
        assert!(sent < 100_000, "all of it is read");
    }
    let mut other = daemon.connect();
    assert_eq!(other.ask("lg mine 20").split(' ').next(), Some("1"), "its lock is free");
}

#[test]
fn one_too_many_is_told_so_and_the_others_are_served() {
    // Either end of each connection is this process's.
    let handles = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: handles, maximum: handles }).expect("it may have as many");
    let mut settings = settings();
    settings.machine.connections = 1_000;
    let daemon = Daemon::start(settings);
    let mut all: Vec<_> = (0..1_000).map(|_| daemon.connect()).collect();
    for (number, peer) in all.iter_mut().enumerate() {
        assert_eq!(peer.ask(&format!("g {number}")), "1 Got Lock");
    }
    for _ in 0..19_000 {
        assert_eq!(daemon.connect().hear().as_deref(), Some("0 Too Many Connections"));
    }
    assert_eq!(daemon.figure("glockd_connections_refused_total"), 19_000);
    assert_eq!(all[999].ask("i 0"), "1 Locked");
    drop(all.pop());
    daemon.until("glockd_connections", |now| now != 1_000);
    assert_eq!(daemon.connect().ask("g 999"), "1 Got Lock");
}

#[test]
fn what_was_asked_before_the_end_is_answered_and_nothing_is_held_after_it() {
    let daemon = Daemon::start(settings());
    let mut peer = daemon.connect();
    peer.send("g a\ng b\ni a");
    peer.0.get_ref().shutdown(Shutdown::Write).expect("it goes well");
    let told: Vec<_> = std::iter::from_fn(|| peer.hear()).collect();
    assert_eq!(told, ["1 Got Lock", "1 Got Lock", "1 Locked"]);
    let mut other = daemon.connect();
    assert_eq!(other.ask("g a"), "1 Got Lock");
    assert_eq!(other.ask("g b"), "1 Got Lock");
}

#[test]
fn a_browsers_request_is_no_command() {
    let daemon = Daemon::start(settings());
    let mut victim = daemon.connect();
    let mut browser = daemon.connect();
    browser.send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 7\r\n\r\ng mine");
    assert_eq!(browser.hear(), None);
    assert_eq!(victim.ask("i mine"), "0 Not Locked");
}

/// A client whose process is stopped is alive, and so is its host: it keeps its lock, unless it had promised signs of life.
#[test]
fn a_stopped_process_keeps_its_lock_unless_it_promised_signs_of_life() {
    let mut settings = settings();
    (settings.machine.ping, settings.machine.silence) = (Duration::from_millis(300), Duration::from_secs(1));
    let daemon = Daemon::start(settings);
    let old = Stopped::holding(&daemon, "g old");
    let new = Stopped::holding(&daemon, "hello\ng new");
    let mut other = daemon.connect();
    assert_eq!(other.ask("lg new 20").split(' ').next(), Some("1"));
    assert_eq!(other.ask("i old"), "1 Locked");
    drop(new);
    drop(old);
    assert_eq!(other.ask("lg old 20").split(' ').next(), Some("1"), "one that is killed holds nothing");
}

/// A process that has a connection, and is stopped.
struct Stopped(Child);

impl Stopped {
    fn holding(daemon: &Daemon, lines: &str) -> Self {
        let (mine, its) = UnixStream::pair().expect("it goes well");
        let script = format!(
            "exec 3<>/dev/tcp/{}/{}; printf '{lines}\\n' >&3; while read -r line <&3; do echo \"$line\"; done",
            daemon.lines.ip(),
            daemon.lines.port()
        );
        let output = Stdio::from(std::os::fd::OwnedFd::from(its));
        let child = Command::new("bash")
            .args(["-c", &script])
            .stdin(Stdio::null())
            .stdout(output)
            .spawn()
            .expect("it goes well");
        mine.set_read_timeout(Some(PATIENCE)).expect("it goes well");
        let mut peer = Peer(std::io::BufReader::new(mine));
        while !peer.hear().expect("it goes well").contains("Got Lock") {}
        kill_process(Pid::from_child(&child), Signal::STOP).expect("it goes well");
        Self(child)
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        self.0.kill().expect("it goes well");
        self.0.wait().expect("it goes well");
    }
}

#[test]
fn ten_thousand_commands_in_one_piece_are_all_answered() {
    let daemon = Daemon::start(settings());
    let peer = TcpStream::connect(daemon.lines).expect("it goes well");
    let mut writer = peer.try_clone().expect("it goes well");
    let writing =
        std::thread::spawn(move || writer.write_all("i x\n".repeat(10_000).as_bytes()).expect("it goes well"));
    let mut peer = Peer::new(peer);
    for _ in 0..10_000 {
        assert_eq!(peer.hear().as_deref(), Some("0 Not Locked"));
    }
    writing.join().expect("it goes well");
}
