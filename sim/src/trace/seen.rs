//! What is wrong with a state, told by the state alone.

/// The judgement on a state from which something cannot be reached any more; the checker's own.
pub(super) use crate::explore::violates;
use crate::{explore::lost, protocol::Property, state::State, world::World};

/// What a state can cut off, in the order in which it is told.
const LOST: [Property; 2] = [Property::CanBeTaken, Property::NothingLeftBehind];

/// The property that `state` breaks, by itself or because of what can no longer follow, and how.
pub(super) fn seen(world: &mut World<'_>, state: &State) -> Option<(Property, String)> {
    if let Some(broken) = world.broken(state) {
        return Some(broken);
    }
    LOST.into_iter().find_map(|property| Some((property, lost(world, state, property)?)))
}

/// True when [`seen`] would tell of `property`, found without a look at what can follow where that does not matter.
pub(super) fn is_seen(world: &mut World<'_>, state: &State, property: Property) -> bool {
    match world.broken(state) {
        Some((broken, _)) => broken == property,
        None if !LOST.contains(&property) => false,
        None => seen(world, state).is_some_and(|(seen, _)| seen == property),
    }
}

/// What [`seen`] would say of a state that is known to break `property`; none when the state alone does not tell.
pub(super) fn words(world: &mut World<'_>, state: &State, property: Property) -> Option<String> {
    match world.broken(state) {
        Some((broken, what)) => (broken == property).then_some(what),
        None => lost(world, state, property),
    }
}
