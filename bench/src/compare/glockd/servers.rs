//! The servers, each a process that ends with its value: ours, the echo, and those that are installed.

use std::{
    io::{BufRead, BufReader, ErrorKind},
    net::{SocketAddr, TcpListener, TcpStream},
    os::{fd::AsFd, unix::net::UnixStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use lockwright_kernel::glockd;
use lockwright_tcp::server::{Listener, Server, Settings, Speaks, State};
use nix::{time::clock_getcpuclockid, unistd::Pid};
use tempfile::TempDir;

use super::super::report::Missing;
use crate::{
    Answer,
    daemon::{echo, load::Asks},
};

/// Their names.
pub(super) const ALL: [&str; 5] = ["ours", "echo", "redis", "memcached", "etcd"];

/// A server that ends with this value.
#[derive(Debug)]
pub struct Running {
    /// What it is called.
    pub name: &'static str,
    /// Where it listens.
    pub address: SocketAddr,
    /// What it is asked.
    pub asks: Asks,
    child: Child,
    /// Where it keeps its things.
    _dir: TempDir,
}

impl Drop for Running {
    fn drop(&mut self) {
        // Nothing is left to be done where that fails.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Starts the one of that name, or says that it is missing.
pub(super) fn start(name: &'static str, program: &Path) -> Answer<Result<Running, Missing>> {
    let dir = tempfile::tempdir()?;
    if let "ours" | "echo" = name {
        let mut command = Command::new(program);
        let mut child = command.args(["worker", "serve", name]).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut line)?;
        return Ok(Ok(Running { name, address: line.trim().parse()?, asks: Asks::Lines, child, _dir: dir }));
    }
    // Somebody else may take the ports before the server does; then it ends, and that is said.
    let [port, peers] = [free_port()?, free_port()?];
    let (mut command, asks, get) = match name {
        "redis" => (redis(port), Asks::Redis, "apt-get install redis-server"),
        "memcached" => (memcached(port), Asks::Memcached, "apt-get install memcached"),
        _ => (etcd(port, peers, dir.path()), Asks::Etcd, "apt-get install etcd-server"),
    };
    let mut child = match command.stdout(Stdio::null()).stderr(Stdio::null()).spawn() {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Ok(Err(Missing { name: name.to_owned(), get: get.to_owned() }));
        }
        child => child?,
    };
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    while TcpStream::connect(address).is_err() {
        if let Some(status) = child.try_wait()? {
            return Err(format!("{name} does not serve: {status}").into());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(Ok(Running { name, address, asks, child, _dir: dir }))
}

fn free_port() -> Answer<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn redis(port: u16) -> Command {
    let mut command = Command::new("redis-server");
    command.args(["--port", &port.to_string(), "--save", "", "--appendonly", "no", "--bind", "127.0.0.1"]);
    command
}

/// With one thread, as the others have.
fn memcached(port: u16) -> Command {
    let mut command = Command::new("memcached");
    command.args(["-l", "127.0.0.1", "-U", "0", "-t", "1", "-c", "4096", "-u", "nobody", "-p", &port.to_string()]);
    command
}

fn etcd(port: u16, peers: u16, dir: &Path) -> Command {
    let [clients, peers] = [port, peers].map(|port| format!("http://127.0.0.1:{port}"));
    let mut command = Command::new("etcd");
    command.arg("--data-dir").arg(dir.join("etcd"));
    command.args(["--listen-client-urls", &clients, "--advertise-client-urls", &clients]);
    command.args(["--listen-peer-urls", &peers, "--initial-advertise-peer-urls", &peers]);
    command.args(["--initial-cluster", &format!("default={peers}")]);
    command
}

impl Running {
    /// How long the processor has worked for it.
    pub(super) fn processor_us(&self) -> Answer<f64> {
        let clock = clock_getcpuclockid(Pid::from_raw(i32::try_from(self.child.id())?))?;
        Ok(Duration::from(clock.now()?).as_secs_f64() * 1e6)
    }

    /// How much memory it has.
    pub(super) fn resident_bytes(&self) -> Answer<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? * 1024)
    }
}

/// Serves as the one of that name, in this process, until it is ended. `tell` is told where.
///
/// # Errors
///
/// When that cannot be.
pub fn serve(name: &str, tell: impl FnOnce(SocketAddr) -> Answer) -> Answer {
    if name == "echo" {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        tell(listener.local_addr()?)?;
        return Ok(echo::serve(&listener)?);
    }
    let settings = Settings {
        machine: glockd::Settings::default(),
        line_time_max: Duration::from_secs(10),
        stalled_max: Duration::from_secs(15),
        origins: Vec::new(),
        rules: None,
        state: State::default(),
    };
    let listener = Listener::tcp("127.0.0.1:0".parse()?, Speaks::Lines)?;
    let address = listener.tcp_address().ok_or("no address")?;
    let mut server = Server::new(settings, None, vec![listener])?;
    tell(address)?;
    let (_go_on, never) = UnixStream::pair()?;
    Ok(server.run(never.as_fd())?)
}
