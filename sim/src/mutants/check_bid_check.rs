//! Check-bid-check gone wrong. Each leaves out or alters one thing, as the package that this lock comes from did with two
//! of them.

use lockwright_kernel::{
    check_bid_check::{Bidder, Bidders},
    fs::{Fs, FsError, Halted},
    id::Id,
    lock::LockError,
    path::{Name, Path},
    probe::Liveness,
};

use crate::{
    replay::Replay,
    scenarios::{
        BidClients,
        check_bid_check::{ByProcess, LOCK_FOLDER, bid},
        fast_lock::word,
    },
};

/// A bid is made empty and filled then; one without contents is taken for that of a dead one.
pub const FILL_AFTER: BidClients =
    BidClients { take: |world, me, id| FOLDER_FILLED.take(world, me, id), ..LOCK_FOLDER };

/// Nobody looks again after its bid.
pub const NO_SECOND_CHECK: BidClients =
    BidClients { take: |world, me, id| ONE_CHECK.take(world, me, id), ..LOCK_FOLDER };

/// A bid that cannot be read is taken for none.
pub const UNREADABLE_IS_ABSENT: BidClients =
    BidClients { take: |world, me, id| UNREADABLE.take(world, me, id), ..LOCK_FOLDER };

/// A bid that is gone before it was read ends the attempt on the spot, with its own bid made.
pub const VANISHED_IS_ERROR: BidClients =
    BidClients { take: |world, me, id| VANISHED.take(world, me, id), ..LOCK_FOLDER };

/// A bid is made empty and filled then; who reads it in between ends its attempt on the spot, with its own bid made.
pub const HALF_READ_IS_ERROR: BidClients =
    BidClients { take: |world, me, id| HALF_READ.take(world, me, id), ..LOCK_FOLDER };

const WHOLE: Altered = Altered {
    fills_after: false,
    checks_again: true,
    unreadable_stands: true,
    vanished_is_gone: true,
    half_read_stands: true,
};
const FOLDER_FILLED: Altered = Altered { fills_after: true, ..WHOLE };
const ONE_CHECK: Altered = Altered { checks_again: false, ..WHOLE };
const UNREADABLE: Altered = Altered { unreadable_stands: false, ..WHOLE };
const HALF_READ: Altered = Altered { fills_after: true, half_read_stands: false, ..WHOLE };
const VANISHED: Altered = Altered { vanished_is_gone: false, ..WHOLE };

/// The procedure, written once more, with switches.
#[derive(Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
struct Altered {
    fills_after: bool,
    checks_again: bool,
    unreadable_stands: bool,
    vanished_is_gone: bool,
    half_read_stands: bool,
}

/// What the reader of half a bid dies of.
const UNFINISHED: LockError = LockError::Fs(FsError::SpecialFile);

/// How a challenge ended.
enum Found {
    Stands,
    Gone,
    Vanished,
}

impl Altered {
    fn take(self, world: &Replay<'_>, me: Bidder, id: &Id) -> Result<(), LockError> {
        self.check(world, id)?;
        let steps = || {
            self.publish(world, me, id)?;
            if self.checks_again { self.check(world, id) } else { Ok(()) }
        };
        match steps() {
            Err(reason) if reason == Halted.into() || reason == UNFINISHED => Err(reason),
            Err(LockError::Disturbed) if !self.vanished_is_gone => Err(LockError::Disturbed),
            Err(reason) => {
                world.discard_file(&bid(id))?;
                if !self.fills_after {
                    world.discard_file(&unpublished(id))?;
                }
                Err(reason)
            }
            Ok(()) => Ok(()),
        }
    }

    fn publish(self, world: &Replay<'_>, me: Bidder, id: &Id) -> Result<(), FsError> {
        if self.fills_after {
            return world.create_file(&bid(id), &me.written());
        }
        world.create_file(&unpublished(id), &me.written())?;
        world.rename(&unpublished(id), &bid(id))
    }

    fn check(self, world: &Replay<'_>, id: &Id) -> Result<(), LockError> {
        for name in world.list(&Path::root())? {
            let Some(other) = bidder_of(&name).filter(|other| other != id) else { continue };
            match self.challenge(world, &other)? {
                Found::Stands => return Err(LockError::Held { owner: Some(other) }),
                Found::Vanished if !self.vanished_is_gone => return Err(LockError::Disturbed),
                Found::Gone | Found::Vanished => {}
            }
        }
        Ok(())
    }

    fn challenge(self, world: &Replay<'_>, other: &Id) -> Result<Found, LockError> {
        let contents = match world.read(&bid(other)) {
            Ok(contents) => contents,
            Err(FsError::NotFound) => return Ok(Found::Vanished),
            Err(FsError::Halted) => return Err(Halted.into()),
            Err(_) if self.unreadable_stands => return Ok(Found::Stands),
            Err(_) => return Ok(Found::Gone),
        };
        let liveness = match Bidder::read(&contents) {
            Some(bidder) => ByProcess(world).liveness(other, &bidder)?,
            None if !self.half_read_stands => return Err(UNFINISHED),
            None if self.fills_after => Liveness::Dead,
            None => Liveness::Unknown,
        };
        if liveness != Liveness::Dead {
            return Ok(Found::Stands);
        }
        world.discard_file(&bid(other))?;
        Ok(Found::Gone)
    }
}

fn bidder_of(name: &Name) -> Option<Id> {
    name.as_str().strip_suffix(".json")?.parse().ok()
}

fn unpublished(id: &Id) -> Path {
    word(&format!("{id}.new")).into()
}
