//! A load: connections that each ask, wait for all answers, and ask again. It has a processor of its own and never sleeps, for whoever
//! answers one that sleeps has to wake it first, which can cost more than the answer.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    thread,
    time::{Duration, Instant},
};

use rustix::{event::epoll, time::Timespec};

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asks {
    /// Our daemon, or one that writes back what it reads.
    Lines,
    /// Redis.
    Redis,
    /// memcached.
    Memcached,
    /// etcd, by JSON over HTTP, one request at a time.
    Etcd,
}

impl Asks {
    /// All of them, and what each is called.
    pub const ALL: [(&'static str, Self); 4] =
        [("lines", Self::Lines), ("redis", Self::Redis), ("memcached", Self::Memcached), ("etcd", Self::Etcd)];

    /// The one of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find_map(|(known, asks)| (*known == name).then_some(*asks))
    }

    /// What each answer has once.
    fn answer(self) -> &'static [u8] {
        if self == Self::Etcd { b"HTTP/1.1 200" } else { b"\n" }
    }

    /// A request that gets the lock of that name, and one that gives it back.
    #[must_use]
    pub fn pair(self, name: &str) -> [String; 2] {
        match self {
            Self::Lines => [format!("g {name}\n"), format!("r {name}\n")],
            Self::Redis => [command(&["SET", name, "x", "NX"]), command(&["DEL", name])],
            Self::Memcached => [format!("add {name} 0 0 1\r\nx\r\n"), format!("delete {name}\r\n")],
            Self::Etcd => etcd(name),
        }
    }
}

/// A transaction that makes the key if it is not there; its names and values are in base 64.
fn etcd(name: &str) -> [String; 2] {
    let key = base64(name);
    let free = format!(r#"{{"key":"{key}","target":"CREATE","create_revision":"0"}}"#);
    let put = format!(r#"{{"request_put":{{"key":"{key}","value":"eA=="}}}}"#);
    let get = format!(r#"{{"compare":[{free}],"success":[{put}]}}"#);
    let give = format!(r#"{{"key":"{key}"}}"#);
    [("txn", get), ("deleterange", give)].map(|(call, body)| {
        let length = body.len();
        format!("POST /v3/kv/{call} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n{body}")
    })
}

fn base64(text: &str) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |three: &[u8]| {
        let bytes = [three[0], three.get(1).copied().unwrap_or(0), three.get(2).copied().unwrap_or(0)];
        let bits = bytes.iter().fold(0, |bits, byte| bits << 8 | usize::from(*byte));
        let letter = |place: usize| if place <= three.len() { LETTERS[bits >> (18 - 6 * place) & 63] } else { b'=' };
        (0..4).map(letter).map(char::from).collect::<String>()
    };
    text.as_bytes().chunks(3).map(group).collect()
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

/// How long a wait is.
const AT_ONCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };

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
        // By edges: a read takes all that has come, for the buffer is larger than all answers that can be missing, and a socket
        // that was read is not looked at once more by the next wait.
        let all = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let mut connections = Vec::with_capacity(self.connections);
        for place in 0..self.connections {
            let socket = TcpStream::connect(address)?;
            socket.set_nodelay(true)?;
            epoll::add(
                &all,
                &socket,
                epoll::EventData::new_u64(place as u64),
                epoll::EventFlags::IN | epoll::EventFlags::ET,
            )?;
            let batches = self.batches(place);
            connections.push(Connection { socket, batches, next: 0, missing: 0, asked: Instant::now() });
        }
        let begun = Instant::now();
        let (mut times, mut answers) = (Vec::new(), 0);
        for connection in &mut connections {
            connection.ask(self.depth, begun)?;
        }
        let mut buffer = [0; 16 * 1024];
        let mut events = Vec::with_capacity(256);
        let mut now = begun;
        // Something is to be told, also where the machine had no time for this.
        while now - begun < self.time || times.is_empty() {
            if epoll::wait(&all, rustix::buffer::spare_capacity(&mut events), Some(&AT_ONCE))? == 0 {
                now = Instant::now();
                thread::yield_now();
            }
            for event in events.drain(..) {
                let Ok(place) = usize::try_from(event.data.u64()) else { continue };
                let connection = &mut connections[place];
                let count = connection.socket.read(&mut buffer)?;
                if count == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                let heard = count_of(&buffer[..count], self.asks.answer());
                answers += heard;
                connection.missing = connection.missing.saturating_sub(heard);
                now = Instant::now();
                if connection.missing == 0 {
                    times.push(now - connection.asked);
                    connection.ask(self.depth, now)?;
                }
            }
        }
        times.sort_unstable();
        let at = |percent: usize| times.get((times.len() * percent / 100).min(times.len().saturating_sub(1)));
        let at = |percent: usize| at(percent).map_or(0, Duration::as_micros);
        #[expect(clippy::cast_precision_loss, reason = "a rate is no exact number")]
        let rate = answers as f64 / (now - begun).as_secs_f64();
        Ok(Came { rate, median_us: at(50), p99_us: at(99) })
    }

    /// A getting request is followed by one that gives back, so that each succeeds.
    fn batches(&self, place: usize) -> [Vec<u8>; 2] {
        let [get, give] = self.asks.pair(&format!("lock{place}"));
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
    fn ask(&mut self, depth: usize, now: Instant) -> io::Result<()> {
        self.missing = depth;
        self.asked = now;
        self.next ^= 1;
        self.socket.write_all(&self.batches[self.next ^ 1])
    }
}

fn command(words: &[&str]) -> String {
    let head = format!("*{}\r\n", words.len());
    words.iter().fold(head, |text, word| text + &format!("${}\r\n{word}\r\n", word.len()))
}

/// How often the one stands in the other.
#[expect(clippy::naive_bytecount, reason = "the compiler compares many bytes at once here; no crate for that")]
fn count_of(text: &[u8], what: &[u8]) -> usize {
    if let [one] = what {
        return text.iter().filter(|byte| *byte == one).count();
    }
    text.windows(what.len()).filter(|window| *window == what).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_spelled_in_base_64() {
        assert_eq!(["lock", "lock1", "lock12"].map(base64), ["bG9jaw==", "bG9jazE=", "bG9jazEy"]);
    }

    #[test]
    fn each_request_gets_one_answer() {
        for (_, asks) in Asks::ALL.into_iter().filter(|(_, asks)| *asks != Asks::Etcd) {
            assert_eq!(asks.answer(), b"\n");
        }
        assert_eq!(count_of(b"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n", Asks::Etcd.answer()), 2);
        assert!(Asks::Memcached.pair("a")[0].starts_with("add a 0 0 1\r\n"));
    }
}
