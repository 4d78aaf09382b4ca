//! Requests a second of the lock daemon, beside a bare echo server and Redis, in one run.
//!
//! What else runs on the machine changes the rates, and hardly the time of the processor that a server takes for a request,
//! which is told as well.
//!
//! Redis is measured where `redis-server` is on the path; `LOCKWRIGHT_REQUIRE_REDIS` makes it a failure where it is not.

use std::{
    error::Error,
    io::{BufRead, BufReader},
    net::{SocketAddr, TcpListener, TcpStream},
    os::{fd::AsFd, unix::net::UnixStream},
    process::{Child, Command, Stdio},
    time::Duration,
};

use lockwright_bench::{
    daemon::{
        echo,
        load::{Asks, Load},
    },
    is_measuring,
};
use lockwright_kernel::glockd;
use lockwright_tcp::server::{Listener, Server, Settings, Speaks, State};

/// The first argument of a process that this program started.
const ROLE: &str = "--role";

/// Connections, and how many requests each sends before it waits.
const SHAPES: [(usize, usize); 4] = [(16, 1), (50, 1), (200, 1), (16, 16)];

const TIME: Duration = Duration::from_secs(3);
const TIME_TO_TRY: Duration = Duration::from_millis(50);
/// Each shape is measured so often, and the middle one counts.
const REPETITIONS: usize = 3;

type Answer<T> = Result<T, Box<dyn Error>>;

fn main() -> Answer<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        [ROLE, "echo"] => {
            let listener = TcpListener::bind("127.0.0.1:0")?;
            tell(listener.local_addr()?);
            Ok(echo::serve(&listener)?)
        }
        [ROLE, "ours"] => serve(),
        [ROLE, "load", address, asks, connections, depth, millis] => {
            let asks = if asks == "redis" { Asks::Redis } else { Asks::Lines };
            let time = Duration::from_millis(millis.parse()?);
            let load = Load { asks, connections: connections.parse()?, depth: depth.parse()?, time };
            let came = load.run(address.parse()?)?;
            print(&format!("{} {} {}", came.rate, came.median_us, came.p99_us));
            Ok(())
        }
        _ => measure(),
    }
}

fn measure() -> Answer<()> {
    let (time, repetitions) = if is_measuring() { (TIME, REPETITIONS) } else { (TIME_TO_TRY, 1) };
    let mut servers = vec![(start("echo")?, "echo", "lines"), (start("ours")?, "ours", "lines")];
    match redis()? {
        Some(redis) => servers.push((redis, "redis", "redis")),
        None if std::env::var_os("LOCKWRIGHT_REQUIRE_REDIS").is_some() => return Err("there is no redis-server".into()),
        None => print("SKIPPED: there is no redis-server to measure beside"),
    }
    let head = ["requests/s", "/ echo", "median, us", "p99, us", "CPU, us"].map(|word| format!("{word:>12}")).concat();
    print(&format!("{:12}{:8}{head}", "connections", ""));
    for (connections, depth) in SHAPES {
        // In turn, so that what else the machine does hits all alike.
        let mut rows: Vec<Vec<[f64; 4]>> = vec![Vec::new(); servers.len()];
        for _ in 0..repetitions {
            for (row, (server, _, asks)) in rows.iter_mut().zip(&servers) {
                row.push(ask(server, asks, connections, depth, time)?);
            }
        }
        let middle = rows.into_iter().map(|mut row| {
            row.sort_by(|a, b| a[0].total_cmp(&b[0]));
            row[row.len() / 2]
        });
        let middle: Vec<_> = middle.collect();
        for ([rate, median, p99, processor], (_, name, _)) in middle.iter().zip(&servers) {
            let shape = if depth == 1 { connections.to_string() } else { format!("{connections} x {depth}") };
            let ratio = rate / middle[0][0];
            print(&format!("{shape:12}{name:8}{rate:12.0}{ratio:12.2}{median:12}{p99:12}{processor:12.2}"));
        }
    }
    Ok(())
}

/// A server that ends with this value.
struct Running {
    child: Child,
    address: SocketAddr,
}

impl Drop for Running {
    fn drop(&mut self) {
        // Nothing is left to be done where that fails.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn start(role: &str) -> Answer<Running> {
    let mut child = Command::new(std::env::current_exe()?).args([ROLE, role]).stdout(Stdio::piped()).spawn()?;
    let mut line = String::new();
    BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut line)?;
    Ok(Running { child, address: line.trim().parse()? })
}

fn redis() -> Answer<Option<Running>> {
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let mut redis = Command::new("redis-server");
    redis.args(["--port", &port.to_string(), "--save", "", "--appendonly", "no", "--bind", "127.0.0.1"]);
    let child = match redis.stdout(Stdio::null()).spawn() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        child => child?,
    };
    let running = Running { child, address: SocketAddr::from(([127, 0, 0, 1], port)) };
    for _ in 0..1000 {
        if TcpStream::connect(running.address).is_ok() {
            return Ok(Some(running));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Err("redis-server does not listen".into())
}

/// Requests a second; the median and the 99th percentile of a batch's time, and the processor's time for a request, in
/// microseconds.
fn ask(server: &Running, asks: &str, connections: usize, depth: usize, time: Duration) -> Answer<[f64; 4]> {
    let numbers = [connections.to_string(), depth.to_string(), time.as_millis().to_string()];
    let mut load = Command::new(std::env::current_exe()?);
    load.args([ROLE, "load", &server.address.to_string(), asks]).args(numbers).stderr(Stdio::inherit());
    let before = server.processor_us()?;
    let text = String::from_utf8(load.output()?.stdout)?;
    let taken = server.processor_us()? - before;
    let numbers: Vec<f64> = text.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
    let [rate, median, p99] = numbers.try_into().map_err(|_| "the load said nothing")?;
    Ok([rate, median, p99, taken / (rate * time.as_secs_f64())])
}

impl Running {
    /// How long the processor has worked for it.
    fn processor_us(&self) -> Answer<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        // Fields 14 and 15, of which the first two end with the parenthesis.
        let ticks: f64 = fields[11].parse::<f64>()? + fields[12].parse::<f64>()?;
        let ticks_a_second = rustix::param::clock_ticks_per_second();
        #[expect(clippy::cast_precision_loss, reason = "it is some hundred")]
        Ok(ticks / ticks_a_second as f64 * 1e6)
    }
}

/// The daemon as it is shipped, in this process.
fn serve() -> Answer<()> {
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
    tell(address);
    let (_go_on, never) = UnixStream::pair()?;
    Ok(server.run(never.as_fd())?)
}

fn tell(address: SocketAddr) {
    print(&address.to_string());
}

#[expect(clippy::print_stdout, reason = "a bench prints what it measured")]
fn print(line: &str) {
    println!("{line}");
}
