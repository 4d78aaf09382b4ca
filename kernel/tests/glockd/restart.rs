//! After the end of a server: who gets back what, and what is persisted when.

use lockwright_kernel::{
    clock::Instant,
    glockd::{Saved, Settings},
};

use super::stage::Stage;

/// A server that was not shut down, and what its clients were granted: `ann` `foo` before `bob` `foo`.
fn crashed() -> (Option<Saved>, [String; 2]) {
    let mut stage = Stage::new(Settings::default());
    for name in ["ann", "bob"] {
        stage.connect(name, name);
    }
    let of_ann = stage.say("ann", "lg foo 0");
    stage.leave("ann"); // Which it does not notice.
    let of_bob = stage.say("bob", "lg foo 0");
    (stage.saved, [of_ann, of_bob].map(|told| fence(&told)))
}

/// The number at the end of what was told.
fn fence(told: &str) -> String {
    let number = told.trim_end().rsplit(' ').next().unwrap_or_default();
    number.parse::<u64>().unwrap_or_else(|_| panic!("`{told}` has no fence")).to_string()
}

#[test]
fn who_was_granted_a_lock_last_gets_it_back_whoever_asks_first() {
    for order in [["ann", "bob"], ["bob", "ann"]] {
        let (saved, [of_ann, of_bob]) = crashed();
        let mut stage = Stage::after(Settings::default(), saved);
        for name in order {
            stage.connect(name, name);
            let claim = format!("back foo {}", if name == "ann" { &of_ann } else { &of_bob });
            assert_eq!(stage.say(name, &claim), "", "nobody is answered before all had the time to ask");
        }
        stage.pass_until(20.0);
        assert_eq!(stage.hear("ann"), "0 Cannot Get Lock\n");
        let told = stage.hear("bob");
        assert!(fence(&told).parse::<u64>().unwrap_or(0) > of_bob.parse().unwrap_or(u64::MAX), "{told}");
        assert_eq!(stage.say("ann", "g foo"), "0 Cannot Get Lock\n");
        assert_eq!(stage.say("bob", "r foo"), "1 Released Lock\n");
    }
}

#[test]
fn several_locks_can_be_asked_for_one_after_the_other() {
    let (saved, [of_ann, _]) = crashed();
    let mut stage = Stage::after(Settings::default(), saved);
    stage.connect("ann", "ann");
    stage.send("ann", format!("back foo {of_ann}\nback bar {of_ann}\nping\nback baz {of_ann}\n").as_bytes());
    stage.pass_until(20.0);
    let told = stage.hear("ann");
    let words: Vec<_> = told.lines().map(|line| line.trim_end_matches(|char: char| char.is_ascii_digit())).collect();
    // The last came after something else, and so too late.
    assert_eq!(words, ["1 Got Lock ", "1 Got Lock ", "1 Pong", "0 No Grace"]);
}

#[test]
fn who_goes_again_before_the_time_is_over_gets_nothing_back() {
    let (saved, [of_ann, of_bob]) = crashed();
    let mut stage = Stage::after(Settings::default(), saved);
    for (name, fence) in [("ann", &of_ann), ("bob", &of_bob)] {
        stage.connect(name, name);
        stage.say(name, &format!("back foo {fence}"));
    }
    stage.leave("bob");
    stage.pass_until(20.0);
    assert!(stage.hear("ann").starts_with("1 Got Lock "));
}

#[test]
fn a_grant_outlives_an_end_within_the_time_of_grace_and_none_after() {
    let (saved, [_, of_bob]) = crashed();
    let mut short = Stage::after(Settings::default(), saved);
    short.pass_until(19.0);
    let mut second = Stage::after(Settings::default(), short.saved);
    second.connect("bob", "bob");
    second.say("bob", &format!("back foo {of_bob}"));
    second.pass_until(20.0);
    let again = fence(&second.hear("bob"));

    let mut third = Stage::after(Settings::default(), second.saved);
    third.connect("ann", "ann");
    third.connect("bob", "bob");
    third.say("ann", &format!("back foo {of_bob}\nback bar {of_bob}"));
    third.say("bob", &format!("back foo {again}"));
    third.pass_until(20.0);
    // What the second server granted is what counts; of what was granted before it nothing is left.
    assert_eq!(third.hear("ann"), "0 Cannot Get Lock\n0 Cannot Get Lock\n");
    assert!(third.hear("bob").starts_with("1 Got Lock "));
}

#[test]
fn who_waits_in_the_time_of_grace_is_served_in_turn_at_its_end() {
    let (saved, _) = crashed();
    let mut stage = Stage::after(Settings::default(), saved);
    for name in ["ann", "bob", "cay"] {
        stage.connect(name, name);
    }
    stage.say("cay", "lg foo 10");
    stage.say("bob", "lg foo 60");
    stage.say("ann", "lg foo 60");
    stage.pass_until(20.0);
    assert_eq!((stage.hear("cay"), stage.hear("ann")), ("0 Timed Out\n".into(), String::new()));
    assert!(stage.hear("bob").starts_with("1 Got Lock "));
    stage.leave("bob");
    assert!(stage.hear("ann").starts_with("1 Got Lock "));
}

/// Whatever piece of the work was done last as they come.
#[test]
fn who_comes_at_the_end_of_the_time_of_grace_waits_for_nobody_but_holders() {
    for pieces in 0.. {
        let (saved, _) = crashed();
        let mut stage = Stage::after(Settings::default(), saved);
        for name in ["ann", "bob"] {
            stage.connect(name, name);
        }
        stage.say("bob", "lg foo 60");
        stage.now = Instant::new(Settings::default().grace);
        stage.glockd.handle_time(stage.now);
        let is_over = !(0..pieces).all(|_| stage.glockd.step(stage.now));
        stage.say("ann", "lg bar 60\nlg foo 60");
        let told = stage.hear_all();
        assert!(told.contains_key("bob"), "after {pieces} pieces");
        stage.leave("bob");
        let later = stage.hear("ann");
        assert!(later.starts_with("1 Got Lock "), "after {pieces} pieces: {told:?}, {later:?}");
        if is_over {
            break;
        }
    }
}

#[test]
fn the_epoch_is_persisted_before_anything_is_said_in_it() {
    let saved = Saved { epoch: 6, since: 6, is_clean: true };
    let stage = Stage::after(Settings::default(), Some(saved));
    assert_eq!(stage.saved, Some(Saved { epoch: 7, since: 7, is_clean: false }));
    let unclean = Stage::after(Settings::default(), stage.saved);
    assert_eq!(unclean.saved, Some(Saved { epoch: 8, since: 7, is_clean: false }));
}

#[test]
fn an_end_with_nothing_held_is_clean_and_no_other_is() {
    for (line, is_clean) in [("ping", true), ("g foo", false), ("sg foo", false)] {
        let mut stage = Stage::new(Settings::default());
        stage.connect("ann", "ann");
        stage.say("ann", line);
        stage.glockd.shut_down();
        stage.settle();
        assert_eq!(stage.hear("ann"), "!Stopping\n");
        assert_eq!(stage.saved.map(|saved| saved.is_clean), Some(is_clean), "{line}");
    }
}

#[test]
fn whoever_may_not_know_that_its_connection_broke_keeps_its_lock_until_it_has_to_know() {
    let mut stage = Stage::new(Settings::default());
    for name in ["ann", "bob"] {
        stage.connect(name, name);
    }
    stage.say("ann", "hello\ng foo\nsg pool");
    stage.pass_until(4.0);
    stage.say("ann", "ping");
    stage.glockd.handle_loss(stage.id("ann"));
    stage.settle();
    assert_eq!((stage.glockd.gauges().connections, stage.say("bob", "lg foo 60")), (1, String::new()));
    stage.pass_until(18.5);
    assert_eq!((stage.hear("bob"), stage.say("ann", "r foo")), (String::new(), String::new()));
    stage.pass_until(19.0);
    assert!(stage.hear("bob").starts_with("1 Got Lock "), "15 s after its last line");
    assert_eq!(stage.say("bob", "r foo\nsi pool"), "1 Released Lock\n0 Not Locked\n");
    assert_eq!(stage.glockd.next_deadline(), None);
}

#[test]
fn a_loss_is_an_end_to_who_never_said_hello_and_to_who_holds_nothing() {
    for lines in ["g foo", "hello"] {
        let mut stage = Stage::new(Settings::default());
        for name in ["ann", "bob"] {
            stage.connect(name, name);
        }
        stage.say("ann", lines);
        stage.glockd.handle_loss(stage.id("ann"));
        stage.settle();
        assert_eq!((stage.say("bob", "g foo"), stage.glockd.next_deadline()), ("1 Got Lock\n".into(), None), "{lines}");
    }
}

#[test]
fn signs_of_life_do_not_pile_up_while_a_client_waits() {
    let mut stage = Stage::new(Settings { ahead: 64, line: 32, ..Settings::default() });
    for name in ["ann", "bob"] {
        stage.connect(name, name);
    }
    stage.say("ann", "g foo");
    stage.say("bob", "hello\nlg foo 3600");
    for tick in 1..100 {
        stage.pass_until(f64::from(tick) * 5.0);
        assert!(stage.hear("bob").ends_with("ping\n"));
        stage.say("bob", "pong");
    }
    assert_eq!(stage.say("ann", "r foo"), "1 Released Lock\n");
    assert_eq!(stage.hear("bob"), "1 Got Lock 4294967298\n");
}
