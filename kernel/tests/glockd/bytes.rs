//! Input in pieces: wherever it is cut, the same is done, and what has no end is not done.

use proptest::prelude::*;

use lockwright_kernel::glockd::{Settings, Wire};

use super::stage::Stage;

#[test]
fn a_second_command_in_the_same_piece_is_done_as_well() {
    let mut stage = Stage::new(Settings::default());
    stage.connect("ann", "10.0.0.1:1");
    stage.send("ann", b"g foo\ni foo\r\nr foo\ni foo\n");
    assert_eq!(stage.hear("ann"), "1 Got Lock\n1 Locked\n1 Released Lock\n0 Not Locked\n");
}

#[test]
fn a_line_without_an_end_is_not_done_when_its_client_goes() {
    let mut stage = Stage::new(Settings::default());
    for name in ["ann", "bob"] {
        stage.connect(name, name);
    }
    stage.say("ann", "g foo");
    stage.send("ann", b"r foo");
    assert_eq!(stage.say("bob", "i foo"), "1 Locked\n");
    stage.leave("ann");
    let counted = stage.glockd.statistics();
    assert_eq!((counted.orphans, counted.commands.iter().sum::<u64>()), (1, 2));
}

#[test]
fn a_message_is_a_command_and_a_reply_is_a_message() {
    let mut stage = Stage::new(Settings::default());
    stage.connect("ann", "ann");
    let bob = stage.glockd.connect("bob", Wire::Messages, stage.now).expect("there is room");
    stage.say("ann", "g foo");
    // The second waits for the first, and a line break in it is white space.
    for message in ["lg foo 9", "g two\nwords", "i two words\n"] {
        stage.glockd.handle_line(bob, message.as_bytes(), stage.now);
    }
    assert!(!stage.glockd.has_output());
    stage.glockd.handle_line(stage.id("ann"), b"r foo", stage.now);
    let mut told = Vec::new();
    loop {
        while let Some(output) = stage.glockd.poll_output() {
            if let lockwright_kernel::glockd::Output::Write { client, bytes, .. } = output {
                told.extend((client == bob).then(|| String::from_utf8(bytes).expect("text")));
            }
        }
        if !stage.glockd.step(stage.now) && !stage.glockd.has_output() {
            break;
        }
    }
    assert_eq!(told, ["1 Got Lock 4294967298\n", "1 Got Lock\n", "1 Locked\n"]);
}

/// Lines as a client might send them, and noise.
fn line() -> impl Strategy<Value = Vec<u8>> {
    let name = prop_oneof![Just("a"), Just("b"), Just("two  words"), Just("")];
    let verb = prop_oneof![
        Just("g"),
        Just("r"),
        Just("i"),
        Just("sg"),
        Just("sr"),
        Just("si"),
        Just("d"),
        Just("sd"),
        Just("dump"),
        Just("q"),
        Just("me"),
        Just("iam"),
        Just("who"),
        Just("hello"),
        Just("ping"),
        Just("pong"),
        Just("nothing"),
    ];
    let plain = (verb, name.clone()).prop_map(|(verb, name)| format!("{verb} {name}").into_bytes());
    let numbered = (prop_oneof![Just("lg"), Just("lsg"), Just("back")], name, 0..4_u32)
        .prop_map(|(verb, name, number)| format!("{verb} {name} {number}").into_bytes());
    let noise = proptest::collection::vec(any::<u8>().prop_filter("no end", |byte| *byte != b'\n'), 0..40);
    prop_oneof![6 => plain, 2 => numbered, 1 => noise]
}

proptest! {
    /// However the bytes of two clients are cut, each is told what it is told where they come line by line.
    #[test]
    fn where_input_is_cut_makes_no_difference(
        lines in proptest::collection::vec((any::<bool>(), line()), 1..40),
        cuts in proptest::collection::vec(1..9_usize, 1..20),
    ) {
        let mut whole = Stage::new(Settings::default());
        let mut cut = Stage::new(Settings::default());
        for stage in [&mut whole, &mut cut] {
            stage.connect("ann", "ann");
            stage.connect("bob", "bob");
        }
        let mut sizes = cuts.iter().cycle();
        for (first, line) in lines {
            let name = if first { "ann" } else { "bob" };
            let bytes = [&line[..], b"\n"].concat();
            whole.send(name, &bytes);
            let mut rest = &bytes[..];
            while !rest.is_empty() {
                let (piece, after) = rest.split_at(rest.len().min(*sizes.next().expect("it goes round")));
                cut.send(name, piece);
                rest = after;
            }
            prop_assert_eq!(whole.hear_all(), cut.hear_all());
        }
    }

    /// Whatever two clients send, time passing: no panic, no deadline that stays, no memory beyond the limits.
    #[test]
    fn any_bytes_will_do(
        pieces in proptest::collection::vec((0..4_u8, proptest::collection::vec(any::<u8>(), 0..200)), 1..60),
    ) {
        let settings = Settings { line: 64, ahead: 128, locks_each: 5, waiters: 1, ..Settings::default() };
        let mut stage = Stage::new(settings);
        let mut seconds = 0.0;
        for (kind, piece) in pieces {
            let name = ["ann", "bob"][usize::from(kind % 2)];
            stage.connect(name, name);
            stage.send(name, &piece);
            stage.send(name, b"\nlg x 3\n");
            stage.send(name, &piece);
            if kind > 1 {
                seconds += 2.5;
                stage.pass_until(seconds);
            }
            stage.leave(name);
            let gauges = stage.glockd.gauges();
            prop_assert!(gauges.locks + gauges.shared_locks <= 10 && gauges.waiters <= 1);
        }
        let gauges = stage.glockd.gauges();
        prop_assert_eq!((gauges.connections, gauges.locks, gauges.shared_locks, gauges.waiters), (0, 0, 0, 0));
    }
}
