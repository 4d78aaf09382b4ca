//! A connection that stays while nothing comes through any more, as when a cable is pulled or a router forgets: the daemon
//! finds out within the 15 s that were agreed on, and so does the client.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use lockwright_tcp::{
    address::Daemon as Place,
    client::{Client, ClientError, Vigil},
};

use super::stage::{Daemon, PATIENCE, settings};

#[test]
fn a_holder_that_is_heard_no_more_is_gone_within_15_seconds_and_knows() {
    let daemon = Daemon::start(settings());
    let (way, is_deaf) = way(daemon.lines);
    let mut holder = Client::connect(&Place::Tcp(way.to_string()), PATIENCE).expect("it goes well");
    let hello = holder.hello().expect("it goes well").expect("new");
    assert_eq!(hello.silence, Duration::from_secs(15));
    let mut guard = holder.lock("name", None).expect("it goes well").expect("free");
    let other = Client::connect(&Place::Tcp(daemon.lines.to_string()), PATIENCE).expect("it goes well");
    is_deaf.store(true, Ordering::SeqCst);
    let watching = thread::spawn(move || guard.watch(None, None));
    // Not more than 15 s, and what a loaded machine takes.
    let granted = other.lock("name", Some(Duration::from_secs(20))).expect("it goes well");
    assert!(granted.is_ok(), "the holder is taken for alive");
    assert!(matches!(watching.join().expect("it goes well"), Vigil::Lost(ClientError::NoAnswer)));
    assert_eq!(daemon.figure("glockd_silent_total"), 1);
}

/// Somebody on the way who can be told to swallow what comes, and to keep both connections.
fn way(daemon: SocketAddr) -> (SocketAddr, Arc<AtomicBool>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let at = listener.local_addr().expect("bound");
    let is_deaf = Arc::new(AtomicBool::new(false));
    let swallows = Arc::clone(&is_deaf);
    thread::spawn(move || {
        let (near, _) = listener.accept().expect("it goes well");
        let far = TcpStream::connect(daemon).expect("it listens");
        thread::scope(|scope| {
            scope.spawn(|| forward(&near, &far, &swallows));
            forward(&far, &near, &swallows);
        });
    });
    (at, is_deaf)
}

fn forward(mut from: &TcpStream, mut to: &TcpStream, swallows: &AtomicBool) {
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        if !swallows.load(Ordering::SeqCst) && to.write_all(&buffer[..count]).is_err() {
            return;
        }
    }
}
