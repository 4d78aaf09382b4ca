//! What can be typed after `lockwright verify`.

use std::{num::NonZeroUsize, path::PathBuf, time::Duration};

use lockwright_sim::{
    Shard, Strategy,
    scenario::{Budget, Faults, Profile, Scenario},
};

use super::want::duration;
use crate::verify::json;

#[derive(Debug, clap::Args)]
#[command(after_long_help = format!("{EXAMPLES}\n\n{}", json::help()))]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch on the command line")]
pub(crate) struct VerifyArgs {
    /// Only protocols of this name, or of names that begin with it; a mutant by its full name; or one whole scenario in
    /// quotes, as a trace has it, see the examples.
    pub(crate) protocol: Option<String>,
    /// So many clients, in place of the scenarios' own.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=16))]
    pub(crate) clients: Option<u8>,
    /// So many crashes, in place of the scenarios' own.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(..=32))]
    pub(crate) crashes: Option<u8>,
    /// Let each client take the lock so many times and then rest until all have, in place of for ever: far fewer states.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=Scenario::ROUNDS_MAX.into()))]
    pub(crate) rounds: Option<u8>,
    /// Which things may go wrong, each how many times in all, in place of the scenarios' own: crash=2,error=1.
    #[arg(long, value_name = "FAULT=N,...", value_parser = budget, conflicts_with = "crashes")]
    pub(crate) budget: Option<Faults>,
    /// The world, which knows certain faults; without --budget, with the fewest that show what is particular about it.
    #[arg(long, value_name = "NAME", value_parser = profile())]
    pub(crate) profile: Option<Profile>,
    /// Check the known-bad protocols: each must be caught, by the property that it breaks.
    #[arg(long, conflicts_with_all = ["clients", "crashes", "rounds", "budget", "profile"])]
    pub(crate) mutants: bool,
    /// Check every algorithm in every profile, and print the table: the verdict, and how many states there are or how many
    /// steps the shortest counterexample takes. Names leave other rows out, --profile other columns. Exit code 0: each cell
    /// is as it is known to be, known limits included; 1: one is not. Some minutes.
    #[arg(long, conflicts_with_all = ["clients", "crashes", "rounds", "budget", "mutants", "coverage", "no_symmetry",
        "no_partial_order", "no_merge", "save", "resume", "verbose"])]
    pub(crate) matrix: bool,
    /// Check the lock daemon in a simulated network, in place of locks on file systems; with --mutants, daemons and clients in
    /// which something is wrong. PROTOCOL is the name of a row then. Those that take no time to speak of are what `verify` ends
    /// with where nothing else is asked for.
    #[arg(long, conflicts_with_all = ["clients", "crashes", "rounds", "budget", "profile", "matrix", "coverage", "strategy",
        "seed", "runs", "steps", "bug_depth", "threads", "depth", "memory", "save", "resume", "shard", "no_symmetry",
        "no_partial_order", "no_merge", "traces"])]
    pub(crate) network: bool,
    /// Instead of a verdict, tell each line that calls the world, with the answers that it got there and those that its
    /// docs allow and it never got. Small scenarios by default.
    #[arg(long, conflicts_with_all = ["mutants", "seed", "runs", "steps", "bug_depth", "threads", "depth", "memory",
        "no_symmetry", "no_partial_order", "no_merge", "traces", "verbose", "save", "resume", "shard"])]
    pub(crate) coverage: bool,
    /// In which order. Bfs finds shortest counterexamples; dfs sees all there is, too; random and pct make runs, judge
    /// what a state gives away by itself, and never verify.
    #[arg(long, value_enum, value_name = "NAME", default_value_t = Order::Bfs)]
    pub(crate) strategy: Order,
    /// For random and pct: where the chance comes from; the same seed makes the same runs. Drawn and told by default.
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// For random and pct: so many runs a scenario [default: 10000].
    #[arg(long, value_name = "N")]
    pub(crate) runs: Option<usize>,
    /// For random and pct: of so many steps each [default: 200].
    #[arg(long, value_name = "N")]
    pub(crate) steps: Option<usize>,
    /// For pct: the depth of violation that runs are made for, 2 for one switch at the wrong time [default: 3].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..))]
    pub(crate) bug_depth: Option<u8>,
    /// For bfs: search with so many threads. The default is one for each core.
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<NonZeroUsize>,
    /// Give up a scenario after so long: 1.5, 30s, 5m, 2h.
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) time: Option<Duration>,
    /// Give up a scenario at so many states.
    #[arg(long, value_name = "N", default_value_t = 100_000_000)]
    pub(crate) states: usize,
    /// Give up a scenario at so many steps from the beginning.
    #[arg(long, value_name = "N")]
    pub(crate) depth: Option<usize>,
    /// Give up a scenario when its states take so much memory: 512M, 8G.
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(crate) memory: Option<usize>,
    /// For bfs: when the search of one scenario is broken off, by a limit or a signal, write it to this file. What stood
    /// there is replaced once the new file is whole.
    #[arg(long, value_name = "FILE", conflicts_with = "shard")]
    pub(crate) save: Option<PathBuf>,
    /// For bfs: go on with the search in this file, which `--save` wrote and this very lockwright can read. Without a
    /// protocol, its scenario is explored. It comes to what a search comes to that was never broken off.
    #[arg(long, value_name = "FILE", conflicts_with = "shard")]
    pub(crate) resume: Option<PathBuf>,
    /// Do the part K of N, so that N machines do all of it: for bfs and dfs every Nth scenario from the Kth on, for
    /// random and pct every Nth run of each, with the seed that all are to be given. A shard that no scenario falls to
    /// says so, and its exit code is 0.
    #[arg(long, value_name = "K/N")]
    pub(crate) shard: Option<Shard>,
    /// Keep states apart that differ in names only: the same verdict from a larger search.
    #[arg(long)]
    pub(crate) no_symmetry: bool,
    /// Look at calls one by one also where nobody can disturb them: the same verdict from a larger search.
    #[arg(long)]
    pub(crate) no_partial_order: bool,
    /// Keep histories apart that go on alike, and with them names: the same verdict from a far larger search.
    #[arg(long)]
    pub(crate) no_merge: bool,
    /// Where counterexamples are written: here by default, and with --mutants nowhere.
    #[arg(long, value_name = "DIR")]
    pub(crate) traces: Option<PathBuf>,
    /// Say of each search by which means it was made, and how sure it is; of each mutant, where such a lock was seen.
    #[arg(short, long)]
    pub(crate) verbose: bool,
    /// One JSON object a scenario, one a line; see below.
    #[arg(long)]
    pub(crate) json: bool,
}

const EXAMPLES: &str = "\
Examples:
  lockwright verify fast_lock                                          its scenarios, and those of its kin
  lockwright verify 'fast_lock clients=4 crashes=0 walk=split' \\
                    --memory 8G --save half.search                     one, for as long as there is memory
  lockwright verify --resume half.search --memory 16G --save half.search   the same one, from there on
  lockwright verify --matrix                                           which lock may be used where
  lockwright verify --matrix fast_lock --profile power                 a part of that table
  lockwright verify --network restart -v                               the daemon dies and comes back
  lockwright verify --shard 2/3                                        the second of three machines
  lockwright verify --strategy pct --seed 7 --runs 300000 --shard 2/3  the same with runs";

/// A [`Strategy`] before its numbers are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Order {
    Bfs,
    Dfs,
    Random,
    Pct,
}

impl VerifyArgs {
    /// Whether nothing was said of what is to be checked, nor of an order or a means that is for some of it only.
    pub(crate) fn is_plain(&self) -> bool {
        let Self { protocol, clients, crashes, rounds, budget, profile, mutants, shard, save, resume, .. } = self;
        let Self { strategy, depth, memory, no_symmetry, no_partial_order, no_merge, .. } = self;
        let is_all = protocol.is_none() && profile.is_none() && shard.is_none() && !mutants;
        let is_unbounded = clients.is_none() && crashes.is_none() && rounds.is_none() && budget.is_none();
        let is_one_search = save.is_some() || resume.is_some() || depth.is_some() || memory.is_some();
        let is_usual = *strategy == Order::Bfs && !no_symmetry && !no_partial_order && !no_merge;
        is_all && is_unbounded && is_usual && !is_one_search
    }

    /// The strategy that was asked for; `draw` gives a seed where none was. An option that it would not heed is a mistake.
    pub(crate) fn strategy(&self, draw: impl FnOnce() -> u64) -> Result<Strategy, String> {
        let Self { seed, runs, steps, bug_depth, .. } = *self;
        let makes_runs = matches!(self.strategy, Order::Random | Order::Pct);
        let unheeded = [
            ("--seed", seed.is_some() && !makes_runs),
            ("--runs", runs.is_some() && !makes_runs),
            ("--steps", steps.is_some() && !makes_runs),
            ("--bug-depth", bug_depth.is_some() && self.strategy != Order::Pct),
            ("--threads", self.threads.is_some_and(|threads| threads.get() > 1) && self.strategy != Order::Bfs),
            ("--no-symmetry", self.no_symmetry && makes_runs),
            ("--no-partial-order", self.no_partial_order && makes_runs),
            ("--no-merge", self.no_merge && makes_runs),
            ("--save", self.save.is_some() && self.strategy != Order::Bfs),
            ("--resume", self.resume.is_some() && self.strategy != Order::Bfs),
            // The matrix has the sizes of that search.
            ("--matrix", self.matrix && self.strategy != Order::Bfs),
            // Of several properties that a mutant breaks, breadth first finds the same one first.
            ("--mutants", self.mutants && self.strategy != Order::Bfs),
        ];
        if let Some((option, _)) = unheeded.into_iter().find(|(_, is_unheeded)| *is_unheeded) {
            return Err(format!("{option} is not for this strategy"));
        }
        if makes_runs && self.shard.is_some() && seed.is_none() {
            return Err("--shard takes --seed with this strategy: each shard would draw another".into());
        }
        let (runs, steps, shard) = (runs.unwrap_or(10_000), steps.unwrap_or(200), self.shard.unwrap_or_default());
        let seed = || seed.unwrap_or_else(draw);
        Ok(match self.strategy {
            Order::Bfs => Strategy::Bfs,
            Order::Dfs => Strategy::Dfs,
            Order::Random => Strategy::Random { seed: seed(), runs, steps, shard },
            Order::Pct => Strategy::Pct { seed: seed(), runs, steps, shard, depth: bug_depth.unwrap_or(3).into() },
        })
    }
}

/// The profiles, each by its name.
fn profile() -> impl clap::builder::TypedValueParser<Value = Profile> {
    use clap::builder::TypedValueParser;
    let named = clap::builder::PossibleValuesParser::new(Profile::ALL.map(Profile::name));
    named.try_map(|name: String| name.parse::<Profile>())
}

/// `crash=2,error=1`; also in the plural, and each kind once.
fn budget(text: &str) -> Result<Faults, String> {
    let mut faults = Faults::NONE;
    let mut seen = Vec::new();
    for part in text.split(',') {
        let (name, count) = part.split_once('=').ok_or_else(|| format!("`{part}` should be like crash=2"))?;
        let budget = Budget::ALL.into_iter().find(|budget| name == singular(*budget) || name == budget.name());
        let budget = budget
            .ok_or_else(|| format!("there is no fault `{name}`; there are {}", Budget::ALL.map(singular).join(", ")))?;
        if seen.contains(&budget) {
            return Err(format!("`{name}` is there twice"));
        }
        seen.push(budget);
        *faults.of_mut(budget) = count.parse().map_err(|error| format!("`{count}` is no count: {error}"))?;
    }
    if faults.crashes > CRASHES_MAX {
        return Err(format!("more than {CRASHES_MAX} crashes"));
    }
    Ok(faults)
}

/// Each crash takes a new id, and ids have numbers.
pub(crate) const CRASHES_MAX: u8 = 32;

fn singular(budget: Budget) -> &'static str {
    let name = budget.name();
    let hissing = name.strip_suffix("es").filter(|stem| stem.ends_with("sh") || stem.ends_with("ss"));
    hissing.or_else(|| name.strip_suffix('s')).unwrap_or(name)
}

/// A number of bytes, with a unit of 1024, its square or its cube: `K`, `M`, `G`.
fn size(text: &str) -> Result<usize, String> {
    let (number, shift) = match text.as_bytes().last() {
        Some(b'K') => (&text[..text.len() - 1], 10),
        Some(b'M') => (&text[..text.len() - 1], 20),
        Some(b'G') => (&text[..text.len() - 1], 30),
        _ => (text, 0),
    };
    let number: usize = number.parse().map_err(|_| "should be like 512M or 8G".to_owned())?;
    number.checked_mul(1 << shift).ok_or_else(|| "is more than there can be".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_names_faults_in_the_singular_or_plural() {
        let faults = Faults { crashes: 2, errors: 1, ..Faults::NONE };
        assert_eq!(budget("crash=2,error=1"), Ok(faults));
        assert_eq!(budget("errors=1,crashes=2"), Ok(faults));
        assert_eq!(budget("removal=3,cut=0"), Ok(Faults { removals: 3, ..Faults::NONE }));
        for text in ["", "crash", "crash=", "crash=x", "crash=300", "crash=33", "accident=1", "crash=1,crashes=1"] {
            assert!(budget(text).is_err(), "{text}");
        }
    }

    #[test]
    fn every_fault_has_a_singular() {
        let words = Budget::ALL.map(singular);
        let first = ["crash", "error", "removal", "cut", "loss", "tick", "reuse"];
        let others = ["jump", "suspend", "rounding", "jitter", "reboot", "reorder", "refusal"];
        let of_nfs = ["replay", "guard", "duplicate", "restart", "stale", "lie", "open"];
        assert_eq!(words.as_slice(), [&first[..], &others, &of_nfs].concat());
    }

    #[test]
    fn a_size_has_a_unit_of_1024() {
        assert_eq!(size("0"), Ok(0));
        assert_eq!(size("4096"), Ok(4096));
        assert_eq!(size("3K"), Ok(3072));
        assert_eq!(size("512M"), Ok(512 << 20));
        assert_eq!(size("8G"), Ok(8 << 30));
        for text in ["", "M", "1.5G", "8T", "-1M", "99999999999G"] {
            assert!(size(text).is_err(), "{text}");
        }
    }
}
