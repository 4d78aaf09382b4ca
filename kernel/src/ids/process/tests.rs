//! The text form goes around, and nobody is called dead who may act again.

use alloc::{format, vec::Vec};

use proptest::{option, prelude::*};

use super::*;

const BOOT: &str = "5b0c0f9e2d6b4a71a5b4fd0d7c3e8a19";

fn ids() -> impl Strategy<Value = ProcessId> {
    let namespace = (any::<u64>(), option::of(any::<u64>())).prop_map(|(pid, time)| Namespace { pid, time });
    let group = (2..=PID_MAX, any::<u64>()).prop_map(|(leader, start)| Group { leader, start });
    let process = (1..=PID_MAX, any::<u64>(), any::<u128>().prop_map(Boot), namespace);
    (process, any::<String>().prop_map(|name| Host::cleaned(&name)), any::<u32>(), option::of(group)).prop_map(
        |((pid, start, boot, namespace), host, serial, group)| ProcessId {
            pid,
            start,
            boot,
            namespace,
            host,
            serial,
            group,
        },
    )
}

/// What is so, of which a table may show less.
#[derive(Clone, Copy, Debug)]
struct Facts {
    /// The start of whatever has the number, and whether that is a zombie.
    process: Option<(u64, bool)>,
    /// The leader's start, and whether all members are zombies.
    group: Option<(Option<u64>, bool)>,
    process_shown: bool,
    group_shown: bool,
}

impl ProcessTable for Facts {
    fn process(&self, _: u32) -> Sighting {
        match self.process {
            _ if !self.process_shown => Sighting::Hidden,
            None => Sighting::Absent,
            Some((start, ended)) => Sighting::Present { start, ended },
        }
    }

    fn group(&self, _: u32) -> GroupSighting {
        match self.group {
            _ if !self.group_shown => GroupSighting::Hidden,
            None => GroupSighting::Absent,
            Some((leader_start, ended)) => GroupSighting::Present { leader_start, ended },
        }
    }
}

/// Few values each, so that equal ones are common.
fn scenes() -> impl Strategy<Value = (ProcessId, Here, Facts)> {
    let boots = || (0..3_u128).prop_map(Boot);
    let namespaces = || (0..2_u64, option::of(0..2_u64)).prop_map(|(pid, time)| Namespace { pid, time });
    let owner = (0..2_u64, boots(), namespaces(), option::of(0..2_u64)).prop_map(|(start, boot, namespace, group)| {
        let (host, group) = (Host::cleaned("node7"), group.map(|start| Group { leader: 9, start }));
        ProcessId { pid: 7, start, boot, namespace, host, serial: 1, group }
    });
    let here = (boots(), namespaces(), any::<bool>());
    let here = here.prop_map(|(boot, namespace, local)| Here { boot, namespace, local });
    let process = option::of((0..2_u64, any::<bool>()));
    let group = option::of((option::of(0..2_u64), any::<bool>()));
    let facts = (process, group, any::<bool>(), any::<bool>())
        .prop_map(|(process, group, process_shown, group_shown)| Facts { process, group, process_shown, group_shown });
    (owner, here, facts)
}

proptest! {
    #[test]
    fn an_id_goes_to_text_and_back(id in ids()) {
        let text = id.to_string();
        prop_assert_eq!(&text.parse::<ProcessId>(), &Ok(id.clone()));
        let name = Id::from(&id);
        prop_assert_eq!(name.to_string(), text);
        prop_assert_eq!(ProcessId::try_from(&name), Ok(id));
    }

    #[test]
    fn any_text_is_refused_or_is_the_text_of_what_it_is_read_as(text in any::<String>()) {
        if let Ok(id) = text.parse::<ProcessId>() {
            prop_assert_eq!(id.to_string(), text);
        }
    }

    #[test]
    fn a_text_that_is_nearly_right_is_refused_or_goes_around(
        id in ids(), at in any::<prop::sample::Index>(), with in "[0-9a-f:+A-Z /]?",
    ) {
        let mut text = id.to_string();
        let at = at.index(text.len()); // The text is ASCII.
        text.replace_range(at..=at, &with);
        if let Ok(id) = text.parse::<ProcessId>() {
            prop_assert_eq!(id.to_string(), text);
        }
    }

    #[test]
    fn a_host_is_cleaned_once(name in any::<String>()) {
        let host = Host::cleaned(&name);
        prop_assert_eq!(&Host::cleaned(host.as_str()), &host);
        prop_assert!((1..=Host::BYTES_MAX).contains(&host.as_str().len()));
    }

    #[test]
    fn dead_is_said_only_of_what_was_seen_to_have_ended((id, here, facts) in scenes()) {
        if id.verdict(&here, &facts) != Liveness::Dead {
            return Ok(());
        }
        let unknown_boot = [id.boot, here.boot].contains(&Boot::UNKNOWN);
        if !unknown_boot && id.boot != here.boot {
            prop_assert!(here.local, "another host may write there");
            return Ok(());
        }
        prop_assert!(!unknown_boot || here.local, "it may be another kernel");
        prop_assert_eq!(id.namespace, here.namespace);
        prop_assert!(facts.process_shown);
        prop_assert!(facts.process.is_none_or(|(start, ended)| ended || start != id.start));
        if let Some(group) = id.group {
            prop_assert!(facts.group_shown);
            prop_assert!(facts.group.is_none_or(|(start, ended)| ended || start.is_some_and(|start| start != group.start)));
        }
    }

    #[test]
    fn alive_is_said_only_of_what_was_seen((id, here, facts) in scenes()) {
        if id.verdict(&here, &facts) == Liveness::Alive {
            prop_assert_eq!(id.namespace, here.namespace);
            let process = facts.process_shown && facts.process == Some((id.start, false));
            let group = id.group.is_some() && facts.group_shown && facts.group.is_some_and(|(_, ended)| !ended);
            prop_assert!(process || group);
        }
    }

    #[test]
    fn the_host_name_decides_nothing((id, here, facts) in scenes(), name in any::<String>()) {
        let renamed = ProcessId { host: Host::cleaned(&name), ..id.clone() };
        prop_assert_eq!(id.verdict(&here, &facts), renamed.verdict(&here, &facts));
    }
}

#[test]
fn the_longest_id_is_a_name() {
    let most = u64::MAX;
    let id = ProcessId {
        pid: PID_MAX,
        start: most,
        boot: Boot(u128::MAX),
        namespace: Namespace { pid: most, time: Some(most) },
        host: Host::cleaned(&"x".repeat(1000)),
        serial: u32::MAX,
        group: Some(Group { leader: PID_MAX, start: most }),
    };
    assert_eq!(ProcessId::try_from(&Id::from(&id)), Ok(id));
}

#[test]
fn each_field_is_checked() {
    use ProcessIdError as E;
    let cases = [
        (format!("1:2:{BOOT}:4:host"), E::Fields),
        (format!("1:2:{BOOT}:4:host:5:6"), E::Fields),
        (format!("1:2:{BOOT}:4:host:5:6:7:8"), E::Fields),
        (format!("0:2:{BOOT}:4:host:5"), E::Number("pid")),
        (format!("2147483648:2:{BOOT}:4:host:5"), E::Number("pid")),
        (format!("+1:2:{BOOT}:4:host:5"), E::Number("pid")),
        (format!("01:2:{BOOT}:4:host:5"), E::Number("pid")),
        (format!("1:-2:{BOOT}:4:host:5"), E::Number("start")),
        ("1:2:5b0c:4:host:5".into(), E::Boot),
        (format!("1:2:{}:4:host:5", BOOT.to_uppercase()), E::Boot),
        (format!("1:2:+{}:4:host:5", &BOOT[1..]), E::Boot),
        (format!("1:2:{BOOT}:4+:host:5"), E::Number("namespace")),
        (format!("1:2:{BOOT}:4+5+6:host:5"), E::Number("namespace")),
        (format!("1:2:{BOOT}:4::5"), E::Host),
        (format!("1:2:{BOOT}:4:ho st:5"), E::Host),
        (format!("1:2:{BOOT}:4:host:4294967296"), E::Number("serial")),
        // To the system calls that ask about it, group 1 would be everybody.
        (format!("1:2:{BOOT}:4:host:5:1:7"), E::Number("leader")),
        (format!("1:2:{BOOT}:4:host:5:6:"), E::Number("leader's start")),
    ];
    for (text, error) in cases {
        assert_eq!(text.parse::<ProcessId>(), Err(error), "{text}");
    }
}

/// The table of the module's docs, row by row.
#[test]
fn the_verdicts_are_those_of_the_table() {
    use Liveness::{Alive, Dead, Unknown};
    let id: ProcessId = format!("7:70:{BOOT}:4:host:5").parse().unwrap();
    let here = Here { boot: id.boot, namespace: id.namespace, local: false };
    let shown = Facts { process: Some((70, false)), group: None, process_shown: true, group_shown: true };
    let gone = Facts { process: None, ..shown };
    let later = Here { boot: Boot(1), ..here };
    let nowhere = Here { boot: Boot::UNKNOWN, ..here };
    let elsewhere = Here { namespace: Namespace { pid: 5, time: None }, ..here };
    let shifted = Here { namespace: Namespace { pid: 4, time: Some(6) }, ..here };
    let rows = [
        (here, gone, Dead),
        (here, Facts { process: Some((70, true)), ..shown }, Dead),
        (here, Facts { process: Some((71, false)), ..shown }, Dead),
        (here, shown, Alive),
        (here, Facts { process_shown: false, ..gone }, Unknown),
        (elsewhere, gone, Unknown),
        (shifted, gone, Unknown),
        (Here { local: true, ..elsewhere }, gone, Unknown),
        (Here { local: true, ..later }, shown, Dead),
        (later, gone, Unknown),
        (nowhere, gone, Unknown),
        (Here { local: true, ..nowhere }, gone, Dead),
        (Here { local: true, ..nowhere }, shown, Alive),
    ];
    for (row, (here, facts, due)) in rows.into_iter().enumerate() {
        assert_eq!(id.verdict(&here, &facts), due, "row {row}");
    }
}

#[test]
fn a_supervised_command_keeps_its_owner_alive() {
    use Liveness::{Alive, Dead, Unknown};
    let id: ProcessId = format!("7:70:{BOOT}:4:host:5:9:90").parse().unwrap();
    let here = Here { boot: id.boot, namespace: id.namespace, local: true };
    let both =
        Facts { process: Some((70, false)), group: Some((Some(90), false)), process_shown: true, group_shown: true };
    let orphans = Facts { process: None, ..both };
    let rows = [
        (both, Alive),
        (Facts { group: None, ..both }, Alive),
        (orphans, Alive),
        (Facts { group: Some((None, false)), ..orphans }, Alive),
        (Facts { group: Some((Some(90), true)), ..orphans }, Dead),
        (Facts { group: Some((Some(91), false)), ..orphans }, Dead),
        (Facts { group: None, ..orphans }, Dead),
        (Facts { group_shown: false, ..orphans }, Unknown),
        (Facts { process_shown: false, ..both }, Alive),
        (Facts { process_shown: false, group: None, ..both }, Unknown),
    ];
    let verdicts: Vec<_> = rows.iter().map(|(facts, _)| id.verdict(&here, facts)).collect();
    assert_eq!(verdicts, rows.map(|(_, due)| due));
}
