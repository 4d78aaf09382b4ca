//! The transcripts of the machine, played over TCP and over a unix socket: the same answers, byte for byte.
//!
//! Those in which time passes or the daemon dies are the machine's own, for it is told both.

use std::{
    collections::BTreeMap,
    fs,
    io::{Read, Write},
    net::TcpStream,
    os::unix::net::UnixStream,
    path::Path,
    time::Duration,
};

use lockwright_kernel::glockd::Replies;
use lockwright_tcp::server::Settings;

use super::stage::{Daemon, PATIENCE, Peer, settings};

#[test]
fn every_transcript_goes_so_over_tcp() {
    play_all(|daemon| TcpStream::connect(daemon.lines).unwrap());
}

#[test]
fn every_transcript_goes_so_over_a_unix_socket() {
    play_all(|daemon| {
        let socket = UnixStream::connect(&daemon.unix).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket
    });
}

fn play_all<S: Read>(connect: impl Fn(&Daemon) -> S)
where
    for<'a> &'a S: Write,
{
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../kernel/tests/glockd/transcripts");
    let mut played = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let needs_more = |line: &str| line.starts_with(['@', '=']) || line.starts_with("% idle");
        if !text.lines().any(needs_more) {
            play(&text, &path.display().to_string(), &connect);
            played += 1;
        }
    }
    assert!(played >= 6, "only {played} transcripts were played");
}

fn play<S: Read>(text: &str, name: &str, connect: impl Fn(&Daemon) -> S)
where
    for<'a> &'a S: Write,
{
    let mut settings = settings();
    text.lines().filter_map(|line| line.strip_prefix("% ")).for_each(|setting| set(&mut settings, setting));
    let daemon = Daemon::start(settings);
    let mut peers = BTreeMap::new();
    let mut places: Vec<(String, String)> = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with(['%', '#']) && !line.is_empty()) {
        let gone = |peers: &mut BTreeMap<&str, Peer<S>>, who: &str| {
            let was = daemon.figure("glockd_connections");
            drop(peers.remove(who).unwrap());
            while daemon.figure("glockd_connections") == was {}
        };
        if let Some(newcomer) = line.strip_prefix("+ ") {
            let (who, place) = newcomer.split_once(' ').unwrap();
            let mut peer = Peer(std::io::BufReader::new(connect(&daemon)));
            let me = peer.ask("me");
            places.push((me.split(' ').nth(1).unwrap().to_owned(), place.to_owned()));
            peers.insert(who, peer);
        } else if let Some(who) = line.strip_prefix("- ") {
            gone(&mut peers, who);
        } else if let Some((who, sent)) = line.split_once("> ") {
            peers[who].send(sent);
        } else if let Some((who, told)) = line.split_once("< ") {
            let heard = peers.get_mut(who).unwrap().hear();
            let heard = heard.map(|heard| places.iter().fold(heard, |text, (mine, its)| text.replace(mine, its)));
            assert_eq!(heard.as_deref(), Some(told), "{name}: {line}");
        } else if let Some((who, _why)) = line.split_once("! ") {
            assert_eq!(peers.get_mut(who).unwrap().hear(), None, "{name}: {line}");
        } else if let Some(who) = line.strip_suffix('>') {
            peers[who].send("");
        } else {
            panic!("{name}: what is {line}?");
        }
    }
    for (who, mut peer) in peers {
        if peer.0.buffer().is_empty() && !text.contains(&format!("\n{who}! ")) {
            assert_eq!(peer.ask("ping"), "1 Pong", "{name}: {who} was told more than was asked");
        }
    }
}

fn set(settings: &mut Settings, setting: &str) {
    let (key, value) = setting.split_once('=').unwrap();
    let count = || value.parse().unwrap();
    let machine = &mut settings.machine;
    match key {
        "replies" if value == "named" => machine.replies = Replies::Named,
        "dump" => machine.dump = value == "on",
        "registry" => machine.registry = value == "on",
        "locks_each" => machine.locks_each = count(),
        "waiters" => machine.waiters = count(),
        "line" => machine.line = count(),
        "ahead" => machine.ahead = count(),
        "idle" => machine.idle = Some(Duration::from_secs(count() as u64)),
        _ => panic!("{key} cannot be set so"),
    }
}
