//! Limits: each has a clear answer, and nobody else notices.

use lockwright_kernel::glockd::{Settings, TooManyConnections, Wire};

use super::stage::Stage;

#[test]
fn a_line_without_an_end_is_cut_off() {
    let mut stage = Stage::new(Settings::default());
    stage.connect("ann", "ann");
    stage.connect("bob", "bob");
    stage.say("ann", "g foo");
    let mut sent = 0;
    while stage.glockd.gauges().connections == 2 {
        stage.send("ann", &[b'x'; 1000]);
        sent += 1000;
        assert!(sent <= 5000, "it goes on for ever");
    }
    assert_eq!(stage.hear("ann"), "0 Line Too Long\n!LineTooLong\n");
    assert_eq!(stage.say("bob", "g foo"), "1 Got Lock\n");
}

#[test]
fn a_line_one_byte_too_long_is_too_long_however_it_comes() {
    let settings = || Settings { line: 9, ..Settings::default() };
    for pieces in [vec!["g 12345678\n"], vec!["g 12345678"], vec!["g 123", "45678\n"]] {
        let mut stage = Stage::new(settings());
        stage.connect("ann", "ann");
        assert_eq!(stage.say("ann", "g 1234567"), "1 Got Lock\n");
        for piece in &pieces {
            stage.send("ann", piece.as_bytes());
        }
        assert_eq!(stage.hear("ann"), "0 Line Too Long\n!LineTooLong\n", "{pieces:?}");
    }
}

#[test]
fn so_much_may_be_sent_ahead_of_a_wait_and_no_more() {
    let mut stage = Stage::new(Settings { ahead: 5000, ..Settings::default() });
    stage.connect("ann", "ann");
    stage.connect("bob", "bob");
    stage.say("ann", "g foo");
    stage.send("bob", b"lg foo 60\n");
    stage.send("bob", &b"ping\n".repeat(1000));
    assert_eq!(stage.hear("bob"), "");
    stage.send("ann", b"r foo\n");
    assert_eq!(stage.hear("bob"), format!("1 Got Lock 4294967298\n{}", "1 Pong\n".repeat(1000)));

    stage.send("ann", b"lg foo 60\n");
    stage.send("ann", &b"ping\n".repeat(1001));
    assert_eq!(stage.hear("ann"), "1 Released Lock\n0 Too Much Sent Ahead\n!TooMuchAhead\n");
    assert_eq!(stage.glockd.gauges().waiters, 0);
}

#[test]
fn as_many_are_connected_as_may_be() {
    let mut stage = Stage::new(Settings { connections: 2, ..Settings::default() });
    for name in ["ann", "bob"] {
        stage.connect(name, name);
    }
    assert_eq!(stage.glockd.connect("cay", Wire::Stream, stage.now), Err(TooManyConnections));
    assert_eq!(TooManyConnections.reply(), b"0 Too Many Connections\n");
    stage.leave("ann");
    stage.connect("cay", "cay");
    assert_eq!(stage.say("cay", "ping"), "1 Pong\n");
}

#[test]
fn much_is_released_in_pieces_and_others_come_in_between() {
    const LOCKS: usize = 10_000;
    let mut stage = Stage::new(Settings { locks_each: LOCKS + 1, ..Settings::default() });
    for name in ["ann", "bob", "cay"] {
        stage.connect(name, name);
    }
    let lines = numbered(LOCKS, |number| format!("g {number}\n"));
    stage.send("ann", lines.as_bytes());
    stage.say("cay", "lg 0 60");
    stage.glockd.handle_disconnect(stage.id("ann"));
    let mut steps = 0;
    let mut held = stage.glockd.gauges().locks;
    assert_eq!(held, LOCKS);
    while stage.glockd.step(stage.now) {
        steps += 1;
        stage.glockd.handle_bytes(stage.id("bob"), b"ping\n", stage.now);
        assert!(stage.glockd.poll_output().is_some(), "others are answered in between");
        let left = stage.glockd.gauges().locks;
        assert!(held - left <= 256, "{} at once", held - left);
        held = left;
    }
    assert!(steps >= LOCKS / 256);
    stage.settle();
    // What somebody waited for went to who waited, as soon as its turn came.
    assert_eq!(stage.hear("cay"), format!("1 Got Lock {}\n", (1_u64 << 32) + LOCKS as u64 + 1));
    assert_eq!((stage.glockd.gauges().locks, stage.glockd.statistics().orphans), (1, LOCKS as u64));
}

#[test]
fn a_long_list_comes_in_pieces_as_fast_as_it_is_read() {
    let mut stage = Stage::new(Settings::default());
    for name in ["ann", "bob"] {
        stage.connect(name, name);
    }
    let lines = numbered(1000, |number| format!("g {number:04}\n"));
    stage.send("ann", lines.as_bytes());
    stage.hear("ann");
    stage.glockd.handle_bytes(stage.id("bob"), b"d\nping\n", stage.now);
    while stage.glockd.step(stage.now) {}
    let mut pieces = 0;
    let mut text = String::new();
    while let Some(output) = stage.glockd.poll_output() {
        let lockwright_kernel::glockd::Output::Write { client, bytes, has_more } = output else { panic!("{output:?}") };
        text.push_str(std::str::from_utf8(&bytes).expect("text"));
        pieces += 1;
        if has_more {
            assert!(bytes.len() <= 256 * "0000: ann\n".len());
            assert_eq!(stage.glockd.poll_output(), None, "nothing comes that was not asked for");
            stage.glockd.handle_drained(client);
            while stage.glockd.step(stage.now) {}
        }
    }
    let listed = numbered(1000, |number| format!("{number:04}: ann\n"));
    assert_eq!(text, format!("{listed}1 Pong\n"));
    assert_eq!(pieces, 4);

    let map = stage.say("bob", "dump");
    assert_eq!(map.matches(":ann").count(), 1000);
    assert!(map.starts_with("map[0000:ann 0001:ann ") && map.ends_with(" 0999:ann]\n"), "{map}");
}

#[test]
fn whoever_goes_while_a_list_is_given_is_told_no_more() {
    let mut stage = Stage::new(Settings::default());
    for name in ["ann", "bob"] {
        stage.connect(name, name);
    }
    let lines = numbered(1000, |number| format!("g {number:04}\n"));
    stage.send("ann", lines.as_bytes());
    let bob = stage.id("bob");
    stage.glockd.handle_bytes(bob, b"d\n", stage.now);
    stage.leave("bob");
    stage.glockd.handle_drained(bob);
    assert_eq!(stage.glockd.poll_output(), None);
    assert_eq!(stage.hear("bob"), "");
}

/// A line for each number.
fn numbered(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).map(line).collect::<Vec<_>>().concat()
}
