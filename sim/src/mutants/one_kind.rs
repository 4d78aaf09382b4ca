//! Several kinds at one path, gone wrong: two of them held at once, or one taken from its holder.

use lockwright_kernel::{
    fs::{Fs, FsError, Halted},
    id::Id,
    lock::LockError,
    path::Name,
};

use crate::{
    replay::Replay,
    scenarios::{
        KindClients,
        fast_lock::{lock_path, word},
        one_kind::{THREE_KINDS, one_kind, sign, withdraw},
    },
};

/// Who finds nobody signs, and does not look again.
pub const LOOK_THEN_SIGN: KindClients = KindClients { take: look_then_sign, ..THREE_KINDS };

/// A home is made and looked around from, and its owner enters it after: anybody may tidy it up meanwhile.
pub const VERIFY_THEN_SIGN: KindClients = KindClients { take: verify_then_sign, ..THREE_KINDS };

/// Another kind is taken to be left over, whoever is at home there.
pub const CLEARS_THE_LIVING: KindClients = KindClients { clear: clear_all, ..THREE_KINDS };

fn look_then_sign(world: &Replay<'_>, kind: &'static str, me: &Id) -> Result<(), LockError> {
    let signed = one_kind(world, kind).enter().and_then(|()| sign(world, kind, me));
    or_withdraw(world, kind, me, signed)
}

fn verify_then_sign(world: &Replay<'_>, kind: &'static str, me: &Id) -> Result<(), LockError> {
    let path = one_kind(world, kind);
    let made = || match world.ensure_dir(&path.home()) {
        Err(FsError::NotFound) => Err(LockError::Disturbed),
        other => Ok(other?),
    };
    let signed = path.enter().and_then(|()| made()).and_then(|()| path.verify()).and_then(|()| sign(world, kind, me));
    or_withdraw(world, kind, me, signed)
}

fn or_withdraw(world: &Replay<'_>, kind: &str, me: &Id, signed: Result<(), LockError>) -> Result<(), LockError> {
    match signed {
        Err(reason) if reason != Halted.into() => {
            withdraw(world, kind, me)?;
            Err(reason)
        }
        answer => answer,
    }
}

fn clear_all(world: &Replay<'_>, name: &Name) -> Result<(), LockError> {
    let home = lock_path().join(&word("owner")).join(name);
    match world.sample(&home, &world) {
        Ok(Some(id)) => Ok(withdraw(world, name.as_str(), &Id::from(id))?),
        Ok(None) | Err(FsError::NotFound) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
