//! What a connection takes of the daemon's memory that has nothing to do. Alone in its process, since it reads how much that has.

#[path = "daemon/authority.rs"]
#[expect(dead_code, reason = "the tests of the daemon use more of it")]
mod authority;
#[path = "daemon/stage.rs"]
#[expect(dead_code, reason = "the tests of the daemon use more of it")]
mod stage;

use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
};

use lockwright_tcp::tls::Files;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use authority::{Authority, open};
use stage::{Daemon, settings};

/// So many by lines, a tenth of them by WebSocket, and by TLS so many.
const CONNECTIONS: usize = 10_000;
const BY_TLS: usize = 400;

const BYTES_MAX: usize = 2048;
/// The library of TLS keeps keys, certificates and two buffers.
const TLS_BYTES_MAX: usize = 16 * 1024;

/// What is said at first, and how the end of all answers to it reads.
const LINES: (&[u8], &[u8]) = (b"g lock\nr lock\n", b"1 Released Lock\n");
const WEBSOCKET: (&[u8], &[u8]) = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    b"\r\n\r\n",
);

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "it reads /proc")]
fn an_idle_connection_takes_2_kib_at_most_and_by_tls_16() {
    // Either end of each is this process's.
    let beside = 100 + BY_TLS * 22 / 10;
    let lines = (handles(CONNECTIONS * 22 / 10 + beside) - beside) * 10 / 22;
    assert!(lines >= CONNECTIONS / 10, "a process may have so few handles here that {lines} would tell nothing");
    let (each, _secured) = by_tls();
    println!("{BY_TLS} by TLS: {each} bytes for each");
    assert!(each <= TLS_BYTES_MAX, "TLS: {each} bytes for each of {BY_TLS}");
    let mut settings = settings();
    settings.machine.connections = 2 * CONNECTIONS;
    let daemon = Daemon::start(settings);
    // The first makes room for what there is once.
    let mut all = connect(1, daemon.lines, LINES.0, LINES.1);
    for (way, count, address, (say, hear)) in
        [("lines", lines, daemon.lines, LINES), ("WebSocket", lines / 10, daemon.websocket, WEBSOCKET)]
    {
        let before = resident();
        all.extend(connect(count, address, say, hear));
        let each = (resident() - before) / count;
        println!("{count} by {way}: {each} bytes for each");
        assert!(each <= BYTES_MAX, "{way}: {each} bytes for each of {count}");
    }
}

/// What each of [`BY_TLS`] takes. They stay, so that their memory is nobody else's.
fn by_tls() -> (usize, (Daemon, Vec<TcpStream>)) {
    let ours = Authority::new();
    let daemon = ours.daemon(settings());
    let files = ours.files(&["ann"], &[]);
    // Nothing is left of this end but its socket, so that what is counted is the daemon's.
    let connect = |count| (0..count).map(|_| secured(daemon.lines, &files)).collect::<Vec<_>>();
    let mut all = connect(BY_TLS / 10);
    let before = resident();
    all.extend(connect(BY_TLS));
    let each = (resident() - before) / BY_TLS;
    (each, (daemon, all))
}

/// A connection that has shown its certificate, and was answered.
fn secured(at: SocketAddr, files: &Files) -> TcpStream {
    let mut stream = open(at, files);
    stream.write_all(LINES.0).expect("it reads");
    let mut heard = [0; b"1 Got Lock\n".len() + LINES.1.len()];
    stream.read_exact(&mut heard).expect("an answer");
    assert!(heard.ends_with(LINES.1));
    stream.sock
}

/// Connections that have said that, and heard all that was answered.
fn connect(count: usize, address: SocketAddr, say: &[u8], hear: &[u8]) -> Vec<TcpStream> {
    let one = |_| {
        let mut tcp = TcpStream::connect(address).expect("it listens");
        tcp.write_all(say).expect("it reads");
        let (mut buffer, mut heard) = ([0; 512], 0);
        while !buffer[..heard].ends_with(hear) {
            let count = tcp.read(&mut buffer[heard..]).expect("an answer");
            assert!(count > 0, "it was closed after {:?}", String::from_utf8_lossy(&buffer[..heard]));
            heard += count;
        }
        tcp
    };
    (0..count).map(one).collect()
}

/// How many handles this process may have: so many, where it may say so itself.
fn handles(wanted: usize) -> usize {
    let most = getrlimit(Resource::Nofile).maximum;
    let wanted = wanted as u64;
    let all = Rlimit { current: Some(wanted), maximum: Some(most.map_or(wanted, |most| most.max(wanted))) };
    if setrlimit(Resource::Nofile, all).is_err() {
        setrlimit(Resource::Nofile, Rlimit { current: most, maximum: most }).expect("it may have as many");
    }
    let now = getrlimit(Resource::Nofile).current;
    now.map_or(wanted, |now| now.min(wanted)).try_into().expect("it is no more than was wanted")
}

/// Bytes of memory that this process has.
fn resident() -> usize {
    let pages = fs::read_to_string("/proc/self/statm").expect("Linux has it");
    let pages: usize = pages.split(' ').nth(1).and_then(|pages| pages.parse().ok()).expect("it is a number");
    pages * 4096
}
