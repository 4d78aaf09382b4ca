//! The leases that ship, and broken ones.

use super::Entry;
use crate::{
    scenario::Profile,
    scenarios::lease_clients::{FENCED as TOKENS, LEASED as ALONE},
};

pub(super) const LEASED: Entry = Entry::algorithm(
    "fast_lock+lease",
    "a fast lock held on a lease that is timed by those who wait; two may hold where one pauses",
    &ALONE,
)
.within(Profile::Lease);
pub(super) const FENCED: Entry = Entry::algorithm(
    "fast_lock+lease+token",
    "the same where nobody can tell who is dead, and a resource is told numbers",
    &TOKENS,
)
.within(Profile::Lease);
