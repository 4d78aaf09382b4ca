//! A load: connections that each ask, wait for all answers, and ask again.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use rustix::event::epoll;

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asks {
    /// Our daemon, or one that writes back what it reads.
    Lines,
    /// Redis.
    Redis,
}

/// How much is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    /// What is asked.
    pub asks: Asks,
    /// Over how many connections.
    pub connections: usize,
    /// How many requests each sends before it waits for answers.
    pub depth: usize,
    /// For how long.
    pub time: Duration,
}

/// What it came to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Came {
    /// Requests a second that were answered.
    pub rate: f64,
    /// The median of how long the answers to one batch took, in microseconds.
    pub median_us: u128,
    /// The time that one batch in a hundred took longer than, in microseconds.
    pub p99_us: u128,
}

struct Connection {
    socket: TcpStream,
    /// Requests that get, and requests that give back, each as often as are sent at a time.
    batches: [Vec<u8>; 2],
    next: usize,
    missing: usize,
    asked: Instant,
}

impl Load {
    /// Asks the server at `address`.
    ///
    /// # Errors
    ///
    /// When a connection fails.
    pub fn run(&self, address: SocketAddr) -> io::Result<Came> {
        let all = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let mut connections = Vec::with_capacity(self.connections);
        for place in 0..self.connections {
            let socket = TcpStream::connect(address)?;
            socket.set_nodelay(true)?;
            epoll::add(&all, &socket, epoll::EventData::new_u64(place as u64), epoll::EventFlags::IN)?;
            let batches = self.batches(place);
            connections.push(Connection { socket, batches, next: 0, missing: 0, asked: Instant::now() });
        }
        let begun = Instant::now();
        let (mut times, mut answers) = (Vec::new(), 0);
        for connection in &mut connections {
            connection.ask(self.depth)?;
        }
        let mut buffer = [0; 16 * 1024];
        let mut events = Vec::with_capacity(256);
        while begun.elapsed() < self.time {
            epoll::wait(&all, rustix::buffer::spare_capacity(&mut events), None)?;
            for event in events.drain(..) {
                let Ok(place) = usize::try_from(event.data.u64()) else { continue };
                let connection = &mut connections[place];
                let count = connection.socket.read(&mut buffer)?;
                if count == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                let heard = buffer[..count].iter().filter(|byte| **byte == b'\n').count();
                answers += heard;
                connection.missing = connection.missing.saturating_sub(heard);
                if connection.missing == 0 {
                    times.push(connection.asked.elapsed().as_micros());
                    connection.ask(self.depth)?;
                }
            }
        }
        times.sort_unstable();
        let at = |percent: usize| times.get((times.len() * percent / 100).min(times.len() - 1)).copied().unwrap_or(0);
        #[expect(clippy::cast_precision_loss, reason = "a rate is no exact number")]
        let rate = answers as f64 / begun.elapsed().as_secs_f64();
        Ok(Came { rate, median_us: at(50), p99_us: at(99) })
    }

    /// A getting request is followed by one that gives back, so that each succeeds.
    fn batches(&self, place: usize) -> [Vec<u8>; 2] {
        let [get, give] = match self.asks {
            Asks::Lines => [format!("g lock{place}\n"), format!("r lock{place}\n")],
            Asks::Redis => {
                [command(&["SET", &format!("lock{place}"), "x", "NX"]), command(&["DEL", &format!("lock{place}")])]
            }
        };
        match self.depth {
            1 => [get.into_bytes(), give.into_bytes()],
            depth => {
                let both = [get, give].concat().repeat(depth / 2).into_bytes();
                [both.clone(), both]
            }
        }
    }
}

impl Connection {
    fn ask(&mut self, depth: usize) -> io::Result<()> {
        self.missing = depth;
        self.asked = Instant::now();
        self.next ^= 1;
        self.socket.write_all(&self.batches[self.next ^ 1])
    }
}

fn command(words: &[&str]) -> String {
    let words: String = words.iter().map(|word| format!("${}\r\n{word}\r\n", word.len())).collect();
    format!("*{}\r\n{words}", words.matches('$').count())
}
