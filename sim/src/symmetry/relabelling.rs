//! Relabellings: one-to-one renamings of ids, and what requests and replies are under them.

use std::fmt;

use lockwright_kernel::{
    fs::call::{Call, Value},
    id::Id,
    path::{Name, Path},
};

use crate::{
    names::{IdNo, IdSet},
    replay::{Reply, Request},
    scenario,
};

/// The number of a relabelling.
pub(crate) type PermId = u16;

/// A one-to-one renaming of ids. Those that it does not speak of stay as they are.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Relabelling([u8; IdNo::COUNT]);

const UNSET: u8 = u8::MAX;

impl Relabelling {
    /// A relabelling that speaks of no id.
    pub(crate) fn blank() -> Self {
        Self([UNSET; IdNo::COUNT])
    }

    pub(crate) fn exchange(one: IdNo, other: IdNo) -> Self {
        let mut relabelling = Self::blank();
        relabelling.set(one, other);
        relabelling.set(other, one);
        relabelling
    }

    pub(crate) fn set(&mut self, id: IdNo, image: IdNo) {
        self.0[id.at()] = image.0;
    }

    /// This relabelling, which now also speaks of `ids`: each stays as it is or becomes one of `pool`, so that no two
    /// become one.
    pub(crate) fn with(&self, ids: IdSet, pool: &[IdNo]) -> Self {
        let mut with = self.clone();
        let mut taken = IdSet::default();
        for image in self.0.into_iter().filter(|image| *image != UNSET) {
            taken.insert(IdNo(image));
        }
        for id in ids.iter().filter(|id| self.0[id.at()] == UNSET) {
            let free = [id].into_iter().chain(pool.iter().copied()).chain(IdNo::all());
            let image = free.into_iter().find(|image| !taken.contains(*image));
            let image = image.unwrap_or_else(|| unreachable!("as many images as ids"));
            taken.insert(image);
            with.set(id, image);
        }
        with
    }

    /// The ids that it speaks of, each with what it becomes.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (IdNo, IdNo)> {
        IdNo::all().filter(|id| self.0[id.at()] != UNSET).map(|id| (id, self.of(id)))
    }

    pub(crate) fn of(&self, id: IdNo) -> IdNo {
        match self.0[id.at()] {
            UNSET => id,
            image => IdNo(image),
        }
    }

    /// The ids that a reply speaks of.
    pub(crate) fn ids_in(reply: &Reply) -> IdSet {
        let mut ids = IdSet::default();
        let mut note = |id: &Id| {
            if let Some(number) = number(id) {
                ids.insert(number);
            }
        };
        match reply {
            Reply::Fs(Ok(Value::Names(names))) => names.iter().for_each(|name| note(&name.clone().into())),
            Reply::Fs(Ok(Value::Name(Some(name)))) => note(&name.clone().into()),
            Reply::Fs(Ok(Value::Contents(contents))) => {
                if let Some(id) = id_written(contents) {
                    note(&id);
                }
            }
            _ => {}
        }
        ids
    }

    pub(crate) fn of_request(&self, request: &Request) -> Request {
        match request {
            Request::Fs(call) => Request::Fs(self.of_call(call)),
            Request::Liveness(id) => Request::Liveness(self.of_id(id)),
            Request::Watch(dir) => Request::Watch(self.of_path(dir)),
            Request::Wait { watch, owner, until } => {
                let owner = owner.as_ref().map(|owner| self.of_id(owner));
                Request::Wait { watch: *watch, owner, until: *until }
            }
            Request::Below(_)
            | Request::Sighting { .. }
            | Request::Started { .. }
            | Request::Now
            | Request::WallClock
            | Request::Uptime
            | Request::Pause(_)
            | Request::Holds
            | Request::Write { .. } => request.clone(),
        }
    }

    pub(crate) fn of_reply(&self, reply: &Reply) -> Reply {
        let value = match reply {
            Reply::Fs(Ok(value)) => value,
            other => return other.clone(),
        };
        Reply::Fs(Ok(match value {
            Value::Names(names) => {
                let mut names: Vec<Name> = names.iter().map(|name| self.of_name(name)).collect();
                names.sort();
                Value::Names(names)
            }
            Value::Name(name) => Value::Name(name.as_ref().map(|name| self.of_name(name))),
            Value::Contents(contents) => Value::Contents(self.of_contents(contents)),
            other => other.clone(),
        }))
    }

    pub(crate) fn of_path(&self, path: &Path) -> Path {
        path.names().iter().map(|name| self.of_name(name)).collect()
    }

    /// The text of an id that has a number.
    pub(crate) fn spell(id: IdNo) -> Id {
        scenario::id(id.client(), id.incarnation())
    }

    fn of_call(&self, call: &Call) -> Call {
        let path = |path: &Path| self.of_path(path);
        match call {
            Call::CreateDir(at) => Call::CreateDir(path(at)),
            Call::CreateFile(at, contents) => Call::CreateFile(path(at), self.of_contents(contents)),
            Call::RemoveFile(at) => Call::RemoveFile(path(at)),
            Call::RemoveDir(at) => Call::RemoveDir(path(at)),
            Call::Rename(from, to) => Call::Rename(path(from), path(to)),
            Call::List(at) => Call::List(path(at)),
            Call::Read(at) => Call::Read(path(at)),
            Call::Touch(at) => Call::Touch(path(at)),
            Call::Modified(at) => Call::Modified(path(at)),
            Call::Exists(at) => Call::Exists(path(at)),
            Call::Any(at) => Call::Any(path(at)),
            Call::EnsureDir(at) => Call::EnsureDir(path(at)),
            Call::DiscardFile(at) => Call::DiscardFile(path(at)),
            Call::DiscardDir(at) => Call::DiscardDir(path(at)),
            Call::PutAside(from, to) => Call::PutAside(path(from), path(to)),
        }
    }

    fn of_name(&self, name: &Name) -> Name {
        self.of_id(&name.clone().into()).name().clone()
    }

    fn of_id(&self, id: &Id) -> Id {
        number(id).map_or_else(|| id.clone(), |number| Self::spell(self.of(number)))
    }

    fn of_contents(&self, contents: &[u8]) -> Vec<u8> {
        id_written(contents).map_or_else(|| contents.to_vec(), |id| self.of_id(&id).name().as_str().as_bytes().to_vec())
    }
}

fn number(id: &Id) -> Option<IdNo> {
    let (client, incarnation) = scenario::parse_id(id)?;
    IdNo::new(client, incarnation)
}

fn id_written(contents: &[u8]) -> Option<Id> {
    str::from_utf8(contents).ok()?.parse().ok()
}

impl fmt::Display for Relabelling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moved = IdNo::all().filter(|id| self.of(*id) != *id);
        for (at, id) in moved.enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            write!(f, "{comma}{} for {}", Self::spell(self.of(id)), Self::spell(id))?;
        }
        Ok(())
    }
}
