//! SPIN, on the model in `peers/FastLock.pml`: it makes a C program of the model, which is compiled and run.
//!
//! The search is breadth first, as those of the others are, and leaves out no order: what it leaves out by itself, it does
//! on the ground of what processes share, and these share everything.

use std::{
    cell::RefCell,
    collections::{BTreeMap, btree_map::Entry},
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use super::{Bounds, Search};
use crate::Answer;

const MODEL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/FastLock.pml");

/// More than any search here comes to.
const DEPTH_MAX: &str = "-m1000000";

/// An installed SPIN, and the programs that it made.
#[derive(Debug, Default)]
pub struct Spin {
    made: RefCell<BTreeMap<Bounds, Made>>,
}

#[derive(Debug)]
struct Made {
    /// Where the program is, for as long as this lives.
    _dir: TempDir,
    program: PathBuf,
}

impl Spin {
    /// Whether it is installed, with a C compiler; or else how to get them.
    ///
    /// # Errors
    ///
    /// That.
    pub fn find() -> Result<(), String> {
        let runs = |program: &str, version: &str| Command::new(program).arg(version).output().is_ok();
        if runs("spin", "-V") && runs("cc", "--version") { Ok(()) } else { Err("apt-get install spin gcc".to_owned()) }
    }

    /// Has it check the model. The time is that of the search, as a whole program.
    ///
    /// # Errors
    ///
    /// When it cannot be run, or does not verify the lock.
    pub fn check(&self, bounds: Bounds) -> Answer<Search> {
        let mut made = self.made.borrow_mut();
        search(match made.entry(bounds) {
            Entry::Occupied(made) => made.into_mut(),
            Entry::Vacant(place) => place.insert(make(Path::new(MODEL), bounds)?),
        })
    }
}

fn make(model: &Path, [clients, crashes]: Bounds) -> Answer<Made> {
    let dir = tempfile::tempdir()?;
    let mut spin = Command::new("spin");
    spin.args([format!("-DCOUNT={clients}"), format!("-DCRASHES={crashes}")]).arg("-a").arg(model);
    succeed(spin.current_dir(dir.path()))?;
    let mut compiler = Command::new("cc");
    compiler.args(["-O2", "-w", "-DSAFETY", "-DNOREDUCE", "-DBFS", "-o", "pan", "pan.c"]);
    succeed(compiler.current_dir(dir.path()))?;
    let program = dir.path().join("pan");
    Ok(Made { _dir: dir, program })
}

fn search(made: &Made) -> Answer<Search> {
    let mut command = Command::new(&made.program);
    command.arg(DEPTH_MAX).current_dir(made.program.parent().unwrap_or(Path::new(".")));
    let start = Instant::now();
    let said = succeed(&mut command)?;
    let time = start.elapsed();
    read(&said, time).ok_or_else(|| format!("SPIN did not verify the lock:\n{said}").into())
}

fn succeed(command: &mut Command) -> Answer<String> {
    let output = command.output()?;
    let [said, errors] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    if output.status.success() { Ok(said.into_owned()) } else { Err(format!("{command:?}: {said}{errors}").into()) }
}

/// Reads what it printed.
fn read(said: &str, time: Duration) -> Option<Search> {
    let number = |before: &str, after: &str| {
        let (head, _) = said.split_once(after)?;
        head.rsplit_once(before)?.1.trim().parse::<usize>().ok()
    };
    let is_complete = !said.contains("Search not completed") && !said.contains("max search depth too small");
    let depth = number("depth reached ", ", errors: 0")?;
    let (states, matched) = (number("\n", " states, stored")?, number("\n", " states, matched")?);
    // It counts the initial state among those that it came to.
    is_complete.then_some(Search { states, transitions: states + matched - 1, depth, time })
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Grain, Order, stateright},
        *,
    };

    #[test]
    fn only_a_complete_search_without_an_error_counts() {
        let said = "depth reached 39, errors: 0\n      881 states, stored\n      882 states, matched\n";
        let time = Duration::from_secs(1);
        let search = Search { states: 881, transitions: 1_762, depth: 39, time };
        assert_eq!(read(said, time), Some(search));
        assert_eq!(read(&said.replace("errors: 0", "errors: 1"), time), None);
        assert_eq!(read(&format!("Warning: Search not completed\n{said}"), time), None);
    }

    /// The two models were written by the same hand, and are checked by different programs.
    #[test]
    fn it_comes_to_the_size_of_the_plain_model_and_catches_a_move_onto_a_lock_that_is_held() {
        if let Err(get) = Spin::find() {
            assert!(std::env::var_os("LOCKWRIGHT_REQUIRE_PEERS").is_none(), "{get}");
            return println!("SKIPPED: SPIN is not here: {get}");
        }
        let [theirs, plain] =
            [Spin::default().check([2, 1]).unwrap(), stateright([2, 1], Grain::Plain, Order::BreadthFirst).unwrap()];
        assert_eq!(Search { time: plain.time, ..theirs }, plain);
        let model = std::fs::read_to_string(MODEL).unwrap();
        let broken = model.replace("(proposed & BIT(ME)) && leaves == 0 ->", "(proposed & BIT(ME)) ->");
        assert_ne!(broken, model);
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("Broken.pml");
        std::fs::write(&path, broken).unwrap();
        let error = search(&make(&path, [2, 0]).unwrap()).unwrap_err().to_string();
        assert!(error.contains("assertion violated"), "{error}");
    }
}
