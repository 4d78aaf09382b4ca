//! What is unfolded for a specification to walk through: whole scenarios where they are small, and runs of the others.

use lockwright_sim::{
    Limits, Verdict,
    catalogue::Entry,
    check,
    protocol::Protocol,
    scenario::Scenario,
    unfold::{Deed, Unfolding},
};

/// One in so many of the steps that would go wrong does: else all would be dead before anything is under way.
const FAULTS_ONE_IN: usize = 20;

/// Runs of a scenario, each of so many steps that chance picks. The same every time.
#[must_use]
pub fn random(protocol: &dyn Protocol, scenario: &Scenario, runs: u64, steps: usize) -> Vec<Unfolding> {
    let run = |seed| {
        let mut chance = fastrand::Rng::with_seed(seed);
        let choose = |deeds: &[Deed]| loop {
            let choice = chance.usize(..deeds.len());
            let is_fault = !matches!(deeds[choice], Deed::Call | Deed::Begin);
            if !is_fault || chance.usize(..FAULTS_ONE_IN) == 0 {
                return choice;
            }
        };
        Unfolding::of_run(protocol, scenario, steps, choose)
    };
    (0..runs).map(run).collect()
}

/// The run that shows what is wrong with a mutant.
///
/// # Errors
///
/// What the checker says where it finds none.
pub fn counterexample(mutant: &Entry) -> Result<Unfolding, String> {
    let protocol = mutant.protocol();
    match check(protocol, &mutant.scenario(), Limits::default(), &mut |_| {}).verdict {
        Verdict::Violated(found) => {
            let trace = found.trace.ok_or("it was found without a trace")?;
            trace.unfold(protocol).map_err(|divergence| divergence.to_string())
        }
        verdict => Err(format!("{verdict:?}")),
    }
}
