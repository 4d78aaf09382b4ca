//! A row as a JSON object: for programs, so its keys stay. [`help`] documents them.

use std::path::Path;

use lockwright_sim::{
    Coverage, Report, Verdict, Violation,
    catalogue::matrix::Finding,
    protocol::Property,
    scenario::{Budget, Walk},
};
use serde_json::{Value, json};

use super::{part::Part, row::Row};

/// Every key, and what stands there. They are in each object, with null where there is nothing to say.
const KEYS: [(&str, &str); 68] = [
    ("protocol", "its name"),
    ("clients", "how many clients"),
    ("rounds", "how many times each client takes the lock before it rests; 0 for no end"),
    ("crashes", "how many crashes, at most"),
    ("errors", "how many calls that fail, at most"),
    ("removals", "how many entries that an outsider removes, at most"),
    ("cuts", "how many power cuts, at most"),
    ("losses", "how many notices that get lost, at most"),
    ("ticks", "how many ticks of the clock, at most"),
    ("reuses", "how many ids that come to mean another, at most"),
    ("jumps", "how many wall clocks that are set forward or back, at most"),
    ("suspends", "how many ticks that a host sleeps through, at most"),
    ("roundings", "1 where the file system may round stamps down"),
    ("jitters", "how many readings of a start that are off by one, at most"),
    ("reboots", "how many restarts of a host, at most"),
    ("reorders", "how many names that are durable before earlier ones, at most"),
    ("refusals", "how many calls that are refused, at most"),
    ("replays", "how many calls that an NFS server executes twice, at most"),
    ("guards", "how many files that an NFS server makes twice, at most"),
    ("duplicates", "how many copies of calls that an NFS server executes late, at most"),
    ("restarts", "how many restarts of the NFS server, at most"),
    ("stales", "how many calls that go by what a host remembers, at most"),
    ("lies", "how many directories that an old NFS client says to have made, at most"),
    ("opens", "how many files that are open when they are removed over NFS, at most"),
    ("profile", "the world"),
    ("walk", "split, a step apart from a call's effect, or atomic, together with it"),
    ("strategy", "bfs, dfs, random or pct"),
    ("seed", "random and pct: where the chance came from"),
    ("runs", "random and pct: how many runs were made"),
    ("steps_max", "random and pct: how many steps a run had at most"),
    ("threads", "how many threads searched"),
    ("states", "how many states were seen"),
    ("transitions", "how many steps between them"),
    ("depth", "the most steps from the beginning to one of them"),
    ("seconds", "how long it took"),
    ("transitions_per_second", "how fast it was"),
    ("bytes", "the memory that the states took"),
    ("bytes_per_state", "the same for each"),
    ("collision_odds", "an upper bound of the odds that two states were taken for one"),
    ("merged", "whether histories that go on alike were one"),
    ("partial_order", "whether calls that nobody can disturb were made together"),
    ("symmetric", "whether states that differ in names only were one"),
    ("symmetry_refused", "why they were not, although that was asked for"),
    ("verdict", "Verified, Violated, Incomplete or Error"),
    ("property", "Violated: the property that does not hold"),
    ("what", "Violated: what was seen"),
    ("steps", "Violated: how many steps the counterexample has"),
    ("shortest", "Violated: whether no counterexample to this property can have fewer"),
    ("shrunk_from", "Violated: how many steps it had before it was made shorter"),
    ("token", "Violated: the counterexample in one line, for lockwright replay"),
    ("trace", "Violated: the file that it was written to"),
    ("expected", "the property that a mutant breaks; with --matrix, that is to break"),
    ("caught", "with --mutants: whether it was caught by that property"),
    ("numbers", "of a mutant: which known-bad protocols it shows, by number"),
    ("story", "of a mutant: what goes wrong for somebody who has such a lock"),
    ("source", "of a mutant: where that was seen, or can be read of"),
    ("known_limit", "Violated: why it is no fault of the algorithm, where that is known"),
    ("as_expected", "with --matrix: whether verdict, steps and states are the expected ones"),
    ("expected_verdict", "with --matrix: the verdict that is expected"),
    ("expected_steps", "with --matrix: how many steps the counterexample should have"),
    ("expected_states", "with --matrix: how many states should be seen"),
    ("covered_depth", "Incomplete, with bfs: every behaviour of up to so many steps was covered"),
    ("reason", "Incomplete: which limit it was; Error: what is wrong"),
    ("saved", "Incomplete, with --save: the file that the search was written to"),
    ("resumed_from", "with --resume: how many states were known then"),
    ("shard", "with --shard: which one, like 2/3"),
    ("rows_elsewhere", "with --shard: how many scenarios are for other shards"),
    ("version", "of lockwright"),
];

/// The part of `verify --help` that is about this.
pub(crate) fn help() -> String {
    let lines = KEYS.map(|(key, about)| format!("  {key:<23} {about}"));
    let head = "With --json, each line is an object with these keys, null where there is nothing to say:";
    let coverage = "With --json --coverage, each line is a call site: file, line and column; call, answers (each in how \
                    many steps) and gaps; or, of one that was never reached, behind and unanswered: the call site that \
                    would lead there, and by which answer. A line with incomplete and reason is a scenario of which not \
                    all was seen.";
    format!("{head}\n{}\n\n{coverage}", lines.join("\n"))
}

/// The object of a row whose counterexample was written to `file`.
pub(super) fn object(row: &Row, file: Option<&Path>, part: Part) -> Value {
    let Report { states, transitions, depth, coverage, .. } = &row.report;
    let Coverage { bytes, collision_odds, symmetric, symmetry_refused, shortest: _, shrunk_from, runs, resumed } =
        coverage;
    let (scenario, faults) = (&row.scenario, row.scenario.faults);
    let cell = row.cell.as_ref().and_then(|cell| cell.expected);
    let violated = cell.and_then(Finding::violated);
    let mut object = json!({
        "protocol": scenario.protocol,
        "clients": scenario.clients,
        "rounds": scenario.rounds,
        "profile": scenario.profile.name(),
        "walk": match scenario.walk {
            Walk::Split => "split",
            Walk::Atomic => "atomic",
        },
        "strategy": row.limits.strategy.name(),
        "seed": runs.map(|runs| runs.seed),
        "runs": runs.map(|runs| runs.runs),
        "steps_max": runs.map(|runs| runs.steps_max),
        "threads": row.limits.threads,
        "states": states,
        "transitions": transitions,
        "depth": depth,
        "seconds": row.took.as_secs_f64(),
        "transitions_per_second": row.rate(),
        "bytes": bytes,
        "bytes_per_state": row.bytes_per_state(),
        "collision_odds": collision_odds,
        "merged": row.limits.merge && row.limits.strategy.is_complete(),
        "partial_order": row.limits.partial_order && row.limits.strategy.is_complete(),
        "symmetric": symmetric,
        "symmetry_refused": symmetry_refused,
        "shrunk_from": shrunk_from,
        "verdict": row.report.verdict.word(),
        "expected": row.entry.expected.map(|expected| expected.property).or(violated.map(|it| it.0)).map(Property::name),
        "caught": row.is_caught(),
        "numbers": row.entry.expected.map(|_| row.entry.numbers().collect::<Vec<_>>()),
        "story": row.entry.story().map(|story| story.tells),
        "source": row.entry.story().map(|story| story.source),
        "known_limit": row.limit().map(|limit| limit.why),
        "as_expected": row.is_as_known(),
        "expected_verdict": cell.map(Finding::word),
        "expected_steps": violated.map(|it| it.1),
        "expected_states": cell.map(Finding::states),
        "saved": row.saved.as_ref().map(|file| file.display().to_string()),
        "resumed_from": resumed.map(|before| before.states),
        "shard": part.shard.map(|shard| shard.to_string()),
        "rows_elsewhere": part.shard.map(|_| part.elsewhere),
        "version": env!("CARGO_PKG_VERSION"),
    });
    for budget in Budget::ALL {
        object[budget.name()] = faults.of(budget).into();
    }
    for (key, _) in KEYS {
        let value = of_verdict(row, file, key);
        if object[key].is_null() {
            object[key] = value;
        }
    }
    object
}

/// An object with every key, and nothing said of any but the version.
pub(super) fn blank() -> Value {
    let mut object: Value = KEYS.iter().map(|(key, _)| ((*key).to_owned(), Value::Null)).collect();
    object["version"] = env!("CARGO_PKG_VERSION").into();
    object
}

/// What only some verdicts have.
fn of_verdict(row: &Row, file: Option<&Path>, key: &str) -> Value {
    match (&row.report.verdict, key) {
        (Verdict::Violated(Violation { property, .. }), "property") => property.name().into(),
        (Verdict::Violated(Violation { what, .. }), "what") => what.as_str().into(),
        (Verdict::Violated(Violation { trace: Some(trace), .. }), "steps") => trace.steps.len().into(),
        (Verdict::Violated(Violation { trace: Some(_), .. }), "shortest") => row.report.coverage.shortest.into(),
        (Verdict::Violated(Violation { trace: Some(trace), .. }), "token") => trace.token().to_string().into(),
        (Verdict::Violated(_), "trace") => file.map(|file| file.display().to_string()).into(),
        (Verdict::Incomplete { depth, .. }, "covered_depth") if row.limits.strategy.finds_shortest() => (*depth).into(),
        (Verdict::Incomplete { reason, .. } | Verdict::Error(reason), "reason") => reason.as_str().into(),
        _ => Value::Null,
    }
}
