//! The client against the daemon, and against daemons that are old, silent or gone.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    os::fd::AsFd,
    os::unix::net::UnixStream,
    thread,
    time::{Duration, Instant},
};

use lockwright_tcp::{
    address::Daemon as Place,
    client::{Client, ClientError, Pause, Vigil, Why},
    server::State,
};

use super::stage::{Daemon, PATIENCE, settings};

fn connect(daemon: &Daemon) -> Client {
    Client::connect(&Place::Tcp(daemon.lines.to_string()), PATIENCE).unwrap()
}

#[test]
fn a_lock_is_waited_for_and_handed_over() {
    let daemon = Daemon::start(settings());
    let first = connect(&daemon).lock("name", None).unwrap().unwrap();
    let mut place = Client::connect(&Place::Unix(daemon.unix.clone()), PATIENCE).unwrap();
    assert!(place.hello().unwrap().is_some());
    let waiting = thread::spawn(move || place.lock("name", Some(PATIENCE)).unwrap().unwrap());
    while daemon.figure("glockd_waiters") == 0 {}
    let before = first.fence().unwrap();
    let mut client = first.unlock().unwrap();
    let second = waiting.join().unwrap();
    assert!(second.fence().unwrap() > before);
    assert_eq!(client.holder("name").unwrap().as_deref(), Some("unix:2"));
    assert!(client.inspect("name").unwrap());
    drop(second);
    assert!(client.lock("name", Some(PATIENCE)).unwrap().is_ok());
}

#[test]
fn a_lock_that_is_busy_leaves_the_connection() {
    let daemon = Daemon::start(settings());
    let mut guard = connect(&daemon).try_lock("a name").unwrap().unwrap();
    guard.check().unwrap();
    let refusal = connect(&daemon).lock("a name", Some(Duration::from_millis(10))).unwrap().unwrap_err();
    assert_eq!(refusal.why, Why::Busy);
    let mut client = refusal.client;
    assert_eq!(client.get_shared("room").unwrap(), 1);
    assert_eq!(client.inspect_shared("room").unwrap(), 1);
    assert!(client.release_shared("room").unwrap());
    assert!(client.try_lock("a name").unwrap().is_err());
    assert!(matches!(connect(&daemon).try_lock("two\nlines"), Err(ClientError::Name)));
}

#[test]
fn who_holds_learns_that_the_daemon_is_gone() {
    let daemon = Daemon::start(settings());
    let mut client = connect(&daemon);
    client.hello().unwrap().unwrap();
    let mut guard = client.lock("name", None).unwrap().unwrap();
    assert!(matches!(guard.watch(Some(Instant::now()), None), Vigil::TimedOut));
    let watching = thread::spawn(move || {
        assert!(matches!(guard.watch(None, None), Vigil::Lost(_)));
        guard.unlock().unwrap_err()
    });
    drop(daemon);
    assert!(matches!(watching.join().unwrap(), ClientError::Lost(_)));
}

#[test]
fn signs_of_life_are_given_and_asked_for_while_a_lock_is_watched() {
    let mut settings = settings();
    (settings.machine.ping, settings.machine.silence) = (Duration::from_millis(200), Duration::from_secs(1));
    let daemon = Daemon::start(settings);
    let mut client = connect(&daemon);
    client.hello().unwrap().unwrap();
    let mut guard = client.lock("name", None).unwrap().unwrap();
    // Three times as long as either may be silent.
    assert!(matches!(guard.watch(Some(Instant::now() + Duration::from_secs(3)), None), Vigil::TimedOut));
    guard.unlock().unwrap();
    assert_eq!(daemon.figure("glockd_silent_total"), 0);
}

/// What it says stands on its connection, and nothing more ever comes.
fn silent_after(answers: &'static [&'static str]) -> (Place, thread::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = Place::Tcp(listener.local_addr().unwrap().to_string());
    let thread = thread::spawn(move || {
        let (socket, _) = listener.accept().unwrap();
        let mut lines = BufReader::new(&socket).lines();
        for answer in answers {
            lines.next();
            (&socket).write_all(answer.as_bytes()).unwrap();
        }
        while let Some(Ok(_)) = lines.next() {}
    });
    (place, thread)
}

#[test]
fn a_daemon_that_hangs_is_no_daemon_that_is_sure() {
    let (place, hanging) = silent_after(&["1 Hello 1 1 1 me\n", "1 Got Lock 7\n", "1 Pong\n"]);
    let mut client = Client::connect(&place, PATIENCE).unwrap();
    assert_eq!(client.hello().unwrap().unwrap().silence, Duration::from_secs(1));
    let mut guard = client.lock("name", None).unwrap().unwrap();
    assert_eq!(guard.fence(), Some(7));
    assert!(matches!(guard.watch(None, None), Vigil::Lost(ClientError::NoAnswer)));
    drop(guard);
    hanging.join().unwrap();
}

#[test]
fn an_old_daemon_is_asked_again_and_again() {
    let (place, old) = silent_after(&["", "0 Cannot Get Lock\n", "0 Cannot Get Lock\n", "1 Got Lock\n"]);
    let mut client = Client::connect(&place, PATIENCE).unwrap();
    assert_eq!(client.hello().unwrap(), None);
    let guard = client.lock("name", None).unwrap().unwrap();
    assert_eq!(guard.fence(), None);
    drop(guard);
    old.join().unwrap();
}

#[test]
fn a_wait_can_be_interrupted() {
    let daemon = Daemon::start(settings());
    let _held = connect(&daemon).try_lock("name").unwrap().unwrap();
    let (mine, its) = UnixStream::pair().unwrap();
    (&mine).write_all(b"x").unwrap();
    let mut pauses = 0;
    let answer = connect(&daemon).lock_unless("name", None, Some(its.as_fd()), |pause| {
        assert_eq!(pause, Pause::Interrupted);
        pauses += 1;
        if pauses == 2 { Err(ClientError::Interrupted) } else { Ok(()) }
    });
    assert!(matches!(answer, Err(ClientError::Interrupted)));
    while daemon.figure("glockd_waiters") > 0 {}
}

/// A daemon that dies with a lock held, as far as its file knows: the next one is in no hurry.
#[test]
fn after_a_crash_nobody_is_granted_what_another_may_hold() {
    let dir = tempfile::tempdir().unwrap();
    let mut settings = settings();
    settings.state = State::at(&dir.path().join("state"));
    (settings.machine.silence, settings.machine.grace) = (Duration::from_secs(1), Duration::from_secs(2));
    let daemon = Daemon::start(settings.clone());
    let guard = connect(&daemon).lock("name", None).unwrap().unwrap();
    let fence = guard.fence().unwrap();
    // That it was ended well, while a lock was held, is as good as a crash to whoever held it.
    drop(daemon);
    let daemon = Daemon::start(settings);
    assert_eq!(daemon.figure("glockd_in_grace"), 1);
    let mut early = daemon.connect();
    assert_eq!(early.ask("g name"), "0 Cannot Get Lock");
    let back = daemon.connect().ask(&format!("back name {fence}"));
    assert_eq!(back.split(' ').next(), Some("1"), "{back}");
    let later = connect(&daemon).lock("name", Some(PATIENCE)).unwrap().unwrap();
    assert!(later.fence().unwrap() > fence);
}
