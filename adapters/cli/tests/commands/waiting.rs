//! What those are told who wait, and those who do not get the lock.

use crate::support::{Dir, Process, code, out, told};

fn queue(dir: &Dir, options: &[&str], script: &str) -> Process {
    dir.start(&[&["--kind", "queue"], options].concat(), script)
}

#[test]
fn a_waiter_is_told_who_has_it_and_how_many_are_ahead() {
    let dir = Dir::new();
    let mut holder = queue(&dir, &[], "echo in; read x");
    assert_eq!(holder.line(), "in");
    let mut first = queue(&dir, &[], "echo first");
    let said = first.waits("queue");
    let user = nix::unistd::User::from_uid(nix::unistd::getuid()).expect("a user").expect("it has a name").name;
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines[0], "lockwright: waiting for lock (queue)");
    assert!(lines[1].starts_with(&format!("  held by  {user}@")), "{said}");
    assert!(lines[1].contains(&format!(", pid {} (sh -c echo in; read x), in line since ", holder.id())), "{said}");
    assert_eq!(lines[2], "  alive    yes (seen on this host, start time matches)");
    let mut second = queue(&dir, &[], "echo second");
    assert!(second.waits("queue").starts_with("lockwright: waiting for lock (queue), 1 ahead of you\n"));
    holder.send("end\n");
    assert_eq!((first.line(), first.code(), first.complaint()), ("first".into(), 0, String::new()));
    assert_eq!((second.line(), second.code(), second.complaint()), ("second".into(), 0, String::new()));
}

#[test]
fn a_quiet_waiter_is_told_nothing() {
    let dir = Dir::new();
    let mut holder = queue(&dir, &[], "echo in; read x");
    assert_eq!(holder.line(), "in");
    let mut quiet = queue(&dir, &["-q"], "echo quiet");
    // Who comes behind it says when it is in line, and is told of it later than it would be.
    while !out(&dir.lockwright(&["status", "lock"])).contains("waits") {}
    let mut behind = queue(&dir, &[], "echo behind");
    behind.waits("queue");
    holder.kill_and_drain();
    assert_eq!((quiet.line(), quiet.code(), quiet.complaint()), ("quiet".into(), 0, String::new()));
    assert_eq!(behind.line(), "behind");
}

#[test]
fn a_refusal_names_the_holder_and_the_commands_that_help() {
    let dir = Dir::new();
    for name in ["lock", "-x", "a b", "it's", "$(touch ran)", &"x".repeat(255 - ".token".len())] {
        let path = format!("./{name}");
        let mut holder = Process::start(dir.command(&["run", &path, "--", "sh", "-c", "echo in; read x"]));
        assert_eq!(holder.line(), "in", "{name}");
        let output = dir.lockwright(&["run", "-n", "--", name, "touch", "ran"]);
        let text = told(&output);
        assert_eq!(code(&output), 75, "{name}");
        assert!(text.starts_with(&format!("lockwright: {name} (fast): busy; the command was not run\n")), "{text}");
        assert!(text.contains(&format!("pid {} (sh -c ", holder.id())), "{text}");
        let command = |what: &str| text.lines().find_map(|line| line.trim().strip_prefix(what)?.trim().into());
        let words = |command: &str| {
            let command = command.replacen("lockwright ", "printf '<%s>' ", 1);
            out(&dir.shell(&command).output().expect("a shell"))
        };
        let dashed = if name.starts_with('-') { path.as_str() } else { name };
        assert_eq!(words(command("why").expect("a command")), format!("<explain><{dashed}>"));
        let owner = out(&dir.lockwright(&["owner", &path]));
        let forced = format!("<break><{dashed}><--id><{}><--reason><TEXT>", owner.trim_end());
        assert_eq!(words(command("by force").expect("a command")), forced);
        holder.send("end\n");
        assert_eq!(holder.code(), 0);
        assert_eq!(dir.entries(), [""; 0]);
    }
}

#[test]
fn a_hostile_command_line_is_shown_on_one_line_and_cut() {
    let dir = Dir::new();
    let hostile = format!("\n\x1b[2J\u{202e}\r{}", "x".repeat(9999));
    let mut holder = Process::start(dir.command(&["run", "lock", "sh", "-c", "echo in; read x", &hostile]));
    assert_eq!(holder.line(), "in");
    let output = dir.lockwright(&["run", "-n", "lock", "true"]);
    let text = told(&output);
    assert_eq!(text.lines().count(), 5, "{text:?}");
    assert!(text.chars().all(|c| c == '\n' || !c.is_control() && c != '\u{202e}'), "{text:?}");
    assert!(text.contains("read x \\n\\u{1b}[2J\\u{202e}\\rxxx") && text.contains("…)"), "{text:?}");
    assert!(text.len() < 1000, "{text:?}");
    holder.send("end\n");
    assert_eq!(holder.code(), 0);
}

#[test]
fn who_takes_over_from_the_dead_is_told_whose_lock_it_was_and_how_that_is_known() {
    for kind in ["fast", "queue", "rw-write", "sem=1", "fair-sem=1"] {
        let dir = Dir::new();
        let mut dead = dir.start(&["--kind", kind], "echo in; read x");
        assert_eq!(dead.line(), "in");
        dead.kill_and_drain();
        let begins = format!("lockwright: lock: recovered from pid {} on ", dead.id());
        let output = dir.lockwright(&["run", "-n", "--kind", kind, "lock", "true"]);
        let text = String::from_utf8(output.stderr.clone()).expect("UTF-8");
        assert_eq!(code(&output), 0, "{kind}: {text}");
        assert!(text.starts_with(&begins) && text.contains(" old, and who is dead: no process"), "{kind}: {text}");
        assert_eq!(text.lines().count(), 1, "{kind}: {text}");
        assert_eq!(dir.entries(), [""; 0], "{kind}");
    }
    let dir = Dir::new();
    dir.holder().kill_and_drain();
    let output = dir.lockwright(&["run", "-q", "lock", "true"]);
    assert_eq!((code(&output), output.stderr.as_slice()), (0, b"".as_slice()));
}

#[test]
fn a_holder_that_cannot_be_seen_is_told_so() {
    let dir = Dir::new();
    let mine = dir.holder();
    let owner = out(&dir.lockwright(&["owner", "lock"]));
    let [_, start, boot, namespace, ..] = owner.split(':').collect::<Vec<_>>()[..] else { panic!("{owner}") };
    drop(mine);
    let elsewhere = namespace.parse::<u64>().expect("a number") + 1;
    let leaf = dir.path().join("lock/owner");
    std::fs::remove_dir_all(&leaf).expect("a directory");
    std::fs::create_dir(&leaf).expect("a directory");
    let leaf = leaf.join(format!("1:{start}:{boot}:{elsewhere}:node7:1"));
    std::fs::write(&leaf, "").expect("a file");
    let text = told(&dir.lockwright(&["run", "-n", "lock", "true"]));
    assert!(text.contains("held by  pid 1 on node7, since "), "{text}");
    assert!(text.contains("alive    unknown (not visible from here: another host or another pid namespace)"), "{text}");
    std::fs::rename(&leaf, leaf.with_file_name("batch\u{202e}12")).expect("a file");
    let text = told(&dir.lockwright(&["run", "-n", "lock", "true"]));
    assert!(text.contains("held by  id batch\\u{202e}12, since "), "{text}");
    assert!(text.contains("alive    unknown (its id names no process)"), "{text}");
}
