//! Which scenarios are to be explored.

use lockwright_sim::{
    catalogue::{self, ALGORITHMS, Entry, MUTANTS, REFERENCES},
    scenario::{Faults, Profile, Scenario, ScenarioError},
    sites,
};

use crate::{
    args::{CRASHES_MAX, VerifyArgs},
    exit::{Failure, USAGE},
};

/// One scenario to explore.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) entry: Entry,
    pub(super) scenario: Scenario,
    /// Whether a mutant is to be caught here; otherwise its violation is a violation.
    pub(super) as_expected: bool,
}

/// The scenarios that were asked for; of none in particular, the one that was `saved`.
pub(super) fn plan(args: &VerifyArgs, saved: Option<&Scenario>) -> Result<Vec<Job>, Failure> {
    if let Some(line) = args.protocol.as_ref().filter(|name| name.contains('=')) {
        if bounds(args) || args.mutants {
            return Err(Failure::new(USAGE, "a whole scenario was named, so nothing is to be said of its bounds"));
        }
        let scenario = line.parse().map_err(|error: ScenarioError| Failure::new(USAGE, error))?;
        return one(scenario).map(|job| vec![job]);
    }
    match saved {
        Some(saved) if args.protocol.is_none() && !bounds(args) && !args.mutants => {
            return one(saved.clone()).map(|job| vec![job]);
        }
        _ => {}
    }
    let jobs = match &args.protocol {
        _ if args.mutants => MUTANTS.into_iter().filter(|entry| is_meant(args, entry)).map(caught).collect(),
        Some(name) if MUTANTS.iter().any(|entry| entry.name == name) => {
            let mutant = catalogue::find(name).into_iter();
            mutant.map(|entry| Job { as_expected: false, ..bounded(args, caught(entry)) }).collect()
        }
        _ => algorithms(args),
    };
    if jobs.is_empty() {
        let name = args.protocol.as_deref().unwrap_or_default();
        let known: Vec<&str> = ALGORITHMS.iter().chain(&REFERENCES).chain(&MUTANTS).map(|entry| entry.name).collect();
        return Err(Failure::new(USAGE, format!("there is no protocol `{name}`; there are {}", known.join(", "))));
    }
    let (jobs, elsewhere): (Vec<Job>, Vec<Job>) =
        jobs.into_iter().partition(|job| job.entry.is_for(job.scenario.profile));
    if let ([], [Job { entry, scenario, .. }, ..]) = (&jobs[..], &elsewhere[..]) {
        let (name, home, asked) = (entry.name, entry.home(), scenario.profile);
        let error = format!("{name} is for the world of {home}, and says nothing in that of {asked}");
        return Err(Failure::new(USAGE, format!("{error}; leave --profile out, or name {home}")));
    }
    let beyond = |job: &Job| Some((job.scenario.profile, job.scenario.beyond_its_profile()?));
    if let Some((profile, budget)) = jobs.iter().find_map(beyond) {
        let error = ScenarioError::Beyond(profile, budget);
        let knowing = Profile::ALL.into_iter().filter(|profile| profile.budgets().contains(&budget));
        let knowing: Vec<&str> = knowing.map(Profile::name).collect();
        return Err(Failure::new(USAGE, format!("{error}; it takes --profile {}", knowing.join(" or "))));
    }
    Ok(jobs)
}

/// Whether bounds were asked for in place of a scenario's own.
fn bounds(args: &VerifyArgs) -> bool {
    let VerifyArgs { clients, crashes, rounds, budget, profile, .. } = args;
    clients.is_some() || rounds.is_some() || crashes.is_some() || budget.is_some() || profile.is_some()
}

/// This very scenario.
fn one(scenario: Scenario) -> Result<Job, Failure> {
    let refused = |why: String| Failure::new(USAGE, format!("`{scenario}` cannot be explored: {why}"));
    let entry = catalogue::find(&scenario.protocol).ok_or_else(|| refused("there is no such protocol".into()))?;
    if !(1..=Scenario::CLIENTS_MAX).contains(&scenario.clients) {
        return Err(refused(format!("there can be 1 to {} clients", Scenario::CLIENTS_MAX)));
    }
    if scenario.faults.crashes > CRASHES_MAX {
        return Err(refused(format!("there can be {CRASHES_MAX} crashes at most")));
    }
    if !entry.is_for(scenario.profile) {
        return Err(refused(format!("the protocol is for the world of {}", entry.home())));
    }
    Ok(Job { entry, scenario, as_expected: false })
}

/// The scenarios whose call sites are to be told: small ones, or those with the bounds that were asked for.
pub(super) fn covered(args: &VerifyArgs) -> Result<Vec<Job>, Failure> {
    let jobs = plan(args, None)?;
    if bounds(args) {
        return Ok(jobs);
    }
    let small = sites::scenarios().into_iter().filter(|(entry, _)| is_meant(args, entry));
    let small: Vec<Job> = small.map(|(entry, scenario)| Job { entry, scenario, as_expected: false }).collect();
    Ok(if small.is_empty() { jobs } else { small })
}

pub(super) fn is_meant(args: &VerifyArgs, entry: &Entry) -> bool {
    args.protocol.as_ref().is_none_or(|name| entry.name.starts_with(name.as_str()))
}

fn caught(entry: Entry) -> Job {
    Job { entry, scenario: entry.scenario(), as_expected: true }
}

/// The scenarios that have a row of their own, or one a protocol with the bounds that were asked for.
fn algorithms(args: &VerifyArgs) -> Vec<Job> {
    let rows = catalogue::rows().into_iter().filter(|(entry, _)| is_meant(args, entry));
    let job = |(entry, scenario)| Job { entry, scenario, as_expected: false };
    if bounds(args) {
        let entries = ALGORITHMS.into_iter().chain(REFERENCES).filter(|entry| is_meant(args, entry));
        return entries.map(|entry| bounded(args, job((entry, entry.scenario())))).collect();
    }
    rows.map(job).collect()
}

fn bounded(args: &VerifyArgs, job: Job) -> Job {
    let Scenario { clients, faults, profile, rounds, .. } = job.scenario;
    let (clients, rounds) = (args.clients.unwrap_or(clients), args.rounds.unwrap_or(rounds));
    let faults = match (args.budget, args.profile) {
        (Some(budget), _) => budget,
        (None, Some(profile)) => profile.default_faults(),
        (None, None) => faults,
    };
    let faults = Faults { crashes: args.crashes.unwrap_or(faults.crashes), ..faults };
    let profile = args.profile.unwrap_or(profile);
    Job { scenario: Scenario { clients, faults, profile, rounds, ..job.scenario }, ..job }
}
