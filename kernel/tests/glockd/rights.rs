//! What a client may: each command that touches a lock asks for the right that it takes, and tells nothing without it.

use lockwright_kernel::glockd::{May, Names, Right, Rights, Settings};

use super::stage::Stage;

const FORBIDDEN: &str = "0 Not Allowed\n";

fn right(may: May, names: &str) -> Right {
    Right { may, names: Names::parse(names.as_bytes()) }
}

/// Ann may all; bob may hold what begins with `b/`, and look at `seen`.
fn stage() -> Stage {
    let mut stage = Stage::new(Settings::default());
    stage.connect("ann", "ann");
    let bob = stage.connect("bob", "bob");
    stage.glockd.allow_only(bob, Rights::only([right(May::Hold, "b/*"), right(May::Look, "seen")]));
    stage
}

#[test]
fn what_is_not_allowed_is_refused_and_tells_nothing() {
    let mut stage = stage();
    for name in ["a", "seen", "b/"] {
        assert_eq!(stage.say("ann", &format!("g {name}")), "1 Got Lock\n");
    }
    let asked = ["g a", "lg a 0", "lg a 9", "sg a", "lsg a 2", "i a", "si a", "d a", "sd a"];
    for line in asked.into_iter().chain(["d", "sd", "dump", "dump shared", "who", "who ann", "g seen", "g B/x", "g b"])
    {
        assert_eq!(stage.say("bob", line), FORBIDDEN, "{line}");
    }
    assert_eq!(stage.glockd.statistics().forbidden, 18);
    assert_eq!(stage.glockd.gauges().waiters, 0);
    for (line, told) in [
        ("i seen", "1 Locked\n"),
        ("d seen", "seen: ann\n"),
        ("g b/", "0 Cannot Get Lock\n"),
        ("i b/", "1 Locked\n"),
        ("g b/x", "1 Got Lock\n"),
        ("lsg b/y 1", "1 Got Lock 4294967301\n"),
        ("r a", "0 Cannot Release Lock\n"),
        ("me", "1 bob bob\n"),
    ] {
        assert_eq!(stage.say("bob", line), told, "{line}");
    }
}

#[test]
fn whoever_may_look_at_all_is_given_lists() {
    let mut stage = stage();
    let cay = stage.connect("cay", "cay");
    stage.glockd.allow_only(cay, Rights::only([right(May::Look, "*")]));
    stage.say("ann", "g a");
    assert_eq!(stage.say("cay", "d"), "a: ann\n");
    assert_eq!(stage.say("cay", "g c"), FORBIDDEN);
    let nobody = stage.connect("nobody", "nobody");
    stage.glockd.allow_only(nobody, Rights::only([]));
    assert_eq!(stage.say("nobody", "i a"), FORBIDDEN);
}

#[test]
fn what_was_held_can_be_given_back_by_whoever_may_no_longer_hold_it() {
    let mut stage = stage();
    stage.say("ann", "g a");
    stage.glockd.allow_only(stage.id("ann"), Rights::only([]));
    assert_eq!(stage.say("ann", "i a"), FORBIDDEN);
    assert_eq!(stage.say("ann", "r a"), "1 Released Lock\n");
}

/// What is taken from somebody who waits is not granted to it later.
#[test]
fn whoever_waits_for_what_it_may_no_longer_hold_is_refused_and_never_granted_it() {
    let mut stage = stage();
    stage.say("ann", "g b/x");
    assert_eq!(stage.say("bob", "lg b/x 9"), "");
    stage.send("bob", b"i b/x\ni seen\n");
    stage.glockd.allow_only(stage.id("bob"), Rights::only([right(May::Look, "b/*")]));
    stage.settle();
    assert_eq!(stage.hear("bob"), [FORBIDDEN, "1 Locked\n", FORBIDDEN].concat());
    stage.say("ann", "r b/x");
    assert_eq!((stage.hear("bob").as_str(), stage.glockd.gauges().locks, stage.glockd.gauges().waiters), ("", 0, 0));
    // Whoever may still hold what it waits for goes on waiting.
    let cay = stage.connect("cay", "cay");
    stage.say("ann", "g b/x");
    assert_eq!(stage.say("cay", "lg b/x 9"), "");
    stage.glockd.allow_only(cay, Rights::only([right(May::Hold, "b/x")]));
    stage.say("ann", "r b/x");
    assert_eq!(stage.hear("cay").split(' ').next(), Some("1"));
}

/// A claim is granted at the end of the time of grace, to who may hold it then.
#[test]
fn a_claim_to_what_may_no_longer_be_held_is_not_granted() {
    let mut before = Stage::new(Settings::default());
    before.connect("ann", "ann");
    before.say("ann", "lg b/x 0");
    let mut stage = Stage::after(Settings::default(), before.saved);
    let bob = stage.connect("bob", "bob");
    assert_eq!(stage.say("bob", "back b/x 4294967297"), "");
    stage.glockd.allow_only(bob, Rights::only([right(May::Look, "*")]));
    stage.pass_until(20.0);
    assert_eq!((stage.hear("bob").as_str(), stage.glockd.gauges().locks), (FORBIDDEN, 0));
}

/// The answers to claims come together, in the order of the claims.
#[test]
fn a_claim_that_is_not_allowed_is_answered_in_its_turn() {
    let mut before = Stage::new(Settings::default());
    before.connect("ann", "ann");
    for name in ["b/x", "a", "b/y"] {
        before.say("ann", &format!("lg {name} 0"));
    }
    let mut stage = Stage::after(Settings::default(), before.saved);
    let bob = stage.connect("bob", "bob");
    stage.glockd.allow_only(bob, Rights::only([right(May::Hold, "b/*")]));
    let claims = "back b/x 4294967297\nback a 4294967298\nback b/y 4294967299\ni a\ni b/x\n";
    stage.send("bob", claims.as_bytes());
    assert_eq!(stage.hear("bob"), "");
    stage.pass_until(20.0);
    let (first, last) = ("1 Got Lock 8589934593\n", "1 Got Lock 8589934594\n");
    assert_eq!(stage.hear("bob"), [first, FORBIDDEN, last, FORBIDDEN, "1 Locked\n"].concat());
    assert_eq!(stage.glockd.gauges().locks, 2);
}

#[test]
fn names_are_read_as_commands_have_them() {
    for (text, name, expected) in [
        ("*", "", true),
        ("*", "anything", true),
        ("two  words", "two words", true),
        ("two words", "two wordsmore", false),
        ("two *", "two words", true),
        ("two *", "two", false),
        ("two*", "two", true),
        ("", "", true),
        ("", "a", false),
        ("a*b", "a*b", true),
        ("a*b", "axb", false),
    ] {
        assert_eq!(
            Rights::only([right(May::Look, text)]).allow(May::Look, name.as_bytes()),
            expected,
            "{text}: {name}"
        );
    }
}
