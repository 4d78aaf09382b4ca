//! Which scenarios are to be explored.

use lockwright_sim::{
    catalogue::{self, ALGORITHMS, Entry, MUTANTS, REFERENCES},
    scenario::{Faults, Profile, Scenario, ScenarioError},
};

use crate::{
    args::VerifyArgs,
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

pub(super) fn plan(args: &VerifyArgs) -> Result<Vec<Job>, Failure> {
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

fn is_meant(args: &VerifyArgs, entry: &Entry) -> bool {
    args.protocol.as_ref().is_none_or(|name| entry.name.starts_with(name.as_str()))
}

fn caught(entry: Entry) -> Job {
    Job { entry, scenario: entry.scenario(), as_expected: true }
}

/// The scenarios that have a row of their own, or one a protocol with the bounds that were asked for.
fn algorithms(args: &VerifyArgs) -> Vec<Job> {
    let rows = catalogue::rows().into_iter().filter(|(entry, _)| is_meant(args, entry));
    let job = |(entry, scenario)| Job { entry, scenario, as_expected: false };
    let VerifyArgs { clients: None, crashes: None, budget: None, profile: None, .. } = args else {
        let entries = ALGORITHMS.into_iter().chain(REFERENCES).filter(|entry| is_meant(args, entry));
        return entries.map(|entry| bounded(args, job((entry, entry.scenario())))).collect();
    };
    rows.map(job).collect()
}

fn bounded(args: &VerifyArgs, job: Job) -> Job {
    let Scenario { clients, faults, profile, .. } = job.scenario;
    let clients = args.clients.unwrap_or(clients);
    let faults = match (args.budget, args.profile) {
        (Some(budget), _) => budget,
        (None, Some(profile)) => profile.default_faults(),
        (None, None) => faults,
    };
    let faults = Faults { crashes: args.crashes.unwrap_or(faults.crashes), ..faults };
    let profile = args.profile.unwrap_or(profile);
    Job { scenario: Scenario { clients, faults, profile, ..job.scenario }, ..job }
}
