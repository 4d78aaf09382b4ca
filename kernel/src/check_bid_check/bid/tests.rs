//! Bids go to text and back, no text panics, and only a whole bid is read.

use alloc::{string::ToString, vec::Vec};

use proptest::{prelude::*, sample::Index};

use super::*;

fn bidders() -> impl Strategy<Value = Bidder> {
    (any::<u64>(), any::<u64>()).prop_map(|(pid, created)| Bidder { pid, created })
}

proptest! {
    #[test]
    fn a_bid_that_is_written_is_read_back(bidder in bidders()) {
        prop_assert_eq!(Bidder::read(&bidder.written()), Some(bidder));
    }

    #[test]
    fn no_beginning_of_a_bid_is_a_bid(bidder in bidders(), at in any::<Index>()) {
        let written = bidder.written();
        prop_assert_eq!(Bidder::read(&written[..at.index(written.len())]), None);
    }

    #[test]
    fn anything_is_read_or_refused(bytes in any::<Vec<u8>>()) {
        let _ = Bidder::read(&bytes);
    }

    #[test]
    fn what_is_nearly_a_bid_is_refused_or_says_what_it_says(
        bidder in bidders(), at in any::<Index>(), with in "[0-9{}\",:. PIDCREATED-]{0,3}",
    ) {
        let mut bytes = bidder.written();
        let at = at.index(bytes.len());
        bytes.splice(at..=at, with.bytes());
        if let Some(read) = Bidder::read(&bytes) {
            let dense = |bytes: &[u8]| bytes.iter().copied().filter(|byte| *byte != b' ').collect::<Vec<u8>>();
            prop_assert_eq!(dense(&read.written()), dense(&bytes));
        }
    }

    #[test]
    fn a_name_says_what_it_was_made_of(id in "[a-z0-9.-]{1,40}", bidder in bidders()) {
        prop_assume!(!matches!(id.as_str(), "." | ".."));
        let id: Id = id.parse().unwrap();
        let name = |text: &str| text.parse::<Name>().unwrap();
        prop_assert_eq!(Entry::of(&name(&unpublished(&id, bidder))), Entry::Unpublished(id.clone(), bidder));
        prop_assert_eq!(Entry::of(&name(&format!("{id}.json"))), Entry::Bid(id));
    }

    #[test]
    fn dead_is_said_only_of_who_cannot_be_there(bidder in (0..6_u64), created in (0..6_u64), ended in any::<bool>()) {
        let bidder = Bidder { pid: 7, created: bidder };
        let due = match (ended, created) {
            (true, _) => Liveness::Dead,
            (false, created) if created > bidder.created + 1 => Liveness::Dead,
            (false, created) if created + 1 < bidder.created => Liveness::Unknown,
            _ => Liveness::Alive,
        };
        prop_assert_eq!(bidder.verdict(Sighting::Present { created, ended }), due);
    }
}

#[test]
fn a_bid_is_two_numbers_in_an_object_and_nothing_else() {
    let due = Some(Bidder { pid: 12, created: 34 });
    for text in
        [r#"{"PID": 12, "CREATED": 34}"#, r#"{"CREATED":34,"PID":12}"#, "\n{\t\"PID\" : 12 ,\r\n \"CREATED\" : 34 }\n"]
    {
        assert_eq!(Bidder::read(text.as_bytes()), due, "{text}");
    }
    for text in [
        "",
        "{}",
        "12",
        r#"{"PID": 12}"#,
        r#"{"PID": 12, "CREATED": 34"#,
        r#"{"PID": 12, "PID": 34}"#,
        r#"{"PID": 12, "CREATED": 34} x"#,
        r#"{"PID": 12, "CREATED": 34, "HOST": 1}"#,
        r#"{"PID": 12, "CREATED": 34.5}"#,
        r#"{"PID": -12, "CREATED": 34}"#,
        r#"{"PID": 012, "CREATED": 34}"#,
        r#"{"PID": "12", "CREATED": 34}"#,
        r#"{"pid": 12, "created": 34}"#,
        r#"{"PID": 99999999999999999999, "CREATED": 34}"#,
        r#"[{"PID": 12, "CREATED": 34}]"#,
    ] {
        assert_eq!(Bidder::read(text.as_bytes()), None, "{text}");
    }
}

#[test]
fn entries_of_other_names_are_foreign() {
    for name in ["readme", "a.json~", ".json", "a.new", "a.1.new", "a.1-.new", "a.1-x.new", ".1-2.new", "a.01-2.new"] {
        assert_eq!(Entry::of(&name.parse().unwrap()), Entry::Foreign, "{name}");
    }
}

#[test]
fn who_is_absent_is_dead_and_who_is_hidden_is_not() {
    let bidder = Bidder { pid: 7, created: 3 };
    assert_eq!(bidder.verdict(Sighting::Absent), Liveness::Dead);
    assert_eq!(bidder.verdict(Sighting::Hidden), Liveness::Unknown);
    assert_eq!(bidder.written().escape_ascii().to_string(), r#"{\"PID\": 7, \"CREATED\": 3}"#);
}
