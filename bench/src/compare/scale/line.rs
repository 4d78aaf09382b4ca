//! A line of a fair lock in which many wait, all of them this process under different ids.
//!
//! | step | what |
//! |---|---|
//! | `join` | a ticket at the end of the line |
//! | `turn` | the last in line looks whether it is its turn, and is told whom to wait for |
//! | `hand_over` | the first leaves, and the second finds that it is its turn |
//!
//! Together they are what one waiter costs, who waits undisturbed: it is woken once, when its turn has come. Each step lists
//! the line, so it grows with those who stand there.

use std::collections::VecDeque;

use lockwright_kernel::{
    fs::Fs,
    id::Id,
    path::Name,
    wait_queue::{self, Admission, Door, Ticket, Turn, WaitQueue, Want},
};
use lockwright_posix::{chance::ThreadChance, fs::PosixFs, probe::ProcProbe, process::ThisProcess};

use crate::{Answer, place::Place};

/// A line with a holder, behind whom so many wait.
#[derive(Debug)]
pub struct Line {
    queue: WaitQueue<PosixFs, ProcProbe, ThreadChance>,
    process: ThisProcess,
    tickets: VecDeque<Ticket>,
}

impl Line {
    /// Each ticket is made as it would stand after a join, for the joins of a long line would list it as many times.
    ///
    /// # Errors
    ///
    /// Those of making them.
    pub fn new(place: &Place, waiters: u64) -> Answer<Self> {
        let fs = PosixFs::open(place.dir())?;
        let (probe, path) = (ProcProbe::new(&fs), format!("line-{waiters}").parse::<Name>()?.into());
        let queue = WaitQueue::new(fs.clone(), probe, ThreadChance, path, Admission::ONE);
        let mut line = Self { queue, process: ThisProcess::new()?, tickets: VecDeque::new() };
        line.join()?;
        for number in 2..=waiters + 1 {
            let place = wait_queue::Place { number, want: Want::Alone };
            let ticket = Ticket { id: line.id()?, place, door: Door::Passed };
            let leaf = line.queue.path_of(&ticket);
            fs.create_dir(&leaf.split_last().ok_or("a ticket stands in a place")?.0)?;
            fs.create_dir(&leaf)?;
            line.tickets.push_back(ticket);
        }
        Ok(line)
    }

    fn id(&self) -> Answer<Id> {
        Ok(Id::from(&self.process.fresh_id()?))
    }

    /// # Errors
    ///
    /// Those of the queue.
    pub fn join(&mut self) -> Answer {
        self.tickets.push_back(self.queue.join(&self.id()?, Want::Alone)?);
        Ok(())
    }

    /// # Errors
    ///
    /// Those of the queue, and where it is the turn of the last.
    pub fn turn(&mut self) -> Answer {
        let last = self.tickets.back_mut().ok_or("somebody stands there")?;
        match self.queue.turn(last)? {
            Turn::Wait(_) => Ok(()),
            other => Err(format!("the last in line is told {other:?}").into()),
        }
    }

    /// # Errors
    ///
    /// Those of the queue, and where it is not the turn of the second.
    pub fn hand_over(&mut self) -> Answer {
        let first = self.tickets.pop_front().ok_or("somebody stands there")?;
        self.queue.leave(&first)?;
        let second = self.tickets.front_mut().ok_or("somebody stands there")?;
        match self.queue.turn(second)? {
            Turn::Holding => Ok(()),
            other => Err(format!("the first in line is told {other:?}").into()),
        }
    }

    /// What one waiter costs. Afterwards there are as many as before.
    ///
    /// # Errors
    ///
    /// Those of the steps.
    pub fn pass(&mut self) -> Answer {
        self.join()?;
        self.turn()?;
        self.hand_over()
    }
}
