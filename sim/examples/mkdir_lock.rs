//! A lock as many shell scripts have it: `mkdir lock`, then the owner's pid in `lock/pid`. It is broken, twice.

use lockwright_kernel::{fs::Fs, fs::FsError, id::Id, path::Path, probe::Liveness, probe::Probe};
use lockwright_sim::protocol::{Client, Outcome, Phase, Protocol, Stop};
use lockwright_sim::{Limits, Replay, Verdict, check, scenario::Faults, scenario::Scenario};

#[derive(Debug)]
pub(crate) struct MkdirLock;

impl Protocol for MkdirLock {
    fn attempt(&self, me: &Client, phase: Phase, world: &Replay<'_>) -> Result<Outcome, Stop> {
        let [lock, pid] = ["lock", "lock/pid"].map(path);
        let idle = |said| Ok(Outcome { next: Phase::Idle, said });
        if phase == Phase::Holding {
            world.discard_file(&pid)?; // rm lock/pid; rmdir lock
            world.discard_dir(&lock)?;
            return idle("gave it back");
        }
        let my_pid = me.id.name().as_str().as_bytes(); // mkdir lock && echo $$ > lock/pid
        match world.create_dir(&lock).and_then(|()| world.create_file(&pid, my_pid)) {
            Ok(()) => return Ok(Outcome { next: Phase::Holding, said: "took it" }),
            Err(FsError::AlreadyExists) => {}
            Err(FsError::NotFound) => return idle("lost it"),
            Err(error) => return Err(error.into()),
        }
        let owner = match world.read(&pid) {
            Err(FsError::NotFound) => None,
            read => String::from_utf8_lossy(&read?).parse().ok(),
        };
        if let Some(owner) = owner
            && world.liveness(&owner)? == Liveness::Dead
        {
            world.discard_file(&pid)?; // kill -0 $owner || { rm lock/pid; rmdir lock; }
            world.discard_dir(&lock)?;
            return idle("broke it");
        }
        idle("found it taken")
    }
    fn evidence(&self, _: &Id) -> Path {
        path("lock/pid")
    }
    fn sometimes(&self, _: usize, _: Faults) -> Vec<&'static str> {
        vec!["took it", "gave it back", "found it taken"]
    }
}

fn path(text: &str) -> Path {
    text.parse().expect("a path")
}

#[expect(clippy::print_stdout, reason = "an example prints")]
pub(crate) fn main() {
    for [clients, crashes] in [[1, 1], [2, 1]] {
        let scenario = Scenario::new("mkdir_lock", clients, crashes);
        let report = check(&MkdirLock, &scenario, Limits::default(), &mut |_| {});
        let Verdict::Violated(violation) = report.verdict else { panic!("it stands {scenario}") };
        println!("{}", violation.trace.expect("a run shows it"));
    }
}
