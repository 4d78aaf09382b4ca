//! Clients of a lock that ends by time alone, and that write to the resource it protects.
//!
//! ```text
//! log/3         the third generation of the lock was taken; 3 is its token
//! log/3.free    and was given back
//! ```
//!
//! 1. LOOK: the highest generation is the lock's. One that was given back, or none at all, leaves the lock free.
//! 2. OUTLAST: otherwise wait until its lease is over, by one's own clock, from the look on.
//! 3. CLAIM: make the file of the next generation, exclusively. Its number is the token.
//! 4. WRITE to the resource, which refuses a token that is less than one it has seen.
//! 5. RENEW the lease, for those who do, by a touch of its file.
//! 6. CHECK that nobody took the lock before one's lease was over.
//! 7. GIVE BACK: make the file that says so.
//!
//! *Why no write is late.* Files of the log are never removed, so [`Fs::list`] shows each generation whose file was made
//! before the look, and a claim makes a higher one, or fails. So tokens grow: whoever came after another had the lock
//! has a higher one, and once it has written the other is refused. That takes no clock.
//!
//! *Why no lease is cut short.* The holder counts from before its claim, and whoever outlasts it from after having seen
//! the claim; both by clocks that go on while a host sleeps and that nobody sets. Stamps are not compared.
//!
//! A renewal counts if it was made before the lease was over: then whoever outlasts the lease looks at the stamp after.
//!
//! *What it gives up.* Mutual exclusion: a holder may pause for longer than its lease, just before it writes. And a tidy
//! disk: whoever removed the files of old generations would have to know that nobody's listing is older than the newest.
//! Here generations are bounded, too, for a search that is to end; so after the last one nobody takes the lock.
//!
//! *Source.* Kleppmann, "How to do distributed locking" (2016), for the token; put-if-absent of the next number is how
//! table formats such as Delta Lake write their logs.

use std::{fmt, time::Duration};

use lockwright_kernel::{
    clock::{Clock, Instant},
    fs::{Fs, FsError, Halted},
    id::Id,
    path::{Name, Path},
};

use super::{cut::Cut, fast_lock::word};
use crate::{
    protocol::{Client, Outcome, Phase, Property, Protocol, Stop},
    replay::Replay,
    scenario::Faults,
};

/// Whether a lease of so long is over, of a generation that stands and was not given back. It may make a file of the
/// client's own.
pub type IsOver = fn(&Replay<'_>, &Id, &Path, Duration) -> Result<bool, FsError>;

/// What a client writes with.
#[derive(Clone, Copy, Debug)]
pub enum Token {
    /// The number of its generation.
    Generation,
    /// Nothing.
    Absent,
    /// What it thinks of before its claim.
    Before(fn(&Replay<'_>) -> Result<u16, FsError>),
    /// What it thinks of after its claim of a generation; none when it finds that the lock is not its own any more.
    After(fn(&Replay<'_>, &Id, u16) -> Result<Option<u16>, FsError>),
}

/// Which generation a client gives back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GivesBack {
    /// Its own.
    Own,
    /// The newest, as who removes a lock file by its path.
    Newest,
    /// The newest, after having found that to be its own.
    NewestOnceOwn,
}

/// How a holder measures its own lease.
pub type Measure = fn(&Replay<'_>) -> Result<Instant, Halted>;

/// Whether a client renews its lease, by a touch of its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renews {
    /// It does not.
    Never,
    /// Once; where the touch fails, or comes when the lease is over, it goes no further.
    Once,
    /// Once, also when the lease is over.
    Late,
    /// Once, and without a look at what came of it.
    Unheard,
    /// Once, if it finds its file to do so; and where it does not, it goes by it all the same.
    IfBegun,
}

/// Clients that take a lease, write under it and give it back, all in one attempt.
#[derive(Clone, Copy)]
pub struct Leases {
    /// When others take over.
    pub is_over: IsOver,
    /// What they write with.
    pub token: Token,
    /// By which clock a holder checks that nobody took over too early.
    pub measure: Measure,
    /// Whether a lease is counted from when it was granted, and not from before it was asked for.
    pub from_the_grant: bool,
    /// Whether they renew it.
    pub renews: Renews,
    /// What they give back.
    pub gives_back: GivesBack,
    /// So many generations there are.
    pub generations: u16,
    /// How long a lease is, in seconds.
    pub seconds: u8,
    /// After so many seconds more a lease is found to be over.
    pub margin: u8,
}

/// The lock as described, with its generation as token.
pub const FENCED: Leases = Leases {
    is_over: outlast,
    token: Token::Generation,
    measure: awake_or_not,
    from_the_grant: false,
    renews: Renews::Never,
    gives_back: GivesBack::Own,
    generations: 2,
    seconds: 2,
    margin: 0,
};

/// The same with one generation more, and leases that are over sooner.
pub const FENCED_FOR_LONGER: Leases = Leases { generations: 3, seconds: 1, ..FENCED };

const WROTE: &str = "wrote";
const REFUSED: &str = "came too late to write";
const FOUND_HELD: &str = "found it held";
const LOST: &str = "was not the first";
const USED_UP: &str = "found all generations used up";
const OVER: &str = "was too late to renew it";
const OUTRUN: &str = "had lost it when it had its token";
const FAILED: &str = "could not go on";

impl fmt::Debug for Leases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Leases").field("generations", &self.generations).finish_non_exhaustive()
    }
}

impl Protocol for Leases {
    fn attempt(&self, client: &Client, _: Phase, world: &Replay<'_>) -> Result<Outcome, Stop> {
        let said = Cut::settle(self.go(&client.id, world), FAILED)?;
        Ok(Outcome { next: Phase::Idle, said })
    }

    fn evidence(&self, _: &Id) -> Path {
        word("log").into()
    }

    fn gives_up(&self) -> &[Property] {
        &[Property::CanBeTaken, Property::NothingLeftBehind]
    }

    fn has_resource(&self) -> bool {
        true
    }

    fn sometimes(&self, clients: usize, faults: Faults) -> Vec<&'static str> {
        let mut wanted = vec![WROTE, USED_UP];
        if clients > 1 {
            wanted.extend([FOUND_HELD, LOST]);
        }
        if clients > 1 && faults.ticks >= self.seconds + self.margin {
            let renews = !matches!(self.renews, Renews::Never | Renews::Late);
            wanted.push(if renews { OVER } else { REFUSED });
        }
        if faults.errors + faults.refusals > 0 {
            wanted.push(FAILED);
        }
        wanted
    }
}

impl Leases {
    fn go(&self, me: &Id, world: &Replay<'_>) -> Result<&'static str, Cut> {
        world.ensure_dir(&word("log").into())?;
        let (newest, is_free) = look(world)?; // 1 LOOK
        if newest >= self.generations {
            return Ok(USED_UP);
        }
        let lease = |seconds: u8| Duration::from_secs(seconds.into());
        let after = lease(self.seconds + self.margin);
        if newest > 0 && !is_free && !(self.is_over)(world, me, &path_of(newest), after)? {
            return Ok(FOUND_HELD); // 2 OUTLAST
        }
        let mine = newest + 1;
        let mut token = match self.token {
            Token::Generation => Some(mine),
            Token::Before(think) => Some(think(world)?),
            Token::Absent | Token::After(_) => None,
        };
        let mut began = (self.measure)(world)?;
        match world.create_file(&path_of(mine), b"") {
            Ok(()) => world.holds()?, // 3 CLAIM
            Err(FsError::AlreadyExists) => return Ok(LOST),
            Err(error) => return Err(error.into()),
        }
        if self.from_the_grant {
            began = (self.measure)(world)?;
        }
        if let Token::After(think) = self.token {
            token = think(world, me, mine)?;
            if token.is_none() {
                return Ok(OUTRUN);
            }
        }
        let is_taken = world.write(token)?; // 4 WRITE
        if self.renews != Renews::Never {
            match self.renew(world, mine, began)? {
                Some(renewed) => began = renewed, // 5 RENEW
                None => return Ok(OVER),
            }
        }
        let (newest, _) = look(world)?; // 6 CHECK
        if newest > mine && (self.measure)(world)?.saturating_since(began) < lease(self.seconds) {
            let what = "another took the lock before its lease was over".into();
            return Err(Stop::Broken(Property::NotDispossessed, what).into());
        }
        match self.gives_back {
            GivesBack::Own => give_back(world, mine)?, // 7 GIVE BACK
            GivesBack::NewestOnceOwn if newest > mine => {}
            GivesBack::Newest | GivesBack::NewestOnceOwn => give_back(world, look(world)?.0)?,
        }
        Ok(if is_taken { WROTE } else { REFUSED })
    }
}

impl Leases {
    /// Since when the lease counts now; none when it was over.
    fn renew(&self, world: &Replay<'_>, mine: u16, began: Instant) -> Result<Option<Instant>, FsError> {
        let renewed = (self.measure)(world)?;
        if self.renews == Renews::IfBegun {
            match world.exists(&path_of(mine)) {
                Ok(_) => {}
                Err(FsError::Halted) => return Err(FsError::Halted),
                Err(_) => return Ok(Some(renewed)),
            }
        }
        match world.touch(&path_of(mine)) {
            Err(error) if self.renews != Renews::Unheard || error == FsError::Halted => return Err(error),
            _ if self.renews == Renews::Late => return Ok(Some(renewed)),
            _ => {}
        }
        let is_over = (self.measure)(world)?.saturating_since(began) >= Duration::from_secs(self.seconds.into());
        Ok((!is_over).then_some(renewed))
    }
}

/// Waits by one's own clock, from after the look on.
///
/// # Errors
///
/// [`FsError::Halted`].
pub fn outlast(world: &Replay<'_>, _: &Id, _: &Path, lease: Duration) -> Result<bool, FsError> {
    let seen = world.now()?;
    Ok(world.now()?.saturating_since(seen) >= lease)
}

/// The same, for leases that are renewed: as long as the stamp is the same one.
///
/// # Errors
///
/// Those of [`Fs::modified`].
pub fn outlast_renewals(world: &Replay<'_>, _: &Id, at: &Path, lease: Duration) -> Result<bool, FsError> {
    let (before, seen) = (world.modified(at)?, world.now()?);
    if world.now()?.saturating_since(seen) < lease {
        return Ok(false);
    }
    Ok(world.modified(at)? == before)
}

/// By the kernel's clock, which goes on while the host sleeps.
///
/// # Errors
///
/// [`Halted`].
pub fn awake_or_not(world: &Replay<'_>) -> Result<Instant, Halted> {
    world.now()
}

/// The highest generation.
///
/// # Errors
///
/// Those of [`Fs::list`].
pub fn newest(world: &Replay<'_>) -> Result<u16, FsError> {
    Ok(look(world)?.0)
}

/// The highest generation, and whether it was given back.
fn look(world: &Replay<'_>) -> Result<(u16, bool), FsError> {
    let names = world.list(&word("log").into())?;
    let newest = names.iter().filter_map(|name| name.as_str().parse().ok()).max().unwrap_or(0);
    Ok((newest, names.contains(&free(newest))))
}

/// Somebody may have said so before.
fn give_back(world: &Replay<'_>, generation: u16) -> Result<(), FsError> {
    match world.create_file(&Path::from(word("log")).join(&free(generation)), b"") {
        Err(FsError::AlreadyExists) => Ok(()),
        other => other,
    }
}

/// The file of a generation.
#[must_use]
pub fn path_of(generation: u16) -> Path {
    Path::from(word("log")).join(&word(&generation.to_string()))
}

fn free(generation: u16) -> Name {
    word(&format!("{generation}.free"))
}
