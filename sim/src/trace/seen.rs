//! What is wrong with a state, told by the state alone.

/// The judgement on a state from which something cannot be reached any more; the checker's own.
pub(super) use crate::explore::violates;
use crate::{protocol::Property, state::State, world::World};

/// What a state can cut off, in the order in which it is told.
const LOST: [(Property, &str); 2] = [
    (Property::CanBeTaken, "from here, short of a fault, somebody can never take the lock"),
    (Property::NothingLeftBehind, "from here nothing that can happen, short of a fault, leaves the directory empty"),
];

/// The property that `state` breaks, by itself or because of what can no longer follow, and how.
pub(super) fn seen(world: &mut World<'_>, state: &State) -> Option<(Property, String)> {
    if let Some(broken) = world.broken(state) {
        return Some(broken);
    }
    let (property, what) = LOST.into_iter().find(|&(property, _)| violates(world, state, property))?;
    Some((property, what.into()))
}

/// True when [`seen`] would tell of `property`, found without a look at what can follow where that does not matter.
pub(super) fn is_seen(world: &mut World<'_>, state: &State, property: Property) -> bool {
    match world.broken(state) {
        Some((broken, _)) => broken == property,
        None if LOST.iter().all(|&(lost, _)| lost != property) => false,
        None => seen(world, state).is_some_and(|(seen, _)| seen == property),
    }
}

/// What [`seen`] would say of a state that is known to break `property`; none when the state alone does not tell.
pub(super) fn words(world: &mut World<'_>, state: &State, property: Property) -> Option<String> {
    match world.broken(state) {
        Some((broken, what)) => (broken == property).then_some(what),
        None => LOST.iter().find(|(lost, _)| *lost == property).map(|(_, what)| (*what).into()),
    }
}
