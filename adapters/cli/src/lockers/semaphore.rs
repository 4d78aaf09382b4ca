//! `semaphore.sh`: slots, each a lock of any locker.

use std::{cell::Cell, ffi::OsString, num::NonZeroU32, process::ExitCode};

use lockwright_kernel::{
    fs::{Fs, FsError},
    id::Id,
    lock::{Lock, LockError},
    path::Name,
    semaphore::Semaphore,
};
use lockwright_posix::{chance::ThreadChance, lockers::locker::CommandLock};

use super::{
    answer::{NO_SLOT, failed, failure, print, taken, usage},
    hostpid_lock::Settings,
    id_helper::Helper,
    lock_local,
    place::Place,
    words::Words,
};
use crate::exit::Failure;

pub(super) const USAGE: &str = "  NAME <locker> acquire|fast_acquire <semaphore> <max> [<id>]
  NAME <locker> acquire_slot <semaphore> <slot> [<id>]
  NAME <locker> release|slot <semaphore> [<id>]      release: 19 if it has no slot
  NAME <locker> owners <semaphore>
  NAME <locker> owner <semaphore> <slot>
The locker is -l|--local, or <command> [-a|--locker-arg <arg>]... with the actions lock, fast_lock, unlock,
owner and is_mine. Codes of its lock above 9 are passed on. Fast asks nobody who is dead.";

const ACTIONS: [&str; 7] = ["acquire", "fast_acquire", "acquire_slot", "release", "owners", "owner", "slot"];

/// What locks the slots.
pub(super) enum Locker {
    Local,
    Hosts(Settings, Helper),
    Command(Vec<OsString>),
}

pub(super) fn run(mut words: Words) -> Result<ExitCode, Failure> {
    let mut locker = None;
    let mut rest: Vec<OsString> = Vec::new();
    while rest.len() < 2 {
        if words.talk_or_help()? {
            continue;
        }
        match words.peek() {
            Some("-l" | "--local") => {
                words.next();
                locker = Some(Locker::Local);
            }
            Some("-a" | "--locker-arg") => {
                words.next();
                let arg = words.next().ok_or_else(|| usage("--locker-arg takes an argument"))?;
                match &mut locker {
                    Some(Locker::Command(command)) => command.push(arg),
                    _ => return Err(usage("--locker-arg follows the command that is the locker")),
                }
            }
            Some(_) if locker.is_none() => locker = Some(Locker::Command(words.next().into_iter().collect())),
            Some(_) => rest.extend(words.next()),
            None => break,
        }
    }
    rest.into_iter().rev().for_each(|word| words.put_back(word));
    let locker = locker.ok_or_else(|| usage("<locker> is missing"))?;
    act(words, &locker)
}

/// Does the action that comes next in `words`.
pub(super) fn act(mut words: Words, locker: &Locker) -> Result<ExitCode, Failure> {
    let action = words.text("<action>")?;
    let given = words.due("<semaphore>")?;
    if !ACTIONS.contains(&action.as_str()) {
        return Err(usage(format!("no such action: {action}")));
    }
    let number = match action.as_str() {
        "acquire" | "fast_acquire" => Some(words.number("<max>")?),
        "acquire_slot" | "owner" => Some(words.number("<slot>")?),
        _ => None,
    };
    let contender = match action.as_str() {
        "owners" | "owner" => Contender { me: nobody(), word: None },
        _ => Contender::of(locker, &mut words)?,
    };
    let said = Cell::new(0);
    let slots = Slots { locker, contender: &contender, said: &said };
    match (action.as_str(), number) {
        ("acquire" | "fast_acquire" | "acquire_slot", Some(number)) => slots.take(&action, given, number),
        ("release", _) => slots.release(&Place::at(given)?),
        ("owner", Some(slot)) => slots.owners(&Place::at(given)?, &[name(slot)]),
        ("owners", _) => {
            let place = Place::at(given)?;
            slots.owners(&place, &listed(&place)?)
        }
        ("slot", _) => slots.slot(&Place::at(given)?),
        (other, _) => Err(usage(format!("no such action: {other}"))),
    }
}

/// Who wants a slot: by the kernel's name, and as the locker is told it.
struct Contender {
    me: Id,
    word: Option<OsString>,
}

impl Contender {
    fn of(locker: &Locker, words: &mut Words) -> Result<Self, Failure> {
        let me = match locker {
            Locker::Local => lock_local::uid(&words.text("<id>")?)?,
            Locker::Hosts(settings, _) => settings.uid(&words.text("<id>")?)?,
            Locker::Command(_) => {
                let word = words.next().filter(|word| !word.is_empty());
                let text = word.as_ref().and_then(|word| word.to_str());
                let me = text.and_then(|text| text.parse().ok()).unwrap_or_else(nobody);
                return Ok(Self { me, word });
            }
        };
        Ok(Self { me, word: None })
    }
}

/// A name for a contender whose locker goes by something else.
fn nobody() -> Id {
    Id::from(name(NonZeroU32::MIN))
}

fn name(slot: NonZeroU32) -> Name {
    match slot.to_string().parse() {
        Ok(name) => name,
        Err(error) => unreachable!("digits make a name: {error}"),
    }
}

/// The slots, as one contender sees them.
struct Slots<'a> {
    locker: &'a Locker,
    contender: &'a Contender,
    said: &'a Cell<i32>,
}

impl<'a> Slots<'a> {
    fn take(&self, action: &str, given: OsString, number: NonZeroU32) -> Result<ExitCode, Failure> {
        let place = Place::made(given)?;
        let me = &self.contender.me;
        let make = |path: lockwright_kernel::path::Path| match path.split_last() {
            Some((_, slot)) => self.lock(&place.inside(slot)),
            None => self.lock(&place),
        };
        let semaphore = Semaphore::new(place.fs.clone(), place.path.clone(), number, make, ThreadChance);
        let answer = taken(&place.given, me, || match action {
            "acquire" => semaphore.acquire(me).map(drop),
            "fast_acquire" => semaphore.acquire_unasked(me).map(drop),
            _ => semaphore.acquire_slot(me, number),
        });
        match u8::try_from(self.said.get()) {
            // The locker has said itself what is wrong.
            Ok(code @ 10..) => Ok(code.into()),
            _ => answer,
        }
    }

    fn release(&self, place: &Place) -> Result<ExitCode, Failure> {
        let me = &self.contender.me;
        for slot in listed(place)? {
            match self.lock(&place.inside(&slot)).unlock(me) {
                Err(LockError::NotOwner) => {}
                Err(error) => return Err(failure(&place.given, me, &error)),
                Ok(()) => {
                    let _ = place.fs.discard_dir(&place.path);
                    return Ok(ExitCode::SUCCESS);
                }
            }
        }
        let who = self.contender.word.as_ref().map_or_else(|| me.to_string(), |word| word.display().to_string());
        Err(Failure::new(NO_SLOT, format!("{}: {who} has no slot", place.given.display())))
    }

    fn owners(&self, place: &Place, slots: &[Name]) -> Result<ExitCode, Failure> {
        let owners: Result<Vec<_>, _> = slots.iter().map(|slot| self.owner(&place.inside(slot))).collect();
        print(owners.map_err(|error| failed(format!("{}: {error}", place.given.display())))?.into_iter().flatten())
    }

    fn owner(&self, slot: &Place) -> Result<Option<Id>, LockError> {
        match self.locker {
            Locker::Command(command) => self.by_command(command, slot).printed_owner(),
            _ => slot.fast().owner(),
        }
    }

    fn slot(&self, place: &Place) -> Result<ExitCode, Failure> {
        let me = &self.contender.me;
        for slot in listed(place)? {
            let owner = self.lock(&place.inside(&slot)).owner().map_err(|error| failure(&place.given, me, &error))?;
            if owner.as_ref() == Some(me) {
                return print([slot]);
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    fn lock(&self, slot: &Place) -> Box<dyn Lock + 'a> {
        match self.locker {
            Locker::Local => Box::new(slot.check(lock_local::JUDGE)),
            Locker::Hosts(settings, helper) => {
                Box::new(slot.grace(settings.checker(helper, &slot.given), settings.grace))
            }
            Locker::Command(command) => Box::new(self.by_command(command, slot)),
        }
    }

    fn by_command(&self, command: &'a [OsString], slot: &Place) -> CommandLock<'a> {
        let Contender { me, word } = self.contender;
        CommandLock::new(command, slot.given.clone().into(), me.clone(), word.clone(), self.said)
    }
}

/// The slots that stand on disk, in the order of their names.
fn listed(place: &Place) -> Result<Vec<Name>, Failure> {
    match place.fs.list(&place.path) {
        Err(FsError::NotFound) => Ok(Vec::new()),
        names => names.map_err(|error| failed(format!("{}: {error}", place.given.display()))),
    }
}
