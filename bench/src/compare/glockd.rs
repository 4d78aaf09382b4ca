//! Requests a second to the lock daemon, beside a bare echo server and what people use in its place; see
//! [`daemon`](crate::daemon) for what is asked. Each server is a process, and so is the load, [each](processors) on a processor of its
//! own.
//!
//! What else runs on the machine changes the rates, and hardly the time of the processor that a server takes for a request,
//! which is told as well. etcd writes each change to its log on disk before it answers, which none of the others does; it is
//! there for scale.

use std::{
    io::{Read, Write},
    net::TcpStream,
    process::{Command, Stdio},
    time::Duration,
};

use super::{
    Options,
    measured::{Row, Spread, Table},
    progress::Progress,
    report::Compared,
};
use crate::{Answer, daemon::load::Asks};

mod held;
mod processors;
pub mod servers;

use processors::Part;
use servers::{Running, start};

/// Connections, and how many requests each sends before it waits.
const SHAPES: [(usize, usize); 6] = [(1, 1), (16, 1), (50, 1), (200, 1), (16, 16), (50, 64)];
const SHAPES_TO_TRY: [(usize, usize); 2] = [(2, 1), (2, 4)];

const TIME: Duration = Duration::from_millis(200);
const TIME_TO_TRY: Duration = Duration::from_millis(40);
const ROUNDS: usize = 7;

/// Connections whose memory is counted, with a lock each.
const MANY: usize = 400;
const MANY_TO_TRY: usize = 8;

/// Compares them all.
///
/// # Errors
///
/// When one of them does not serve.
pub fn compare(options: &Options) -> Answer<Compared> {
    let mut compared = Compared::named("glockd");
    let mut all = Vec::new();
    for name in servers::ALL.into_iter().filter(|name| options.takes(name)) {
        match Part::Server.starts(|| start(name, &options.program))?? {
            Ok(running) => {
                compared.installed.extend((!["ours", "echo"].contains(&name)).then(|| name.to_owned()));
                all.push(running);
            }
            Err(missing) => compared.missing.push(missing),
        }
    }
    for (connections, depth) in if options.quick { &SHAPES_TO_TRY[..] } else { &SHAPES } {
        compared.tables.push(rates(options, &all, *connections, *depth)?);
    }
    compared.tables.push(memory(options, &all)?);
    if let Some(ours) = all.iter().find(|server| server.name == "ours") {
        compared.tables.extend(Part::Load.starts(|| held::hold(options, ours))??);
    }
    Ok(compared)
}

/// What a load of this shape came to, at each server in turn.
fn rates(options: &Options, all: &[Running], connections: usize, depth: usize) -> Answer<Table> {
    let title = match depth {
        1 => format!("requests a second on {connections} connections"),
        _ => format!("requests a second on {connections} connections, {depth} under way on each"),
    };
    let (time, rounds) = if options.quick { (TIME_TO_TRY, 1) } else { (TIME, ROUNDS) };
    // Over HTTP they would have to be told apart, and etcd is far behind anyway.
    let who: Vec<&Running> = all.iter().filter(|server| server.asks != Asks::Etcd || depth == 1).collect();
    let mut came: Vec<Vec<[f64; 4]>> = vec![Vec::new(); who.len()];
    let progress = Progress::of(&title);
    progress.expect(rounds * who.len());
    let mut order: Vec<usize> = (0..who.len()).collect();
    for _ in 0..rounds {
        fastrand::shuffle(&mut order);
        for place in &order {
            progress.step(who[*place].name);
            came[*place].push(ask(who[*place], options, connections, depth, time)?);
        }
    }
    let middle = |came: &[[f64; 4]], part: usize| Spread::of(came.iter().map(|came| came[part]).collect());
    let rows = who.iter().zip(&came).filter_map(|(server, came)| {
        let more = [1, 2, 3].map(|part| middle(came, part).map_or(0.0, |spread| spread.median)).to_vec();
        Some(Row { name: server.name.to_owned(), about: String::new(), spread: middle(came, 0)?, more })
    });
    let more = vec!["median us", "p99 us", "CPU us"];
    let against = vec!["echo".to_owned(), "redis".to_owned()];
    Ok(Table { title, unit: "requests a second", more, against, rows: rows.collect(), notes: Vec::new() })
}

/// Requests a second; the median and the 99th percentile of a batch's time, and the processor's time for a request, in
/// microseconds.
fn ask(server: &Running, options: &Options, connections: usize, depth: usize, time: Duration) -> Answer<[f64; 4]> {
    let asks = Asks::ALL.iter().find_map(|(name, asks)| (*asks == server.asks).then_some(*name));
    let numbers = [connections.to_string(), depth.to_string(), time.as_millis().to_string()];
    let mut load = Command::new(&options.program);
    load.args(["worker", "load", &server.address.to_string(), asks.unwrap_or_default()]).args(numbers);
    let before = server.processor_us()?;
    load.stderr(Stdio::inherit()).stdout(Stdio::piped());
    let output = Part::Load.starts(|| load.spawn())??.wait_with_output()?;
    let taken = server.processor_us()? - before;
    let text = String::from_utf8(output.stdout)?;
    let numbers: Vec<f64> = text.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
    let [rate, median, p99] = numbers.try_into().map_err(|_| format!("{}: the load said nothing", server.name))?;
    Ok([rate, median, p99, taken / (rate * time.as_secs_f64())])
}

/// What a connection costs that has one lock.
#[expect(clippy::cast_precision_loss, reason = "some megabytes, and a small count")]
fn memory(options: &Options, all: &[Running]) -> Answer<Table> {
    let many = if options.quick { MANY_TO_TRY } else { MANY };
    let mut rows = Vec::new();
    for server in all.iter().filter(|server| server.asks != Asks::Etcd) {
        let before = server.resident_bytes()?;
        let mut connections = (0..many).map(|_| TcpStream::connect(server.address)).collect::<Result<Vec<_>, _>>()?;
        for (place, connection) in connections.iter_mut().enumerate() {
            let [get, _] = server.asks.pair(&format!("lock{place}"));
            say(connection, &get)?;
        }
        let each = server.resident_bytes()?.saturating_sub(before) as f64 / many as f64;
        // At least a byte, so that it can be drawn.
        let spread = Spread::of(vec![each.max(1.0)]);
        let row = |spread| Row { name: server.name.to_owned(), about: String::new(), spread, more: Vec::new() };
        rows.extend(spread.map(row));
        for (place, connection) in connections.iter_mut().enumerate() {
            let [_, give] = server.asks.pair(&format!("lock{place}"));
            say(connection, &give)?;
        }
    }
    let title = format!("memory of {many} connections with a lock each");
    let notes = vec!["what the server holds more than before, divided; buffers of the system are not in it".to_owned()];
    let against = vec!["echo".to_owned()];
    Ok(Table { title, unit: "bytes a connection", more: Vec::new(), against, rows, notes })
}

/// Sends a request, and waits until something is answered.
fn say(connection: &mut TcpStream, request: &str) -> Answer {
    connection.write_all(request.as_bytes())?;
    match connection.read(&mut [0; 256])? {
        0 => Err("a server has ended a connection".into()),
        _ => Ok(()),
    }
}
