//! nfs-ganesha on a loopback of its own: a server that others wrote, over a file system of the kernel's.
//!
//! It runs with a port mapper in a network and a mount namespace of the calling thread's own, and ends with the
//! [`Ganesha`]. Where that cannot be had it is said on stderr, and is an error where [`REQUIRE`] is set to 1.

#![expect(clippy::unwrap_used, reason = "what helps a test says what it expects by panicking, as the test does")]

use std::{
    fs,
    io::Write,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use lockwright_nfs::Address;
use nix::{
    sched::{CloneFlags, unshare},
    unistd::geteuid,
};
use tempfile::TempDir;

/// Set to 1 where a missing server is to fail the test.
pub(crate) const REQUIRE: &str = "LOCKWRIGHT_REQUIRE_NFS";

/// Where it serves MOUNT and NFS. It would choose a port for the former.
pub(crate) const MOUNT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 20048);
pub(crate) const NFS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 2049);

/// The longest that the server may take to begin.
const START: Duration = Duration::from_mins(1);

#[derive(Debug)]
pub(crate) struct Ganesha {
    /// What it serves, empty; the address names it by the port mapper.
    pub(crate) dir: PathBuf,
    pub(crate) address: Address,
    daemons: Vec<Child>,
    /// What lies under the mount.
    under: TempDir,
}

impl Ganesha {
    /// A fresh one, in namespaces that the calling thread stays in.
    pub(crate) fn start() -> Option<Self> {
        if !geteuid().is_root() {
            return skip("only root can give a server a network of its own");
        }
        for daemon in ["ganesha.nfsd", "rpcbind", "mkfs.ext4"] {
            if run("which", &[daemon]).is_err() {
                return skip(&format!("{daemon} is not installed"));
            }
        }
        Some(Self::begin())
    }

    fn begin() -> Self {
        unshare(CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS).unwrap();
        run("mount", &["--make-rprivate", "/"]).unwrap();
        run("ip", &["link", "set", "lo", "up"]).unwrap();
        run("mount", &["-t", "tmpfs", "run", "/run"]).unwrap();
        for dir in ["/run/rpcbind", "/run/ganesha", "/var/lib/nfs/ganesha"] {
            fs::create_dir_all(dir).unwrap();
        }
        let under = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let dir = export(under.path());
        let mut server = Self {
            address: format!("nfs://127.0.0.1{}", dir.display()).parse().unwrap(),
            dir,
            daemons: Vec::new(),
            under,
        };
        let at = server.under.path().to_owned();
        server.daemon("rpcbind", &["-f", "-w"], &at);
        server.wait("a port mapper", || std::net::TcpStream::connect("127.0.0.1:111").is_ok());
        let [config, log] = ["conf", "log"].map(|name| at.join(name));
        fs::write(&config, configuration(&server.dir)).unwrap();
        let [config, written, pid] = [&config, &log, &at.join("pid")].map(|path| path.to_str().unwrap().to_owned());
        server.daemon("ganesha.nfsd", &["-F", "-f", &config, "-L", &written, "-p", &pid], &at);
        let told = || fs::read_to_string(&log).is_ok_and(|log| log.contains("NFS SERVER INITIALIZED"));
        server.wait("ganesha", told);
        server
    }

    fn daemon(&mut self, program: &str, arguments: &[&str], at: &Path) {
        let output = fs::File::create(at.join(format!("{program}.out"))).unwrap();
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(output.try_clone().unwrap()).stderr(output);
        self.daemons.push(command.spawn().unwrap());
    }

    fn wait(&mut self, what: &str, is_there: impl Fn() -> bool) {
        let begin = Instant::now();
        while !is_there() {
            let ended = self.daemons.last_mut().unwrap().try_wait().unwrap();
            assert!(ended.is_none() && begin.elapsed() < START, "{what} does not begin: {}", self.logs());
            // Neither daemon tells anybody when it is ready.
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn logs(&self) -> String {
        let log = |name| fs::read_to_string(self.under.path().join(name)).unwrap_or_default();
        ["rpcbind.out", "ganesha.nfsd.out", "log"].map(log).concat()
    }
}

impl Drop for Ganesha {
    fn drop(&mut self) {
        for daemon in self.daemons.iter_mut().rev() {
            daemon.kill().unwrap();
            daemon.wait().unwrap();
        }
        run("umount", &["-l", self.dir.parent().unwrap().to_str().unwrap()]).unwrap();
    }
}

/// An empty directory on a fresh file system that has handles for its files, which not every build is on.
fn export(under: &Path) -> PathBuf {
    let [dir, image] = ["mnt", "image"].map(|name| under.join(name));
    fs::create_dir(&dir).unwrap();
    let [at, from] = [&dir, &image].map(|path| path.to_str().unwrap());
    run("truncate", &["-s", "64M", from]).unwrap();
    run("mkfs.ext4", &["-q", "-F", from]).unwrap();
    run("mount", &["-t", "ext4", "-o", "loop", from, at]).unwrap();
    let dir = dir.join("empty");
    fs::create_dir(&dir).unwrap();
    dir
}

fn configuration(dir: &Path) -> String {
    let (dir, port) = (dir.display(), MOUNT.port());
    format!(
        "NFS_CORE_PARAM {{ Protocols = 3; Enable_NLM = false; Enable_RQUOTA = false; mount_path_pseudo = false;\n\
         MNT_Port = {port}; }}\n\
         NFSV4 {{ Graceless = true; }}\n\
         EXPORT {{ Export_Id = 1; Path = {dir}; Pseudo = /export; Access_Type = RW; Squash = No_Root_Squash;\n\
         SecType = sys; Protocols = 3; Transports = TCP; FSAL {{ Name = VFS; }} }}\n\
         LOG {{ Default_Log_Level = EVENT; }}\n"
    )
}

/// Says loudly what was not tried.
fn skip<T>(why: &str) -> Option<T> {
    // Not by the macro, whose output is shown for failed tests only.
    let line = format!("NOT TRIED: nfs-ganesha: {why}\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
    assert!(std::env::var(REQUIRE).as_deref() != Ok("1"), "{REQUIRE}=1, and not tried: {why}");
    None
}

fn run(program: &str, arguments: &[&str]) -> Result<(), String> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("{program}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{program}: {}", String::from_utf8_lossy(&output.stderr).trim()))
}
