//! `ssh_id.sh`, `lock_ssh.sh` and `semaphore_ssh.sh`, by a real `ssh` and a real `sshd` on loopback.
//!
//! The server has a port, keys and a configuration of its own, in the test's directory. A first `ssh` on the path hands the
//! client a configuration by which every host name leads there, and one leads to a closed port.
//!
//! Where there is no `sshd` that is said on standard error, and is a failure where [`REQUIRE`] is set to 1.

use std::{
    fs,
    io::Write,
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use nix::unistd::geteuid;

use crate::names::{Did, Names, Sleeper, did};

/// Set to 1 where a missing `sshd` is to fail the tests.
const REQUIRE: &str = "LOCKWRIGHT_REQUIRE_SSHD";

/// The names of the scripts, with a host to log in to.
struct Host {
    names: Names,
    sshd: Child,
    /// What the host calls itself.
    fqdn: String,
}

impl Host {
    fn start() -> Option<Self> {
        let Some(sshd) = ["/usr/sbin/sshd", "/usr/bin/sshd"].map(PathBuf::from).into_iter().find(|path| path.is_file())
        else {
            // Not by the macro, whose output is shown for failed tests only.
            writeln!(std::io::stderr(), "NOT TRIED: there is no sshd").expect("stderr");
            assert!(std::env::var(REQUIRE).as_deref() != Ok("1"), "{REQUIRE}=1, and there is no sshd");
            return None;
        };
        let names = Names::new();
        let output = Command::new("hostname").arg("--fqdn").output().expect("hostname");
        let fqdn = String::from_utf8(output.stdout).expect("UTF-8").trim().to_owned();
        let port = free_port();
        configure(&names, port);
        if geteuid().is_root() {
            fs::create_dir_all("/run/sshd").expect("the directory that sshd wants of root");
        }
        let mut command = Command::new(sshd);
        command.args(["-D", "-f"]).arg(names.path().join("sshd_config")).arg("-E").arg(names.path().join("sshd.log"));
        let sshd = command.stdin(Stdio::null()).spawn().expect("a process");
        let host = Self { names, sshd, fqdn };
        host.wait_for(port);
        Some(host)
    }

    fn wait_for(&self, port: u16) {
        let begin = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let log = || fs::read_to_string(self.names.path().join("sshd.log")).unwrap_or_default();
            assert!(begin.elapsed() < Duration::from_mins(1), "sshd does not listen: {}", log());
            std::thread::yield_now();
        }
    }

    fn output(&self, script: &str, args: &[&str]) -> Output {
        self.names.output(script, args)
    }

    fn run(&self, script: &str, args: &[&str]) -> Did {
        did(&self.output(script, args))
    }

    /// The ssh id of a process of this host.
    fn uid(&self, of: &Sleeper) -> String {
        let (code, uid) = self.run("ssh_id.sh", &["uid", &of.pid()]);
        assert_eq!(code, 0);
        uid.trim_end().to_owned()
    }

    fn is_stale(&self, uid: &str) -> i32 {
        self.run("ssh_id.sh", &["is_stale", uid]).0
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.sshd.kill();
        let _ = self.sshd.wait();
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

/// Writes keys and configurations. The key `short` gets an answer that lacks its end, whatever it asks.
fn configure(names: &Names, port: u16) {
    let dir = names.path().display();
    for key in ["host", "user", "short"] {
        let mut command = Command::new("ssh-keygen");
        command.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(names.path().join(key));
        assert!(command.status().expect("ssh-keygen").success());
    }
    let public = |key: &str| fs::read_to_string(names.path().join(format!("{key}.pub"))).expect("a key");
    let short = r#"command="printf 'lockers:host short.example\nlockers:btime 7\nlockers:gone\n'" "#;
    write(names.path(), "authorized_keys", &format!("{}{short}{}", public("user"), public("short")));
    write(names.path(), "known_hosts", &format!("* {}", public("host")));
    write(
        names.path(),
        "sshd_config",
        &format!(
            "ListenAddress 127.0.0.1\nPort {port}\nHostKey {dir}/host\nAuthorizedKeysFile {dir}/authorized_keys\nPidFile none\n\
             UsePAM no\nStrictModes no\nPermitRootLogin prohibit-password\nPasswordAuthentication no\nMaxStartups 100\n"
        ),
    );
    let closed = free_port();
    write(
        names.path(),
        "ssh_config",
        &format!(
            "Host down.example\n  Port {closed}\nHost short.example\n  IdentityFile {dir}/short\nHost foreign.example\n  \
             GlobalKnownHostsFile none\n  UserKnownHostsFile /dev/null\nHost *\n  HostName 127.0.0.1\n  Port {port}\n  \
             IdentityFile {dir}/user\n  IdentitiesOnly yes\n  GlobalKnownHostsFile none\n  UserKnownHostsFile {dir}/known_hosts\n"
        ),
    );
    names.write_script("bin/ssh", &format!("exec /usr/bin/ssh -F '{dir}/ssh_config' \"$@\""));
}

fn write(dir: &Path, name: &str, text: &str) {
    use std::os::unix::fs::PermissionsExt;
    fs::write(dir.join(name), text).expect("room");
    fs::set_permissions(dir.join(name), fs::Permissions::from_mode(0o600)).expect("my file");
}

#[test]
fn each_verdict_has_its_code() {
    let Some(host) = Host::start() else { return };
    let mut process = Sleeper::start();
    let uid = host.uid(&process);
    let [fqdn, pid, start, btime] = uid.split(':').collect::<Vec<_>>()[..] else { panic!("{uid}") };
    assert_eq!((fqdn, pid), (&*host.fqdn, &*process.pid()));
    let with = |start: &str, by: i64| format!("{fqdn}:{pid}:{start}:{}", btime.parse::<i64>().expect("a number") + by);
    let at = |host: &str| uid.replacen(fqdn, host, 1);
    for (uid, code) in [
        (uid.clone(), 1),
        (with(start, 1), 1),
        (with(start, -1), 1),
        (with(&format!("{start}1"), 0), 0),
        (with(start, 2), 13),
        (at("down.example"), 10),
        (at("foreign.example"), 10),
        (at("other.example"), 11),
        (at("short.example"), 13),
        ("malformed".to_owned(), 20),
        (at("-oProxyCommand=touch$IFS/x"), 20),
        (format!("{fqdn}:{pid} ; touch x:{start}:{btime}"), 20),
        (String::new(), 127),
    ] {
        assert_eq!(host.is_stale(&uid), code, "{uid}");
    }
    process.kill();
    assert_eq!(host.is_stale(&uid), 0, "{uid}");
    assert_eq!(host.is_stale(&at("other.example")), 11, "another host's word is not taken");
    assert_eq!(host.is_stale(&at("down.example")), 10);
    assert_eq!(host.run("ssh_id.sh", &["uid", pid]).0, 1);
}

#[test]
fn the_other_actions_of_ssh_id() {
    let Some(host) = Host::start() else { return };
    let process = Sleeper::start();
    let uid = host.uid(&process);
    let line = |text: &str| (0, format!("{text}\n"));
    assert_eq!(host.run("ssh_id.sh", &["uid", &uid]), line(&uid));
    assert_eq!(host.run("ssh_id.sh", &["pid", &uid]), line(&process.pid()));
    for action in ["host", "hostid", "sshdest"] {
        assert_eq!(host.run("ssh_id.sh", &[action, &uid]), line(&host.fqdn));
    }
    for (args, code) in [
        (&["pid", "malformed"][..], 20),
        (&["is_valid_uid", &uid], 0),
        (&["is_valid_uid", "malformed"], 1),
        (&["is_host_compatible", &host.fqdn], 0),
        (&["is_host_compatible", "alias.example"], 0),
        (&["is_host_compatible", "down.example"], 10),
        (&["is_host_compatible", "-v"], 10),
        (&["uid", ""], 127),
        (&["uid"], 10),
        (&["steal", &uid], 10),
        (&["--on-check-fail"], 10),
    ] {
        assert_eq!(host.run("ssh_id.sh", args).0, code, "{args:?}");
    }
    host.names.write_script("bin/hostname", "exit 1");
    let output = host.output("ssh_id.sh", &["uid", &process.pid()]);
    assert_eq!(output.status.code(), Some(12), "{output:?}");
}

#[test]
fn who_is_to_be_told_is_told_host_uid_and_reason() {
    let Some(host) = Host::start() else { return };
    let fqdn = &host.fqdn;
    let uid = format!("other.example:{}:1:1", std::process::id());
    let reason =
        format!("WARNING: {fqdn} cannot tell whether {uid} is stale: another host answers under its host's name");
    let output = host.output("ssh_id.sh", &["is_stale", &uid]);
    assert_eq!(String::from_utf8_lossy(&output.stderr), format!("lockwright: {reason}\n"));
    host.names.write_script("tell", "for word ; do echo \"$word\" ; done > told");
    let told = || fs::read_to_string(host.names.path().join("told")).expect("it was told");
    let run = |script: &str, args: &[&str]| {
        host.run(script, &[&["--on-check-fail", "./tell", "--on-check-fail", "a b"], args].concat()).0
    };
    assert_eq!(run("ssh_id.sh", &["is_stale", &uid]), 11);
    assert_eq!(told(), format!("a b\n{fqdn}\n{uid}\n{reason}\n"));
    let me = std::process::id().to_string();
    assert_eq!(host.run("fast_lock.sh", &["lock", "my lock", &uid]).0, 0);
    assert_eq!(run("lock_ssh.sh", &["lock_check", "my lock", &me]), 1);
    assert_eq!(told(), format!("a b\nmy lock\n{fqdn}\n{uid}\n{reason}\n"));
    assert_eq!(host.run("fast_lock.sh", &["lock", "s/1", &uid]).0, 0);
    assert_eq!(run("semaphore_ssh.sh", &["--grace-seconds", "0", "acquire", "s", "1", &me]), 1, "noticed");
    assert_eq!(run("semaphore_ssh.sh", &["--grace-seconds", "0", "acquire", "s", "1", &me]), 1, "asked about");
    assert_eq!(told(), format!("a b\ns\ns/1\n{fqdn}\n{uid}\n{reason}\n"));
}

#[test]
fn the_lock_of_a_holder_that_was_killed_is_recovered_and_of_one_that_cannot_be_asked_is_not() {
    let Some(host) = Host::start() else { return };
    let (mut holder, next) = (Sleeper::start(), Sleeper::start());
    let (uid, pid1, pid2) = (host.uid(&holder), holder.pid(), next.pid());
    let line = |text: &str| (0, format!("{text}\n"));
    let lock = |args: &[&str]| host.run("lock_ssh.sh", args);
    assert_eq!(lock(&["lock", "l", &pid1]).0, 0);
    assert_eq!(lock(&["owner", "l"]), line(&uid));
    assert_eq!(lock(&["owner_pid", "l"]), line(&pid1));
    assert_eq!(lock(&["owner_hostid", "l"]), line(&host.fqdn));
    assert_eq!((lock(&["is_mine", "l", &pid1]).0, lock(&["is_mine", "l", &pid2]).0), (0, 1));
    assert_eq!(lock(&["lock", "l", &pid1]).0, 20);
    assert_eq!(lock(&["--grace-seconds", "600", "lock", "l", &pid2]).0, 1);
    assert_eq!(lock(&["lock_check", "l", &pid2]).0, 1, "it runs");
    holder.kill();
    assert_eq!(lock(&["lock", "l", &pid2, "600"]).0, 1, "the grace is not over");
    assert_eq!(lock(&["--grace-seconds", "0", "lock", "l", &pid2]).0, 0);
    assert_eq!(lock(&["unlock", "l", &pid2]).0, 0);
    assert_eq!(lock(&["lock", "l", &pid1]).0, 20, "no process, no id");
    assert_eq!(host.run("fast_lock.sh", &["lock", "l", &uid]).0, 0);
    assert_eq!(lock(&["lock_check", "l", &pid2]).0, 0);
    assert_eq!(lock(&["unlock", "l", &pid2]).0, 0);
    let far = uid.replacen(&host.fqdn, "down.example", 1);
    assert_eq!(host.run("fast_lock.sh", &["lock", "l", &far]).0, 0);
    assert_eq!(lock(&["lock_check", "l", &pid2]).0, 1);
    assert_eq!(lock(&["owner", "l"]), line(&far));
    assert_eq!(lock(&["is_host_compatible", &host.fqdn]).0, 0);
}

#[test]
fn the_slot_of_a_holder_that_was_killed_is_recovered() {
    let Some(host) = Host::start() else { return };
    let (mut holder, next) = (Sleeper::start(), Sleeper::start());
    let run = |args: &[&str]| host.run("semaphore_ssh.sh", &[&["--grace-seconds", "0"], args].concat());
    let uid = host.uid(&holder);
    assert_eq!(run(&["acquire", "s", "1", &holder.pid()]).0, 0);
    assert_eq!(run(&["owners", "s"]), (0, format!("{uid}\n")));
    assert_eq!(run(&["owner", "s", "1"]), (0, format!("{uid}\n")));
    assert_eq!(run(&["acquire", "s", "1", &next.pid()]).0, 1);
    holder.kill();
    assert_eq!(run(&["fast_acquire", "s", "1", &next.pid()]).0, 1);
    assert_eq!(run(&["acquire", "s", "1", &next.pid()]).0, 0);
    assert_eq!(run(&["slot", "s", &next.pid()]), (0, "1\n".to_owned()));
    assert_eq!(run(&["release", "s", &next.pid()]).0, 0);
    assert_eq!(run(&["release", "s", &next.pid()]).0, 19);
    assert_eq!(run(&["--locker-arg", "x", "owners", "s"]).0, 10);
    assert!(!host.names.path().join("s").exists());
}
