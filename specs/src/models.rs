//! What is checked: the models, how many states each has, and the broken twins of each.
//!
//! The [models](all) are small enough for tla-checker, and TLC checks them as well, where there is one. The [larger]
//! ones are TLC's alone: their configurations name its symmetry, and what is checked of them is all said there.

mod check;
mod check_bid_check;
mod fast_lock;
mod glockd;
mod grace;
mod semaphore;
mod wait_queue;

use std::io;

use crate::{
    modules::Modules,
    tlc::{Tlc, Workers},
    tool::{Outcome, Tool, Verdict},
};

/// A module that the model checker checks, with the file `.cfg` of its name.
#[derive(Clone, Copy, Debug)]
pub struct Model {
    /// Its name.
    pub module: &'static str,
    /// What it is about, in a few words.
    pub what: &'static str,
    /// The instance of an abstract specification that it refines; `Refines` is the same as a property, for TLC. Of a
    /// larger model its configuration says that.
    pub refines: Option<&'static str>,
    /// How many states it has; of states that differ in the names of contenders only, where its configuration says
    /// `SYMMETRY`, one is counted. A changed count means that a changed specification was noticed.
    pub states: u64,
    /// Broken variants, each of which has to be caught.
    pub twins: &'static [Twin],
}

/// A variant of a model with one place changed.
#[derive(Clone, Copy, Debug)]
pub struct Twin {
    /// What is wrong with it.
    pub what: &'static str,
    /// The file that is changed.
    pub file: &'static str,
    /// What stands there.
    pub old: &'static str,
    /// What stands there in its place.
    pub new: &'static str,
    /// The invariant or property that it violates, or the abstract module that it refines no more; of a larger model as
    /// TLC says it.
    pub violates: &'static str,
}

/// All models.
#[must_use]
pub fn all() -> Vec<Model> {
    [
        &fast_lock::MODELS[..],
        &check::MODELS,
        &check_bid_check::MODELS,
        &glockd::MODELS,
        &grace::MODELS,
        &semaphore::MODELS,
        &wait_queue::MODELS,
    ]
    .concat()
}

/// The larger models, which TLC alone checks.
#[must_use]
pub fn larger() -> Vec<Model> {
    [
        &fast_lock::LARGER[..],
        &check::LARGER,
        &check_bid_check::LARGER,
        &glockd::LARGER,
        &grace::LARGER,
        &semaphore::LARGER,
        &wait_queue::LARGER,
    ]
    .concat()
}

/// Checks a model.
///
/// # Errors
///
/// When it could not be checked.
pub fn check(tool: &Tool, model: &Model) -> io::Result<Outcome> {
    Modules::gather()?.check(tool, model.module, model.refines)
}

/// Checks a twin of a model.
///
/// # Errors
///
/// When it could not be made or checked.
pub fn check_twin(tool: &Tool, model: &Model, twin: &Twin) -> io::Result<Outcome> {
    let modules = Modules::gather()?;
    modules.alter(twin.file, twin.old, twin.new)?;
    // What breaks an invariant breaks the refinement as well, and one of them is told.
    let refines = model.refines.filter(|refined| *refined == twin.violates);
    modules.check(tool, model.module, refines)
}

/// Checks a model with TLC.
///
/// # Errors
///
/// When it could not be checked.
pub fn check_by_tlc(tlc: &Tlc, model: &Model) -> io::Result<Outcome> {
    let refined = model.refines.map(|_| "Refines");
    tlc.check(Modules::gather()?.folder(), model.module, refined, Workers::All)
}

/// Checks a twin of a larger model with TLC.
///
/// # Errors
///
/// When it could not be made or checked.
pub fn check_larger_twin(tlc: &Tlc, model: &Model, twin: &Twin) -> io::Result<Outcome> {
    let modules = Modules::gather()?;
    modules.alter(twin.file, twin.old, twin.new)?;
    tlc.check(modules.folder(), model.module, None, Workers::One)
}

/// What is not as it is known to be.
#[must_use]
pub fn surprise(model: &Model, outcome: &Outcome) -> Option<String> {
    match &outcome.verdict {
        Verdict::Holds if outcome.states == model.states => None,
        Verdict::Holds => Some(format!("{} states, and there were {}", outcome.states, model.states)),
        verdict => Some(verdict.to_string()),
    }
}
