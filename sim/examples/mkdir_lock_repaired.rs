//! `mkdir_lock`, repaired: the lock comes into being whole, and whoever recovers it names the dead owner.

use lockwright_kernel::{fs::Fs, fs::FsError, id::Id, path::Path, probe::Liveness, probe::Probe};
use lockwright_sim::protocol::{Client, Outcome, Phase, Protocol, Stop};
use lockwright_sim::{Limits, Replay, check, scenario::Faults, scenario::Scenario};

#[derive(Debug)]
pub(crate) struct MkdirLock;

impl Protocol for MkdirLock {
    fn attempt(&self, me: &Client, phase: Phase, world: &Replay<'_>) -> Result<Outcome, Stop> {
        let [lock, mine] = ["lock", me.id.name().as_str()].map(path);
        let rm = |dir: &Path, id: &Id| world.discard_file(&dir.join(id.name())).and_then(|()| world.discard_dir(dir));
        let idle = |said| Ok(Outcome { next: Phase::Idle, said });
        if phase == Phase::Holding {
            rm(&lock, &me.id)?;
            for id in world.list(&Path::root())?.into_iter().map(Id::from) {
                if world.liveness(&id)? == Liveness::Dead {
                    rm(&path(id.name().as_str()), &id)?; // what it prepared
                }
            }
            return idle("gave it back");
        }
        let owners = match world.list(&lock) {
            Err(FsError::NotFound) => Vec::new(),
            listed => listed?,
        };
        for owner in owners.into_iter().map(Id::from) {
            if world.liveness(&owner)? != Liveness::Dead {
                return idle("found it taken");
            }
            world.discard_file(&lock.join(owner.name()))?; // the dead one's entry and no other
        }
        let signed = world.create_dir(&mine).and_then(|()| world.create_file(&mine.join(me.id.name()), b""));
        let moved = signed.and_then(|()| world.rename(&mine, &lock)); // mkdir $$; touch $$/$$; mv -T $$ lock
        if moved == Err(FsError::NotEmpty) {
            rm(&mine, &me.id)?;
            return idle("found it taken");
        }
        Ok(moved.map(|()| Outcome { next: Phase::Holding, said: "took it" })?)
    }
    fn evidence(&self, id: &Id) -> Path {
        path("lock").join(id.name())
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
    for [clients, crashes] in [[2, 0], [2, 1], [3, 0]] {
        let scenario = Scenario::new("mkdir_lock_repaired", clients, crashes);
        println!("{scenario}: {:?}", check(&MkdirLock, &scenario, Limits::default(), &mut |_| {}));
    }
}
