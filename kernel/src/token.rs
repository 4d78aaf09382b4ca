//! Fencing tokens: a number that grows with each acquisition of a lock, for locks of every kind.
//!
//! ```text
//! <token>/last/<number>          the number given last, with leading zeros; there is exactly one
//! <token>/build/<id>/<number>    the beginning, number 0, that <id> makes where there is no `last` yet
//! ```
//!
//! All of these are directories. Once `last` stands it stands for good, and holds one entry at every moment.
//!
//! Next:
//!
//! 1. LOOK: the number in `last`. Where `last` is not there, 3.
//! 2. RAISE: rename `last/<n>` to `last/<n + 1>`, and `n + 1` is mine. Where `last/<n>` is not there any more, the try
//!    was disturbed: 1, [`TRIES_MAX`] times in all.
//! 3. BUILD: make `build/<id>` with the number 0 in it.
//! 4. BEGIN: rename `build/<id>` to `last`, which fails where somebody has done so.
//! 5. TIDY: remove what is left of mine in `build`, and `build` if it is empty. Then 2, with the number 0. After an
//!    error, such as that of a full disk, remove `<token>` as well, which fails where a beginning stands.
//!
//! Sweep, of anybody, at any time:
//!
//! 1. LOOK: who has something in `build`.
//! 2. CLEAN: of each of those that is dead, or me, remove what BUILD makes, and `build` if it is empty.
//!
//! Admit, on the side of the resource, which keeps the highest number that it has seen in the same way, at a path of its own:
//!
//! 1. LOOK: the number in `last`. Where `last` is not there, BUILD, BEGIN and TIDY as above, and the number is 0.
//! 2. JUDGE: a number lower than that is refused, and the same one is admitted.
//! 3. RAISE: rename `last/<n>` to the higher number, which is admitted. Where `last/<n>` is not there any more: 1,
//!    [`TRIES_MAX`] times in all.
//!
//! *Why no lower number comes in after a higher.* Whoever is admitted with a number was told by its LOOK that it stands, or
//! has moved the entry to it by RAISE. From then on no lower number stands at any moment, as above, for this RAISE goes up as well. So the
//! LOOK of an attempt that begins later shows that number or a higher one, or none; and a RAISE from what an earlier LOOK
//! has shown finds nothing there. Of attempts that overlap, the order is that of their RAISEs.
//!
//! *Why no number is given twice.* Of several callers that rename `last/<n>` one gets `Ok` ([`Fs::rename`]), and
//! afterwards `last` holds a higher number and never `<n>` again: nobody makes an entry in `last` but by RAISE, which
//! goes up, and by BEGIN, which needs `last` to be absent or empty. It is never empty again, for a rename leaves no
//! moment without the entry, so BEGIN replaces nothing, however late it comes. What a listing shows is a hint only: where it
//! misses the entry that is being moved, or shows a number that has gone, RAISE finds nothing to rename.
//!
//! *Why numbers grow.* Take an attempt that begins after another was told `n`. A lower number stood at no moment of it,
//! so its LOOK shows none ([`Fs::list`]), and what it gets is more than `n`. That is so whoever holds the lock, or nobody.
//!
//! *When a call fails.* Where it is not known whether RAISE took effect, a number is lost, and no more. A RAISE that is
//! carried out twice, as a server may do whose answer was lost, finds nothing the second time. TIDY names what is
//! mine: after a BEGIN that took effect, it finds nothing there. A `<token>` that it removes is empty ([`Fs::remove_dir`]), so
//! no number was ever given, for `last` stands for good once one was. Others who are about to BUILD in it are disturbed.
//!
//! *Why a sweep hits nobody.* It removes directories by the name of an id that is dead, or mine, and nobody else makes,
//! or renames, anything of that name; so whoever's beginning it is, it is not under way. What is not empty stays. `build` is
//! anybody's, and whose BUILD is disturbed tries again. In `last` nothing is called as an id is.
//!
//! *What it leaves to the caller.*
//!
//! * To take the number after the lock and before the work, and then to look whether the lock is still its own: so the
//!   order of the numbers is that of the holders. Where several hold at once it is that of their numbers.
//! * The resource. It keeps the highest number that it has seen, and refuses who comes with a lower one
//!   ([`Tokens::admit`]); also to read, for who reads before a newer holder writes and writes after has overwritten it. What
//!   is admitted and then pauses before it writes is late all the same: the resource admits and writes in one, or one
//!   at a time. Nothing here stops a late holder.
//! * Power cuts. What is renamed is not synced, so that the disk may be older than the resource after a cut. Then holders are
//!   refused until the numbers have caught up: safe, where the cut has killed all of the old holders, and of no use. Who is
//!   refused learns from the resource what it has seen, and goes on [above that](Tokens::next_above).
//! * When to sweep. Who dies between BUILD and TIDY leaves its directories, which hurt nobody. Whoever takes a number and
//!   [sweeps](Tokens::sweep) after that leaves nothing of those who died before.
//! * Nobody may remove `last`, or what is in it, while the resource remembers. From an empty one no number is given.
//!
//! *Source.* Kleppmann, "How to do distributed locking" (2016), for what such a number is good for; the counter is our own.
//!
//! ```
//! use lockwright_kernel::{fast_lock::{FastLock, Leaf}, fs::MemFs, lock::Lock, token::Tokens};
//!
//! let fs = MemFs::new();
//! let lock = FastLock::new(&fs, "deploy.lock".parse()?, Leaf::File);
//! let tokens = Tokens::new(&fs, "deploy.token".parse()?);
//! let (ann, bob) = ("ann".parse()?, "bob".parse()?);
//!
//! lock.try_lock(&ann)?;
//! let of_ann = tokens.next(&ann)?;
//! assert_eq!(lock.owner()?.as_ref(), Some(&ann));
//! lock.recover(&ann)?; // Somebody takes ann for dead.
//!
//! lock.try_lock(&bob)?;
//! let of_bob = tokens.next(&bob)?;
//! assert!(of_ann < of_bob); // What has heard of bob refuses ann.
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use alloc::format;

use core::num::NonZeroU64;

use crate::{
    fs::{Fs, FsError, Halted},
    id::Id,
    path::{Name, Path},
    probe::{Liveness, Probe},
};

/// A number that was given to one acquisition, from 1.
pub type Token = NonZeroU64;

/// How often one attempt tries, when others are as quick. What disturbs a try is another's success, or another's beginning.
pub const TRIES_MAX: u32 = 64;

/// What a resource says of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// No higher number was admitted before, and from now on no lower one is.
    Admitted,
    /// A higher number was admitted: this one, or a higher one. Nothing was changed.
    Refused(Token),
}

/// A view of the numbers at a path.
#[derive(Clone, Debug)]
pub struct Tokens<F> {
    fs: F,
    path: Path,
    highest: Token,
}

/// Why no number was given.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum TokenError {
    /// Others were faster each time, or the number is not there. Try again.
    #[error("others took each number that was tried, or the last one is gone; try again")]
    Disturbed,
    /// The highest number was given.
    #[error("no number is left: {0} was given")]
    UsedUp(Token),
    /// A call on the file system failed.
    #[error(transparent)]
    Fs(#[from] FsError),
}

impl From<Halted> for TokenError {
    fn from(Halted: Halted) -> Self {
        Self::Fs(FsError::Halted)
    }
}

impl<F: Fs> Tokens<F> {
    /// The numbers at `path`, whose parent directory exists. Touches nothing.
    pub fn new(fs: F, path: Path) -> Self {
        Self { fs, path, highest: Token::MAX }
    }

    /// The same, with no number above `highest`. All who share the numbers say the same.
    #[must_use]
    pub fn up_to(self, highest: Token) -> Self {
        Self { highest, ..self }
    }

    /// The next number: higher than every one that was given before this call. So many as [`TRIES_MAX`] tries of
    /// [`Tokens::try_next`].
    ///
    /// # Errors
    ///
    /// Those of [`Tokens::try_next`]; it is disturbed only if it was so each time.
    pub fn next(&self, me: &Id) -> Result<Token, TokenError> {
        self.next_above(me, 0)
    }

    /// The next number that is also above `seen`, for a caller whose last one was refused: after a power cut the resource
    /// may have seen a number that the disk knows nothing of.
    ///
    /// # Errors
    ///
    /// Those of [`Tokens::next`].
    pub fn next_above(&self, me: &Id, seen: u64) -> Result<Token, TokenError> {
        for _ in 0..TRIES_MAX {
            match self.try_next(me, seen) {
                Err(TokenError::Disturbed) => {}
                answer => return answer,
            }
        }
        Err(TokenError::Disturbed)
    }

    /// Tries once to get the next number that is also above `seen`. The first try of all makes the beginning.
    ///
    /// # Errors
    ///
    /// [`TokenError::UsedUp`] for good. [`TokenError::Disturbed`]; nothing of `me` is left on disk.
    /// [`TokenError::Fs`] is a call that failed: a number may be lost. Where there was no number yet, what `me` had made is
    /// removed as far as the file system lets it; the next attempt uses what is left.
    pub fn try_next(&self, me: &Id, seen: u64) -> Result<Token, TokenError> {
        let last = self.look_or_begin(me)?; // 1 LOOK
        let next = last.max(seen).checked_add(1).and_then(Token::new);
        let Some(next) = next.filter(|next| *next <= self.highest) else {
            return Err(TokenError::UsedUp(self.highest));
        };
        self.raise(last, next)?; // 2 RAISE
        Ok(next)
    }

    /// Takes note that somebody comes with `number`, unless a higher one was admitted before. Numbers that are admitted and
    /// numbers that are [given](Tokens::next) are kept at paths apart. So many as [`TRIES_MAX`] tries.
    ///
    /// ```
    /// use lockwright_kernel::{fs::MemFs, token::{Token, Tokens, Verdict}};
    ///
    /// let fs = MemFs::new();
    /// let seen = Tokens::new(&fs, "data.fence".parse()?);
    /// let (me, old, new) = ("ann".parse()?, Token::MIN, Token::new(2).unwrap());
    /// assert_eq!(seen.admit(&me, old)?, Verdict::Admitted);
    /// assert_eq!(seen.admit(&me, new)?, Verdict::Admitted);
    /// assert_eq!(seen.admit(&me, old)?, Verdict::Refused(new));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`TokenError::Disturbed`], and nothing was changed; [`TokenError::UsedUp`] for a number above the highest.
    /// [`TokenError::Fs`] is a call that failed: it is not known whether the number was taken note of.
    pub fn admit(&self, me: &Id, number: Token) -> Result<Verdict, TokenError> {
        for _ in 0..TRIES_MAX {
            match self.try_admit(me, number) {
                Err(TokenError::Disturbed) => {}
                answer => return answer,
            }
        }
        Err(TokenError::Disturbed)
    }

    /// One try of [`Tokens::admit`]: after [`TokenError::Disturbed`], try again.
    ///
    /// # Errors
    ///
    /// Those of [`Tokens::admit`].
    pub fn try_admit(&self, me: &Id, number: Token) -> Result<Verdict, TokenError> {
        if number > self.highest {
            return Err(TokenError::UsedUp(self.highest));
        }
        let last = self.look_or_begin(me)?; // 1 LOOK
        match Token::new(last) {
            Some(last) if last > number => return Ok(Verdict::Refused(last)), // 2 JUDGE
            Some(last) if last == number => return Ok(Verdict::Admitted),
            _ => {}
        }
        self.raise(last, number)?; // 3 RAISE
        Ok(Verdict::Admitted)
    }

    /// RAISE alone, from `last`, which the caller has seen: gives the next number to nobody, so that `last` is out of date
    /// from now on. That of anybody who came later is left as it is.
    ///
    /// # Errors
    ///
    /// [`TokenError::Disturbed`] when `last` is not the last one any more, so that it is out of date already;
    /// [`TokenError::UsedUp`]; [`TokenError::Fs`].
    pub fn outdate(&self, last: Token) -> Result<Token, TokenError> {
        let next = last.checked_add(1).filter(|next| *next <= self.highest);
        let next = next.ok_or(TokenError::UsedUp(self.highest))?;
        self.raise(last.get(), next)?; // 2 RAISE
        Ok(next)
    }

    /// The number given last, if any was.
    ///
    /// # Errors
    ///
    /// [`TokenError::Disturbed`] when another was given meanwhile and the look saw neither; [`TokenError::Fs`].
    pub fn last(&self) -> Result<Option<Token>, TokenError> {
        match self.look()? {
            Look::Nothing => Ok(None),
            Look::OnTheMove => Err(TokenError::Disturbed),
            Look::At(last) => Ok(Token::new(last)),
        }
    }

    /// Removes what `id`, of whom the caller knows that it is [`Dead`](crate::probe::Liveness::Dead), has left in `build`.
    /// Numbers stay as they are.
    ///
    /// # Errors
    ///
    /// [`Halted`] in a simulated world only. What could not be removed stays.
    pub fn recover(&self, id: &Id) -> Result<(), Halted> {
        self.fs.discard_dir(&self.mine(id).join(&self.name(0)))?;
        self.fs.discard_dir(&self.mine(id))?;
        self.fs.discard_dir(&self.build())
    }

    /// Removes what the dead have left in `build`, and `me`, where somebody sweeps who takes numbers. Numbers stay as they are.
    ///
    /// ```
    /// use lockwright_kernel::{fs::{Fs, MemFs}, id::Id, probe::{Liveness, Probe}, token::Tokens};
    /// # use lockwright_kernel::fs::Halted;
    ///
    /// struct Nobody;
    /// impl Probe for Nobody {
    ///     fn liveness(&self, _: &Id) -> Result<Liveness, Halted> {
    ///         Ok(Liveness::Dead)
    ///     }
    /// }
    ///
    /// let fs = MemFs::new();
    /// let tokens = Tokens::new(&fs, "deploy.token".parse()?);
    /// let me = "ann".parse()?;
    /// tokens.next(&me)?;
    /// fs.create_dir(&"deploy.token/build".parse()?)?;
    /// fs.create_dir(&"deploy.token/build/bob".parse()?)?; // Here it was killed.
    /// tokens.sweep(Some(&me), &Nobody)?;
    /// assert!(!fs.exists(&"deploy.token/build".parse()?)?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`FsError`], when it cannot be seen who is there. What could not be removed stays; a later sweep finds it.
    pub fn sweep(&self, me: Option<&Id>, probe: &dyn Probe) -> Result<(), FsError> {
        let ids = match self.fs.list(&self.build()) {
            Err(FsError::NotFound) => return Ok(()),
            answer => answer?, // 1 LOOK
        };
        for id in ids.into_iter().map(Id::from) {
            if me == Some(&id) || probe.liveness(&id)? == Liveness::Dead {
                self.recover(&id)?; // 2 CLEAN
            }
        }
        // Who died right after BEGIN has left it empty.
        Ok(self.fs.discard_dir(&self.build())?)
    }

    fn look_or_begin(&self, me: &Id) -> Result<u64, TokenError> {
        match self.look()? {
            Look::At(last) => Ok(last),
            Look::OnTheMove => Err(TokenError::Disturbed),
            Look::Nothing => self.begin(me).map(|()| 0),
        }
    }

    fn raise(&self, last: u64, number: Token) -> Result<(), TokenError> {
        match self.fs.rename(&self.at(last), &self.at(number.get())) {
            Err(FsError::NotFound) => Err(TokenError::Disturbed),
            other => Ok(other?),
        }
    }

    fn look(&self) -> Result<Look, FsError> {
        let names = match self.fs.list(&self.path.word("last")) {
            Err(FsError::NotFound) => return Ok(Look::Nothing),
            answer => answer?,
        };
        let numbers = names.iter().filter_map(|name| self.read(name));
        Ok(numbers.max().map_or(Look::OnTheMove, Look::At))
    }

    /// Afterwards `last` stands.
    fn begin(&self, me: &Id) -> Result<(), TokenError> {
        self.fs.ensure_dir(&self.path)?; // 3 BUILD
        let begun = [self.build(), self.mine(me), self.mine(me).join(&self.name(0))]
            .iter()
            .try_for_each(|dir| self.fs.ensure_dir(dir))
            .and_then(|()| self.fs.rename(&self.mine(me), &self.path.word("last"))); // 4 BEGIN
        if begun == Err(FsError::Halted) {
            return Err(Halted.into());
        }
        self.recover(me)?; // 5 TIDY
        match begun {
            Ok(()) | Err(FsError::NotEmpty) => Ok(()),
            Err(FsError::NotFound) => Err(TokenError::Disturbed), // Somebody tidied under this attempt.
            Err(error) => {
                self.fs.discard_dir(&self.path)?;
                Err(error.into())
            }
        }
    }

    fn build(&self) -> Path {
        self.path.word("build")
    }

    fn mine(&self, id: &Id) -> Path {
        self.build().join(id.name())
    }

    fn at(&self, number: u64) -> Path {
        self.path.word("last").join(&self.name(number))
    }

    fn name(&self, number: u64) -> Name {
        let width = self.highest.ilog10() as usize + 1;
        format!("{number:0width$}").parse().unwrap_or_else(|_| unreachable!("digits make a name"))
    }

    /// No other name than its own stands for a number.
    fn read(&self, name: &Name) -> Option<u64> {
        let number = name.as_str().parse().ok()?;
        (self.name(number) == *name).then_some(number)
    }
}

/// What a look at `last` shows.
enum Look {
    /// There is no `last`.
    Nothing,
    /// No number: the one there is was moved meanwhile.
    OnTheMove,
    /// This number.
    At(u64),
}
