//! The daemon over WebSocket.

use std::{net::TcpStream, time::Duration};

use tungstenite::{ClientRequestBuilder, Message, WebSocket};

use super::stage::{Daemon, PATIENCE, settings};

fn connect(daemon: &Daemon, origin: Option<&str>) -> Result<WebSocket<TcpStream>, String> {
    let tcp = TcpStream::connect(daemon.websocket).unwrap();
    tcp.set_read_timeout(Some(PATIENCE)).unwrap();
    let uri = format!("ws://{}/", daemon.websocket).parse().unwrap();
    let mut request = ClientRequestBuilder::new(uri);
    if let Some(origin) = origin {
        request = request.with_header("Origin", origin);
    }
    tungstenite::client(request, tcp).map(|(socket, _)| socket).map_err(|error| error.to_string())
}

fn ask(socket: &mut WebSocket<TcpStream>, command: &str) -> String {
    socket.send(Message::text(command)).unwrap();
    hear(socket)
}

fn hear(socket: &mut WebSocket<TcpStream>) -> String {
    loop {
        if let Message::Text(text) = socket.read().unwrap() {
            return text.to_string();
        }
    }
}

#[test]
fn one_message_is_one_command_and_one_reply() {
    let daemon = Daemon::start(settings());
    let mut lines = daemon.connect();
    let mut socket = connect(&daemon, None).unwrap();
    assert_eq!(ask(&mut socket, "g foo"), "1 Got Lock");
    assert_eq!(lines.ask("g foo"), "0 Cannot Get Lock");
    assert_eq!(lines.ask("g bar"), "1 Got Lock");
    assert_eq!(ask(&mut socket, "g two\nlines\n"), "1 Got Lock");
    assert_eq!(lines.ask("i two lines"), "1 Locked");
    let me = ask(&mut socket, "me");
    let from = me.split(' ').nth(1).unwrap();
    assert_eq!(ask(&mut socket, "d"), format!("bar: {}\nfoo: {from}\ntwo lines: {from}", lines.from()));
    socket.send(Message::Ping("x".into())).unwrap();
    assert_eq!(socket.read().unwrap(), Message::Pong("x".into()));
    drop(socket);
    assert_eq!(lines.ask("lg foo 20").split(' ').next(), Some("1"));
}

#[test]
fn who_waits_is_told_when_it_is_time() {
    let daemon = Daemon::start(settings());
    let mut lines = daemon.connect();
    assert_eq!(lines.ask("g foo"), "1 Got Lock");
    let mut socket = connect(&daemon, None).unwrap();
    socket.send(Message::text("lg foo 20")).unwrap();
    while daemon.figure("glockd_waiters") == 0 {}
    assert_eq!(lines.ask("r foo"), "1 Released Lock");
    assert_eq!(hear(&mut socket), "1 Got Lock 4294967298");
}

#[test]
fn a_page_in_a_browser_may_not_connect_unless_it_is_allowed() {
    let mut settings = settings();
    settings.origins = vec!["https://ours.example".to_owned()];
    let daemon = Daemon::start(settings);
    assert!(connect(&daemon, Some("https://theirs.example")).unwrap_err().contains("403"));
    let mut ours = connect(&daemon, Some("https://ours.example")).unwrap();
    assert_eq!(ask(&mut ours, "g foo"), "1 Got Lock");
}

#[test]
fn a_message_above_the_limit_ends_the_connection() {
    let daemon = Daemon::start(settings());
    let mut socket = connect(&daemon, None).unwrap();
    assert_eq!(ask(&mut socket, "g foo"), "1 Got Lock");
    socket.send(Message::text("x".repeat(10_000))).unwrap();
    assert!(socket.read().is_err());
    assert_eq!(daemon.connect().ask("lg foo 20").split(' ').next(), Some("1"));
}

#[test]
fn whoever_speaks_no_websocket_is_not_waited_for() {
    let mut settings = settings();
    settings.line_time_max = Duration::from_secs(1);
    let daemon = Daemon::start(settings);
    let mut peer = super::stage::Peer::new(TcpStream::connect(daemon.websocket).unwrap());
    peer.send("GET / HTTP/1.1\r");
    assert_eq!(peer.hear(), None);
}
