//! Those in line are served in the order of their tickets, while some of them are killed as they wait or as they hold.
//!
//! A crowd joins behind somebody who holds, in parts, each of which is in line before the next one begins. Then `status`
//! tells everybody's number. Each command notes in a journal that it is in, and that it is about to be out; for those who
//! are to be killed the test notes that they are about to be out. So at each `in` it can be told who stood there still.

use std::{
    collections::HashSet,
    fs::{self, File},
    io::Write,
    path::Path,
};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use serde_json::Value;

use crate::{
    places::{self, Place},
    support::{Dir, Process, code, entries},
};

/// How many join at once, and how often.
const PART: usize = 8;
const PARTS: usize = 3;

/// Of each part these hold until they are killed.
const DIE_HOLDING: [usize; 2] = [2, 5];

const IN: &str = "echo \"in $LOCKWRIGHT_ID\" >>journal";
const OUT: &str = "echo \"out $LOCKWRIGHT_ID\" >>journal";

/// Somebody's place in line, as `status` tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Ticket {
    id: String,
    pid: u64,
    number: u64,
    kind: String,
}

impl Ticket {
    fn of(entry: &Value) -> Self {
        let text = |key: &str| entry[key].as_str().expect("a text").to_owned();
        let number = |key: &str| entry[key].as_u64().expect("a number");
        Self { id: text("id"), pid: number("pid"), number: number("number"), kind: text("kind") }
    }
}

/// A crowd in line, and the process of each, both in the order of the tickets.
struct Crowd {
    line: Vec<Ticket>,
    processes: Vec<Process>,
    /// How many of them hold when the others have joined.
    holding: usize,
    /// By process, who holds until it is killed.
    dies_holding: HashSet<u64>,
}

/// What the number `at` of the crowd asks for, where `kind` is that of the lock: of readers and writers every third writes.
fn asked(kind: &str, at: usize) -> &str {
    match kind {
        "rw" if at.is_multiple_of(3) => "rw-write",
        "rw" => "rw-read",
        kind => kind,
    }
}

/// How many may hold at once, other than readers.
fn room(kind: &str) -> usize {
    kind.split_once('=').map_or(1, |(_, holders)| holders.parse().expect("a number"))
}

fn status(dir: &Dir) -> Value {
    serde_json::from_slice(&dir.lockwright(&["status", "--json", "lock"]).stdout).expect("JSON")
}

impl Crowd {
    fn gather(dir: &Dir, kind: &str) -> Self {
        let holding = room(kind);
        let mut processes: Vec<Process> = (0..holding)
            .map(|_| {
                let mut holder = dir.start(&["--kind", asked(kind, 0)], "echo in; read x");
                assert_eq!(holder.line(), "in", "{kind}");
                holder
            })
            .collect();
        let mut dies_holding = HashSet::new();
        for part in 0..PARTS {
            let mut joining: Vec<Process> = (0..PART)
                .map(|at| {
                    let dies = DIE_HOLDING.contains(&at);
                    let script = if dies { format!("{IN}; echo in; read x") } else { format!("{IN}; {OUT}") };
                    let process = dir.start(&["--kind", asked(kind, part * PART + at)], &script);
                    dies_holding.extend(dies.then(|| u64::from(process.id())));
                    process
                })
                .collect();
            for process in &mut joining {
                let said = process.complaint();
                assert!(said.contains("waiting for lock ("), "{kind}: {said}");
            }
            processes.append(&mut joining);
        }
        let status = status(dir);
        let entries = ["holders", "waiters"].map(|key| status[key].as_array().expect("a list").clone()).concat();
        let line: Vec<Ticket> = entries.iter().map(Ticket::of).collect();
        assert_eq!((status["kind"].as_str(), line.len()), (Some(kind), processes.len()), "{status}");
        stands_as_it_came(&line, &processes[holding..]);
        processes.sort_by_key(|process| line.iter().position(|ticket| ticket.pid == u64::from(process.id())));
        Self { line, processes, holding, dies_holding }
    }

    /// The process of the one at `place` in line, which may be out from now on.
    fn out(&mut self, dir: &Dir, place: usize) -> &mut Process {
        let mut journal = File::options().create(true).append(true).open(dir.path().join("journal")).expect("a file");
        journal.write_all(format!("out {}\n", self.line[place].id).as_bytes()).expect("room");
        &mut self.processes[place]
    }

    /// Serves all but some: of those who hold until they are killed, each, and the one behind every one of these, who dies
    /// before its turn or together with the holder. Who was killed waiting.
    fn serve(&mut self, dir: &Dir) -> Vec<String> {
        let dies = |place: &usize| self.dies_holding.contains(&self.line[*place].pid);
        let behind = |place: usize| (place + 1..self.line.len()).find(|place| !dies(place));
        let holding = (0..self.line.len()).filter(dies);
        let mut pairs: Vec<(usize, Option<usize>)> = holding.map(|place| (place, behind(place))).collect();
        let killed = pairs.iter().filter_map(|(_, waiting)| Some(self.line[(*waiting)?].id.clone())).collect();
        for (_, waiting) in pairs.iter_mut().step_by(2) {
            waiting.take().into_iter().for_each(|place| self.out(dir, place).kill());
        }
        for place in 0..self.holding {
            self.out(dir, place).send("end\n");
        }
        while !pairs.is_empty() {
            for at in self.ready(&pairs).into_iter().rev() {
                let (place, waiting) = pairs.remove(at);
                assert_eq!(self.processes[place].line(), "in");
                [Some(place), waiting].into_iter().flatten().for_each(|place| self.out(dir, place).kill());
            }
        }
        killed
    }

    /// Which of the pairs has somebody who has something to say, at least one.
    fn ready(&self, pairs: &[(usize, Option<usize>)]) -> Vec<usize> {
        let outputs = pairs.iter().map(|(place, _)| self.processes[*place].output());
        let mut fds: Vec<PollFd> = outputs.map(|output| PollFd::new(output, PollFlags::POLLIN)).collect();
        poll(&mut fds, PollTimeout::NONE).expect("poll");
        (0..fds.len()).filter(|at| fds[*at].any() == Some(true)).collect()
    }
}

/// Numbers go up along the line, and no part of those who joined stands before one that came earlier.
fn stands_as_it_came(line: &[Ticket], joined: &[Process]) {
    assert!(line.is_sorted_by_key(|ticket| ticket.number), "{line:?}");
    let numbers = |part: &[Process]| -> Vec<u64> {
        let is_in_part = |ticket: &&Ticket| part.iter().any(|process| u64::from(process.id()) == ticket.pid);
        line.iter().filter(is_in_part).map(|ticket| ticket.number).collect()
    };
    let numbers: Vec<Vec<u64>> = joined.chunks(PART).map(numbers).collect();
    for pair in numbers.windows(2) {
        assert!(pair[0].iter().max() < pair[1].iter().min(), "somebody overtook who had joined: {numbers:?}");
    }
}

/// Those who were in before it was their turn: more stood there still, of those before them, than their kind shares with.
fn early<'a>(line: &'a [Ticket], journal: &'a str) -> Vec<&'a str> {
    let mut out = HashSet::new();
    let mut early = Vec::new();
    for line_of_journal in journal.lines() {
        let (what, id) = line_of_journal.split_once(' ').expect("two words");
        if what == "out" {
            out.insert(id);
            continue;
        }
        let place = line.iter().position(|ticket| ticket.id == id).expect("it is in line");
        let kind = &line[place].kind;
        let shares = |other: &Ticket| kind == "rw-read" && other.kind == *kind;
        let hinders = |other: &&Ticket| !shares(other) && !out.contains(other.id.as_str());
        if line[..place].iter().filter(hinders).count() >= room(kind) {
            early.push(id);
        }
    }
    early
}

/// A crowd is served in order, all of it that is not killed, and leaves nothing.
fn is_served_in_order(on: &Place, kind: &str) {
    let dir = Dir::within(&on.dir);
    let mut crowd = Crowd::gather(&dir, kind);
    let killed_waiting = crowd.serve(&dir);
    assert!(killed_waiting.len() > DIE_HOLDING.len(), "{kind}: {killed_waiting:?}");
    let line = crowd.line.clone();
    for (place, ticket) in line.iter().enumerate() {
        let status = crowd.processes[place].end();
        let is_killed = crowd.dies_holding.contains(&ticket.pid) || killed_waiting.contains(&ticket.id);
        // Where several hold, one that was to die waiting may have been quicker.
        assert!(status.success() || is_killed && status.code().is_none(), "{kind}: {ticket:?}: {status}");
    }
    let journal = fs::read_to_string(dir.path().join("journal")).expect("they were served");
    assert_eq!(early(&line, &journal), [""; 0], "{}, {kind}: {line:#?}\n{journal}", on.name);
    let served: HashSet<&str> = journal.lines().filter_map(|line| line.strip_prefix("in ")).collect();
    let of_the_crowd = line[crowd.holding..].iter().filter(|ticket| !killed_waiting.contains(&ticket.id));
    assert!(of_the_crowd.clone().count() > PART && of_the_crowd.clone().all(|one| served.contains(one.id.as_str())));
    // Where there is room for several, the dead in line keep nobody out and may stay until somebody tidies up.
    for command in [&["run", "--kind", asked(kind, 0), "lock", "true"][..], &["unlock", "lock"]] {
        assert_eq!(code(&dir.lockwright(command)), 0, "{}, {kind}", on.name);
    }
    assert_eq!(dir.entries(), ["journal"], "{}, {kind}", on.name);
}

/// The kinds that have a line.
const IN_LINE: [&str; 3] = ["queue", "rw", "fair-sem=3"];

#[test]
fn who_stands_in_line_in_memory_is_served_in_the_order_of_the_tickets() {
    let place = &places::at_hand()[0];
    for kind in IN_LINE {
        is_served_in_order(place, kind);
    }
}

#[test]
fn who_stands_in_line_on_disk_is_served_in_the_order_of_the_tickets() {
    let [mounted, at_hand] = [places::mounted(&["ext4"]), places::at_hand()];
    let place = mounted.first().unwrap_or(&at_hand[1]);
    for kind in IN_LINE {
        is_served_in_order(place, kind);
    }
}

#[test]
fn a_journal_that_is_out_of_order_is_noticed() {
    let line = |kinds: [&str; 4]| -> Vec<Ticket> {
        let ticket = |(number, kind): (u64, &str)| Ticket {
            id: format!("id{number}"),
            pid: number,
            number,
            kind: kind.to_owned(),
        };
        (1..).zip(kinds).map(ticket).collect()
    };
    let told = |kinds, journal: &str| {
        let journal = journal.split(", ").map(|line| line.replace(' ', " id") + "\n").collect::<String>();
        early(&line(kinds), &journal).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let none: [&str; 0] = [];
    assert_eq!(told(["queue"; 4], "in 1, out 1, in 2, out 2, out 3, in 4"), none);
    assert_eq!(told(["queue"; 4], "in 1, out 1, in 3, out 3, in 2, out 2, in 4"), ["id3"]);
    assert_eq!(told(["queue"; 4], "in 1, in 2"), ["id2"]);
    assert_eq!(told(["fair-sem=2"; 4], "in 2, in 1, out 1, in 3"), none);
    assert_eq!(told(["fair-sem=2"; 4], "in 2, in 1, out 1, in 4"), ["id4"]);
    assert_eq!(told(["rw-read", "rw-read", "rw-write", "rw-read"], "in 2, in 1, out 1, out 2, in 3"), none);
    assert_eq!(told(["rw-read", "rw-read", "rw-write", "rw-read"], "in 2, out 2, in 3"), ["id3"]);
    assert_eq!(told(["rw-read", "rw-read", "rw-write", "rw-read"], "in 1, in 2, in 4, out 1, out 2"), ["id4"]);
}

/// Whether it is the turn of `id` by the line on disk, whose names sort as the places do. Of a kind without one it is.
pub(crate) fn is_its_turn(lock: &Path, kind: &str, id: &str) -> bool {
    let home = match kind {
        "rw-read" | "rw-write" => "rw",
        kind if kind == "queue" || kind.starts_with("fair-sem=") => kind,
        _ => return true,
    };
    let home = lock.join("owner").join(home);
    let in_it = |dir: &Path| fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path());
    // A directory without an owner is nobody's ticket any more, and a writer on its way out has taken its mark away.
    let stands =
        |name: &String| in_it(&home.join(name)).any(|owner| kind != "rw-read" || in_it(&owner).next().is_some());
    let names = entries(&home);
    let mine = names.iter().position(|name| home.join(name).join(id).exists()).expect("my ticket");
    let hinders = |name: &&String| stands(name) && !(kind == "rw-read" && name.ends_with("-shared"));
    names[..mine].iter().filter(hinders).count() < room(kind)
}
