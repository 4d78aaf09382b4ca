//! The lockers' ids go to text and back, no text panics, and nobody is called dead who may act again.

use alloc::{format, string::String, string::ToString, vec::Vec};
use core::{str::FromStr, time::Duration};

use proptest::{option, prelude::*, sample::Index};

use super::{
    k8s::{self, HEARTBEAT_AGE_MAX, K8sId, Node},
    local::{self, BTIME_SLACK, LocalId},
    process::{PID_MAX, Sighting},
    ssh::{self, SshId},
    *,
};
use crate::id::Id;

fn locals() -> impl Strategy<Value = LocalId> {
    (1..=PID_MAX, any::<u64>(), any::<u64>()).prop_map(|(pid, start, btime)| LocalId { pid, start, btime })
}

const NAME: &str = "[a-zA-Z0-9][a-zA-Z0-9._-]{0,30}";

fn sshs() -> impl Strategy<Value = SshId> {
    (NAME, locals()).prop_map(|(host, process)| SshId::new(&host, process).expect("a short name"))
}

fn k8ss() -> impl Strategy<Value = K8sId> {
    ([NAME, NAME, NAME, NAME], locals())
        .prop_map(|(names, process)| K8sId::new(names.each_ref().map(String::as_str), process).expect("short names"))
}

/// Whatever is read is written as it was.
fn goes_around<T: FromStr + ToString>(text: &str) -> Result<(), TestCaseError> {
    if let Ok(id) = text.parse::<T>() {
        prop_assert_eq!(id.to_string(), text);
    }
    Ok(())
}

fn all_go_around(text: &str) -> Result<(), TestCaseError> {
    goes_around::<LocalId>(text)?;
    goes_around::<SshId>(text)?;
    goes_around::<K8sId>(text)
}

fn sightings() -> impl Strategy<Value = Sighting> {
    prop_oneof![
        Just(Sighting::Absent),
        Just(Sighting::Hidden),
        (0..3_u64, any::<bool>()).prop_map(|(start, ended)| Sighting::Present { start, ended }),
    ]
}

fn seen() -> impl Strategy<Value = local::Observed> {
    (sightings(), 0..6_u64).prop_map(|(process, btime)| local::Observed { process, btime })
}

/// Few values each, so that equal ones are common.
fn near() -> impl Strategy<Value = LocalId> {
    (0..3_u64, 0..6_u64).prop_map(|(start, btime)| LocalId { pid: 7, start, btime })
}

fn has_ended(id: LocalId, seen: local::Observed) -> bool {
    match seen.process {
        Sighting::Absent => true,
        Sighting::Hidden => false,
        Sighting::Present { start, ended } => ended || start != id.start,
    }
}

proptest! {
    #[test]
    fn every_id_that_is_written_is_read_back(local in locals(), ssh in sshs(), k8s in k8ss()) {
        prop_assert_eq!(local.to_string().parse(), Ok(local));
        prop_assert_eq!(LocalId::try_from(&Id::from(&local)), Ok(local));
        let around = (ssh.to_string().parse(), SshId::try_from(&Id::from(&ssh)));
        prop_assert_eq!(around, (Ok(ssh.clone()), Ok(ssh)));
        let around = (k8s.to_string().parse(), K8sId::try_from(&Id::from(&k8s)));
        prop_assert_eq!(around, (Ok(k8s.clone()), Ok(k8s)));
    }

    #[test]
    fn any_text_is_refused_or_is_the_text_of_what_it_is_read_as(text in any::<String>()) {
        all_go_around(&text)?;
    }

    #[test]
    fn a_text_that_is_nearly_right_is_refused_or_goes_around(
        id in k8ss(), at in any::<Index>(), to in any::<Index>(), with in "[0-9a-f:+A-Z /-]{0,2}",
    ) {
        for text in [id.to_string(), SshId::new(id.pod(), id.process()).unwrap().to_string(), id.process().to_string()] {
            let [at, to] = [&at, &to].map(|index| index.index(text.len())); // The text is ASCII.
            let mut text = text;
            text.replace_range(at.min(to)..at.max(to), &with);
            all_go_around(&text)?;
        }
    }

    #[test]
    fn a_name_that_an_id_takes_is_one_field_and_no_option(text in "[a-z:+ ./-]{0,8}") {
        let process = LocalId { pid: 1, start: 2, btime: 3 };
        if let Ok(id) = SshId::new(&text, process) {
            prop_assert_eq!(id.host(), &text);
            prop_assert!(!text.starts_with('-') && !text.contains([':', '+', '/', ' ']));
        }
    }

    #[test]
    fn dead_is_said_only_of_what_was_seen_to_have_ended(id in near(), seen in seen()) {
        let verdict = id.verdict(seen);
        prop_assert_eq!(verdict == Verdict::Dead, has_ended(id, seen));
        if verdict == Verdict::Alive {
            prop_assert!(id.btime.abs_diff(seen.btime) <= BTIME_SLACK);
        }
        let ssh = SshId::new("node7", id).unwrap();
        prop_assert_eq!(ssh.verdict(ssh::Observed::Answered(seen)), verdict);
        let k8s = K8sId::new(["n", "s", "p", "u"], id).unwrap();
        prop_assert_eq!(k8s.verdict(k8s::Observed::Answered(seen)), verdict);
    }

    #[test]
    fn a_pod_that_is_gone_is_dead_only_where_its_node_reports(
        id in k8ss(), node in option::of((any::<bool>(), 300..320_u64)),
    ) {
        let node = node.map(|(ready, age)| Node { ready, heartbeat_age: Duration::from_secs(age) });
        let reports = node.is_some_and(|node| node.ready && node.heartbeat_age <= HEARTBEAT_AGE_MAX);
        let due = if reports { Verdict::Dead } else { Verdict::Unknown(Reason::NodeSilent) };
        prop_assert_eq!(id.verdict(k8s::Observed::PodGone { node }), due);
    }
}

#[test]
fn texts_are_those_of_the_lockers() {
    let process = LocalId { pid: 4312, start: 889_123, btime: 1_700_000_000 };
    assert_eq!(process.to_string(), "4312:889123:1700000000");
    let ssh = SshId::new("node7.example.org", process).unwrap();
    assert_eq!(ssh.to_string(), "node7.example.org:4312:889123:1700000000");
    let k8s = K8sId::new(["node7", "default", "web-0", "0b5c9b6e-6c0b"], process).unwrap();
    assert_eq!(k8s.to_string(), "node7+default+web-0+0b5c9b6e-6c0b:4312:889123:1700000000");
}

#[test]
fn each_field_is_checked() {
    use TextError as E;
    for (text, error) in [
        ("1:2", E::Fields),
        ("1:2:3:4", E::Fields),
        ("", E::Fields),
        ("0:2:3", E::Number("pid")),
        ("2147483648:2:3", E::Number("pid")),
        ("01:2:3", E::Number("pid")),
        ("1:-2:3", E::Number("starttime")),
        ("1:2:3.0", E::Number("btime")),
        ("1:2:", E::Number("btime")),
    ] {
        assert_eq!(text.parse::<LocalId>(), Err(error), "{text}");
    }
    for (text, error) in [
        ("host", E::Fields),
        ("host:1:2", E::Fields),
        (":1:2:3", E::Name("fqdn")),
        ("-oProxyCommand=x:1:2:3", E::Name("fqdn")),
        ("a+b:1:2:3", E::Name("fqdn")),
        ("host:0:2:3", E::Number("pid")),
    ] {
        assert_eq!(text.parse::<SshId>(), Err(error), "{text}");
    }
    for (text, error) in [
        ("n+s+p:1:2:3", E::Fields),
        ("n+s+p+u+x:1:2:3", E::Fields),
        ("+s+p+u:1:2:3", E::Name("node")),
        ("n++p+u:1:2:3", E::Name("namespace")),
        ("n+s+-p+u:1:2:3", E::Name("pod")),
        ("n+s+p+u u:1:2:3", E::Name("poduid")),
        ("n+s+p+u:1:2:x", E::Number("btime")),
    ] {
        assert_eq!(text.parse::<K8sId>(), Err(error), "{text}");
    }
}

#[test]
fn an_id_that_no_entry_can_be_named_after_is_not_made() {
    let process = LocalId { pid: PID_MAX, start: u64::MAX, btime: u64::MAX };
    let rest = process.to_string().len() + 1;
    let host = |length: usize| SshId::new(&"x".repeat(length), process);
    assert_eq!(Id::from(&host(255 - rest).unwrap()).to_string().len(), 255);
    assert_eq!(host(256 - rest), Err(TextError::TooLong));
    let long = "x".repeat(60);
    assert_eq!(K8sId::new([&long; 4], process), Err(TextError::TooLong));
}

#[test]
fn a_malformed_id_is_unknown_with_a_reason_and_nobody_is_asked() {
    let id: Id = "bob".parse().unwrap();
    let due = Verdict::Unknown(Reason::Malformed(TextError::Fields));
    let verdicts: Vec<Verdict> = Vec::from([
        LocalId::judge(&id, |_| panic!("asked")),
        SshId::judge(&id, |_| panic!("asked")),
        K8sId::judge(&id, |_| panic!("asked")),
    ]);
    assert_eq!(verdicts, [due; 3]);
    assert_eq!(Liveness::from(due), Liveness::Unknown);
    let Verdict::Unknown(reason) = due else { unreachable!("as written above") };
    assert_eq!(
        format!("{reason}"),
        "it is no id of this kind: it does not have the fields that are due, parted by `:` and `+`"
    );
}

#[test]
fn whoever_cannot_be_asked_is_unknown_and_the_reason_says_why() {
    let process = LocalId { pid: 1, start: 2, btime: 30 };
    let ssh = SshId::new("node7", process).unwrap();
    let k8s = K8sId::new(["n", "s", "p", "u"], process).unwrap();
    let stepped = local::Observed { process: Sighting::Present { start: 2, ended: false }, btime: 32 };
    let hidden = local::Observed { process: Sighting::Hidden, btime: 30 };
    let verdicts = [
        (ssh.verdict(ssh::Observed::Unreachable), Reason::Unreachable),
        (ssh.verdict(ssh::Observed::OtherHost), Reason::OtherHost),
        (ssh.verdict(ssh::Observed::Incomplete), Reason::Incomplete),
        (ssh.verdict(ssh::Observed::Answered(stepped)), Reason::BootTime),
        (k8s.verdict(k8s::Observed::Unreachable), Reason::Unreachable),
        (k8s.verdict(k8s::Observed::Incomplete), Reason::Incomplete),
        (k8s.verdict(k8s::Observed::Answered(hidden)), Reason::Hidden),
        (process.verdict(hidden), Reason::Hidden),
        (process.verdict(stepped), Reason::BootTime),
    ];
    for (verdict, reason) in verdicts {
        assert_eq!(verdict, Verdict::Unknown(reason));
    }
}
