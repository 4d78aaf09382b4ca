//! Locks where other users could take them away, between users as they are.

use std::{
    fs::{self, Permissions},
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
};

use nix::unistd::geteuid;

use crate::{
    places,
    support::{Dir, Process, code, one_line, out},
};

const ANN: u32 = 65_534;
const BOB: u32 = 65_533;
const TEAM: u32 = 4_242;

/// A directory that users share, and a copy of the binary that they may execute.
struct Shared {
    dir: Dir,
    binary: PathBuf,
}

impl Shared {
    /// A directory `shared` of that owner, group and mode; `None`, and said loudly, where nobody else can be played.
    fn new(uid: u32, gid: u32, mode: u32) -> Option<Self> {
        if !geteuid().is_root() {
            places::skip("locks among several users: only root can be several users");
            return None;
        }
        let dir = Dir::new();
        let [shared, binary] = ["shared", "lockwright"].map(|name| dir.path().join(name));
        fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).expect("my directory");
        fs::create_dir(&shared).expect("a directory");
        chown(&shared, Some(uid), Some(gid)).expect("root");
        fs::set_permissions(&shared, Permissions::from_mode(mode)).expect("my directory");
        // By another process, which nobody inherits an open file from.
        let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_lockwright")).arg(&binary).status();
        assert!(copied.expect("cp").success());
        Some(Self { dir, binary })
    }

    /// What that user types, in the shared directory.
    fn as_user(&self, uid: u32, words: &[&str]) -> Command {
        let mut command = Command::new("setpriv");
        let user = [format!("--reuid={uid}"), format!("--regid={uid}"), format!("--groups={TEAM}")];
        command.args(user).args(words).current_dir(self.dir.path().join("shared")).stdin(Stdio::null());
        command
    }

    fn lockwright(&self, uid: u32, args: &[&str]) -> Output {
        let words = [&[self.binary.to_str().expect("UTF-8")], args].concat();
        self.as_user(uid, &words).output().expect("setpriv, of util-linux")
    }

    /// The same where `/proc` shows a user no processes but its own.
    fn blindly(&self, uid: u32, args: &[&str]) -> Output {
        let mut command = Command::new("unshare");
        let hide = "mount -t proc -o hidepid=2 proc /proc || exit 98
                    setpriv --reuid=65533 --regid=65533 --clear-groups test -e /proc/1 && exit 99; exec \"$@\"";
        command.args(["--mount", "sh", "-c", hide, "sh"]).current_dir(self.dir.path().join("shared"));
        let user = self.as_user(uid, &[self.binary.to_str().expect("UTF-8")]);
        command.arg(user.get_program()).args(user.get_args()).args(args).stdin(Stdio::null());
        command.output().expect("unshare, of util-linux")
    }

    fn attacker(&self, script: &str) -> Child {
        let script = format!("n=0; while [ $n -lt 300 ]; do n=$((n+1)); {script}; done 2>/dev/null; true");
        self.as_user(BOB, &["sh", "-c", &script]).spawn().expect("setpriv, of util-linux")
    }
}

fn refused(output: &Output, why: &str) {
    let line = one_line(output);
    assert!(code(output) == 77 && line.contains(why) && line.contains("; "), "{output:?}");
}

#[test]
fn a_directory_of_somebody_else_or_of_everybody_takes_a_word_of_consent() {
    for (uid, mode, why) in
        [(BOB, 0o755, "belongs to another user (uid 65533)"), (0, 0o777, "can be written to by everybody")]
    {
        let Some(shared) = Shared::new(uid, uid, mode) else { return };
        for command in
            [&["run", "lock", "true"][..], &["lock", "lock"], &["run", "--shared-with=group", "lock", "true"]]
        {
            refused(&shared.lockwright(ANN, command), if command.len() == 4 && mode == 0o755 { "group" } else { why });
        }
        assert_eq!(fs::read_dir(shared.dir.path().join("shared")).expect("a directory").count(), 0);
        // Whoever consents may, and who only looks is not held off.
        let user = if mode == 0o755 { 0 } else { ANN };
        let output =
            shared.lockwright(user, &["run", "--shared-with=all", "lock", "--", "sh", "-c", "umask; stat -c %a lock"]);
        assert_eq!(out(&output), "0022\n777\n", "the command has its own umask: {output:?}");
        assert_eq!(code(&shared.lockwright(ANN, &["status", "lock"])), 0);
    }
}

#[test]
fn a_group_shares_a_lock_and_takes_over_from_its_dead() {
    let Some(shared) = Shared::new(0, TEAM, 0o2770) else { return };
    for kind in ["fast", "queue", "sem=1", "rw-write"] {
        // Ann dies with the lock, and what she made is in Bob's way, and not his.
        let args = ["run", "--shared-with=group", "--kind", kind, "lock", "--"];
        let dies = shared.lockwright(ANN, &[&args[..], &["sh", "-c", "kill -9 0 $PPID"]].concat());
        assert!(dies.status.code() != Some(0), "{dies:?}");
        let output = shared.lockwright(BOB, &[&args[..], &["stat", "-c", "%a %g", "lock"]].concat());
        assert_eq!((out(&output).as_str(), code(&output)), ("2770 4242\n", 0), "{kind}: {output:?}");
        let left = fs::read_dir(shared.dir.path().join("shared")).expect("a directory").count();
        assert_eq!(left, 0, "{kind}");
    }
}

#[test]
fn who_is_shown_no_processes_of_others_takes_none_of_them_for_dead() {
    let Some(shared) = Shared::new(0, TEAM, 0o2770) else { return };
    for kind in ["fast", "queue", "sem=1", "rw-write"] {
        let run = ["run", "--shared-with=group", "--kind", kind];
        let (ann, again) = (shared.binary.to_str().expect("UTF-8"), [&run[..], &["-n", "lock", "true"]].concat());
        // What is left of hers, when she is killed, is in the group of her command.
        let hold = "cat >/dev/null 2>&1 <&3 & echo in; read x";
        let words = [&[ann][..], &run, &["lock", "--", "sh", "-c", hold]].concat();
        let mut command = Command::new("sh");
        let holder = shared.as_user(ANN, &words);
        // Its input twice, for a shell gives none to what it starts in the background.
        command.args(["-c", "exec \"$@\" 3<&0", "sh"]).arg(holder.get_program()).args(holder.get_args());
        command.current_dir(shared.dir.path().join("shared"));
        let mut holder = Process::start(command);
        assert_eq!(holder.line(), "in", "{kind}");
        for dies in [false, true] {
            if dies {
                holder.kill();
            }
            assert_eq!(code(&shared.blindly(BOB, &again)), 75, "{kind}, {dies}");
            let unlocked = shared.blindly(BOB, &["unlock", "lock"]);
            assert_eq!(code(&unlocked), 82, "{kind}, {dies}: {unlocked:?}");
            let seen = shared.blindly(BOB, &["status", "lock"]);
            assert!([1, 3].contains(&code(&seen)), "{kind}, {dies}: {seen:?}");
        }
        // All that is left ends, which can be seen.
        holder.close();
        holder.kill_and_drain();
        let next = shared.blindly(BOB, &[&run[..], &["lock", "true"]].concat());
        assert_eq!(code(&next), 0, "{kind}: {next:?}");
    }
}

#[test]
fn a_group_shares_the_numbers_of_a_lock_and_what_a_resource_admitted() {
    let Some(shared) = Shared::new(0, TEAM, 0o2770) else { return };
    for (user, number) in [(ANN, "1"), (BOB, "2"), (ANN, "3")] {
        let given = shared.lockwright(user, &["fence", "advance", "--shared-with=group", "lock"]);
        assert_eq!(out(&given), format!("{number}\n"), "{given:?}");
        let admitted = shared.lockwright(user, &["fence", "check", "--shared-with=group", "guard", number]);
        assert_eq!(code(&admitted), 0, "{admitted:?}");
        assert_eq!(out(&shared.lockwright(BOB, &["fence", "show", "lock"])), format!("{number}\n"));
    }
    assert_eq!(code(&shared.lockwright(BOB, &["fence", "check", "--shared-with=group", "guard", "2"])), 81);
    // Who does not share them enters nothing that another one made.
    for words in [&["fence", "advance", "lock"][..], &["fence", "check", "guard", "9"]] {
        assert_eq!(code(&shared.lockwright(BOB, words)), 77, "{words:?}");
    }
}

#[test]
fn a_user_who_squats_where_another_locks_takes_nothing_away() {
    let Some(shared) = Shared::new(0, 0, 0o1777) else { return };
    let victim = shared.dir.path().join("victim");
    fs::create_dir_all(victim.join("owner")).expect("a directory");
    fs::write(victim.join("owner/kept"), "kept").expect("a file");
    chown(&victim, Some(ANN), Some(ANN)).expect("root");
    chown(victim.join("owner"), Some(ANN), Some(ANN)).expect("root");
    let squat = "mkdir -m 777 lock && { mkdir -m 777 lock/owner; ln -s ../../victim/owner lock/build; }; rm -rf lock; \
                 ln -s ../victim lock; mv lock aside; rm -rf aside lock/owner; rmdir lock";
    let mut attacker = shared.attacker(squat);
    let (mut held, mut turns) = (0, 0);
    while attacker.try_wait().expect("a child").is_none() || turns < 8 {
        turns += 1;
        let kind = ["fast", "queue", "sem=2", "rw-read"][turns % 4];
        // The directory is Ann's for as long as she holds, and the release finds what it made.
        let script = "stat -c %u lock; stat -c %u lock";
        let output = shared.lockwright(ANN, &["run", "-n", "--kind", kind, "lock", "--", "sh", "-c", script]);
        match code(&output) {
            0 => {
                held += 1;
                assert_eq!(out(&output), "65534\n65534\n", "{output:?}");
            }
            code => {
                assert!([73, 77].contains(&code) && output.stdout.is_empty(), "{output:?}");
                one_line(&output);
            }
        }
    }
    assert!(held > 0, "of {turns}");
    assert_eq!(fs::read(victim.join("owner/kept")).expect("a file"), b"kept");
    assert_eq!(fs::metadata(&victim).expect("a directory").uid(), ANN);
    assert_eq!(fs::read_dir(&victim).expect("a directory").count(), 1);
}
