//! A counterexample as a test, as `lockwright replay --as test` wrote it; and that it is still written so.

/// no live holder dispossessed: A1 holds the lock, and "lock" is gone.
#[test]
fn dotlock_empty_is_stale_2_0_no_live_holder_dispossessed() {
    let token = "lw1:dotlock.empty_is_stale/2/0/atomic:any:01101";
    let token: lockwright_sim::Token = token.parse().expect("lockwright printed it");
    let entry = lockwright_sim::catalogue::find(&token.scenario.protocol).expect("it is in the catalogue");
    let violated = token.trace(entry.protocol()).map(|trace| trace.property);
    assert_eq!(violated, Ok(lockwright_sim::protocol::Property::NotDispossessed));
}

#[test]
fn the_test_above_is_what_its_token_is_written_as() {
    let token: lockwright_sim::Token = "lw1:dotlock.empty_is_stale/2/0/atomic:any:01101".parse().unwrap();
    let protocol = lockwright_sim::catalogue::find(&token.scenario.protocol).unwrap().protocol();
    let trace = token.trace(protocol).unwrap();
    let of_this_code = lockwright_sim::Trace { code: Some(lockwright_sim::Code::CURRENT), ..trace };
    let written = of_this_code.to_test();
    assert!(include_str!("trace_stub.rs").contains(&written), "{written}");
}
