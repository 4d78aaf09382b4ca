//! Copies of calls that are on their way to a server.

use smallvec::SmallVec;

use super::{Naming, Place, byte, next, write_list};
use crate::{miss::Miss, plan::Op};

/// Nearly always there are none, and a vector that is empty is copied at once.
pub(crate) type Copies = Vec<Late>;

/// The copy of a call that is on its way to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Late {
    pub(crate) effect: Effect,
    /// Where it takes effect. The directories are held: they were found before it was sent.
    pub(crate) places: [Place; 2],
    /// The client for which the server would know it again, and not execute it.
    pub(crate) known_of: Option<u8>,
}

/// What a call does that changes something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    CreateDir,
    CreateFile,
    RemoveFile,
    RemoveDir,
    Rename,
}

impl Effect {
    const ALL: [Self; 5] = [Self::CreateDir, Self::CreateFile, Self::RemoveFile, Self::RemoveDir, Self::Rename];

    /// What an operation does; none where it changes nothing, or nothing when it is done again.
    pub(crate) const fn of(op: Op) -> Option<Self> {
        match op {
            Op::CreateDir => Some(Self::CreateDir),
            Op::CreateFile(_) => Some(Self::CreateFile),
            Op::RemoveFile => Some(Self::RemoveFile),
            Op::RemoveDir => Some(Self::RemoveDir),
            Op::Rename => Some(Self::Rename),
            _ => None,
        }
    }

    /// The operation. What a file is to contain comes with later calls.
    pub(crate) const fn op(self) -> Op {
        match self {
            Self::CreateDir => Op::CreateDir,
            Self::CreateFile => Op::CreateFile(0),
            Self::RemoveFile => Op::RemoveFile,
            Self::RemoveDir => Op::RemoveDir,
            Self::Rename => Op::Rename,
        }
    }
}

/// Each as its numbers, in their order, since it makes no difference which was sent first.
pub(super) fn write_late(late: &[Late], naming: &impl Naming, out: &mut Vec<u16>) -> Result<(), Miss> {
    let mut written: SmallVec<[[u16; 6]; 1]> = SmallVec::new();
    for &Late { effect, places: [at, to], known_of } in late {
        let client = known_of.map_or(0, |of| 1 + place_of(naming, of));
        written.push([
            effect as u16,
            client,
            naming.path(at.path)?,
            at.held.into(),
            naming.path(to.path)?,
            to.held.into(),
        ]);
    }
    written.sort_unstable();
    write_list(out, &written, |out, late| out.extend(late));
    Ok(())
}

/// Where a client comes.
pub(super) fn place_of(naming: &impl Naming, client: u8) -> u16 {
    let place = (0..=u8::MAX).find(|place| naming.client_at(usize::from(*place)) == usize::from(client));
    u16::from(place.unwrap_or_else(|| unreachable!("every client has a place")))
}

pub(super) fn read_late(input: &mut impl Iterator<Item = u16>) -> Late {
    let effect = Effect::ALL[usize::from(next(input))];
    let known_of = next(input).checked_sub(1).map(byte);
    let places = [(); 2].map(|()| Place { path: next(input), held: byte(next(input)) });
    Late { effect, places, known_of }
}
