//! Many locks of the daemon at once: what they take of its memory, and how long others wait for an answer while a tenth of
//! them is released because their holder went, beside how long they wait while nothing is.

use std::{
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use super::{
    super::{
        Options,
        measured::{Row, Spread, Table},
    },
    servers::Running,
};
use crate::Answer;

/// How many locks are held in the end, by so many holders.
const LOCKS: usize = 1_000_000;
const LOCKS_TO_TRY: usize = 10_000;
const HOLDERS: usize = 10;
/// How many locks a holder asks for before it waits for the answers.
const AT_ONCE: usize = 500;
/// For how long others are watched after a holder has gone, and before that.
const WATCHED: Duration = Duration::from_millis(400);
const WATCHED_TO_TRY: Duration = Duration::from_millis(40);

/// Has locks held, and all holders go, one after the other.
#[expect(clippy::cast_precision_loss, reason = "some hundred megabytes, and a million")]
pub(super) fn hold(options: &Options, server: &Running) -> Answer<Vec<Table>> {
    let (locks, watched) = if options.quick { (LOCKS_TO_TRY, WATCHED_TO_TRY) } else { (LOCKS, WATCHED) };
    let mut other = Asker::connect(server.address)?;
    let before = server.resident_bytes()?;
    let mut holders = (0..HOLDERS).map(|_| Asker::connect(server.address)).collect::<Answer<Vec<_>>>()?;
    let of_one = locks / HOLDERS;
    for (place, holder) in holders.iter_mut().enumerate() {
        let names: Vec<usize> = (place * of_one..(place + 1) * of_one).collect();
        for names in names.chunks(AT_ONCE) {
            let lines: Vec<String> = names.iter().map(|name| format!("g lock-{name:07}\n")).collect();
            holder.get_all(&lines.concat(), names.len())?;
        }
    }
    let each = server.resident_bytes()?.saturating_sub(before) as f64 / locks as f64;

    let (mut at_rest, mut at_work) = (Vec::new(), Vec::new());
    while let Some(holder) = holders.pop() {
        at_rest.push(other.worst_us(watched)?);
        drop(holder);
        at_work.push(other.worst_us(watched)?);
        let is_free = format!("i lock-{:07}\n", holders.len() * of_one);
        while other.ask(&is_free)? != "0 Not Locked" {}
    }
    let row = |name: &str, of: Vec<f64>| {
        Spread::of(of).map(|spread| Row { name: name.to_owned(), about: String::new(), spread, more: Vec::new() })
    };
    let table = |title, unit, rows: Vec<Option<Row>>| Table {
        title,
        unit,
        more: Vec::new(),
        against: Vec::new(),
        rows: rows.into_iter().flatten().collect(),
        notes: Vec::new(),
    };
    Ok(vec![
        table(
            format!("memory of {locks} locks, each with a name of 12"),
            "bytes a lock",
            vec![row("ours", vec![each])],
        ),
        table(
            format!("the worst answer that another gets in {watched:?}"),
            "us",
            vec![row("at rest", at_rest), row(&format!("{of_one} locks are released"), at_work)],
        ),
    ])
}

/// A client that waits for its answers.
struct Asker(BufReader<TcpStream>);

impl Asker {
    fn connect(address: SocketAddr) -> Answer<Self> {
        let socket = TcpStream::connect(address)?;
        socket.set_nodelay(true)?;
        Ok(Self(BufReader::new(socket)))
    }

    fn ask(&mut self, line: &str) -> Answer<String> {
        self.0.get_mut().write_all(line.as_bytes())?;
        self.answer()
    }

    fn answer(&mut self) -> Answer<String> {
        let mut answer = String::new();
        self.0.read_line(&mut answer)?;
        Ok(answer.trim_end().to_owned())
    }

    /// Asks for locks that nobody has.
    fn get_all(&mut self, lines: &str, count: usize) -> Answer {
        self.0.get_mut().write_all(lines.as_bytes())?;
        for _ in 0..count {
            let answer = self.answer()?;
            if answer != "1 Got Lock" {
                return Err(answer.into());
            }
        }
        Ok(())
    }

    /// How long it waited at most for an answer, of all that it got in so long.
    fn worst_us(&mut self, time: Duration) -> Answer<f64> {
        let begun = Instant::now();
        let mut worst = Duration::ZERO;
        while begun.elapsed() < time {
            let asked = Instant::now();
            self.ask("ping\n")?;
            worst = worst.max(asked.elapsed());
        }
        Ok(worst.as_secs_f64() * 1e6)
    }
}
