//! Plans: what a request asks for, in numbers.

use lockwright_kernel::fs::call::Call;

use crate::{
    names::{DEAD, IdNo, Names, PathId},
    replay::Request,
    scenario,
    symmetry::Relabelling,
    tree::ContentsId,
    world::notify::Wait,
};

/// A request in numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) op: Op,
    /// The second is [`DEAD`] unless `op` takes two.
    pub(crate) paths: [PathId; 2],
    pub(crate) looked_at: LookedAt,
}

/// A look at a process number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    pub(crate) namespace: u8,
    pub(crate) pid: u32,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Op {
    CreateDir,
    CreateFile(ContentsId),
    RemoveFile,
    RemoveDir,
    Rename,
    List,
    Read,
    Stat,
    Touch,
    Modified,
    /// Of which client's which process, where that can be told.
    Liveness(Option<(u8, u8)>),
    Below(u32),
    Watch,
    Wait(Wait),
    Sighting(Look),
    /// The start by the wall clock of what has a process number.
    Started(Look),
    Now,
    WallClock,
    Uptime,
    Pause,
    Holds,
    Write(Option<u16>),
    /// A question that this world has no answer to.
    Unknown,
}

impl Op {
    /// True of what is no call on the file system.
    pub(crate) const fn is_question(self) -> bool {
        match self {
            Self::Liveness(_)
            | Self::Below(_)
            | Self::Watch
            | Self::Wait(_)
            | Self::Sighting(_)
            | Self::Started(_)
            | Self::Now
            | Self::WallClock
            | Self::Uptime
            | Self::Pause
            | Self::Holds
            | Self::Write(_)
            | Self::Unknown => true,
            Self::CreateDir
            | Self::CreateFile(_)
            | Self::RemoveFile
            | Self::RemoveDir
            | Self::Rename
            | Self::List
            | Self::Read
            | Self::Stat
            | Self::Touch
            | Self::Modified => false,
        }
    }
}

/// How much of an answer the caller looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LookedAt {
    All,
    /// Whether the name was taken already is the same to it.
    ButTaken,
    Nothing,
    /// Only whether there is something.
    Presence,
    /// One name of a listing, whichever it is.
    OneName,
}

impl Plan {
    pub(crate) fn of(request: &Request, names: &mut Names, contents: &mut Contents) -> Self {
        let call = match request {
            Request::Fs(call) => call,
            Request::Liveness(id) => return Self::pathless(Op::Liveness(scenario::parse_id(id))),
            Request::Below(bound) => return Self::pathless(Op::Below(bound.get())),
            &Request::Sighting { namespace, pid } => return Self::pathless(Op::Sighting(Look { namespace, pid })),
            &Request::Started { namespace, pid } => return Self::pathless(Op::Started(Look { namespace, pid })),
            Request::Now => return Self::pathless(Op::Now),
            Request::WallClock => return Self::pathless(Op::WallClock),
            Request::Uptime => return Self::pathless(Op::Uptime),
            Request::Holds => return Self::pathless(Op::Holds),
            &Request::Write { token } => return Self::pathless(Op::Write(token)),
            Request::Pause(_) => return Self::pathless(Op::Pause),
            Request::Watch(dir) => return Self { paths: [names.path_id(dir), DEAD], ..Self::pathless(Op::Watch) },
            Request::Wait { watch, owner, until } => {
                let owner = owner.as_ref().and_then(scenario::parse_id);
                return Self::pathless(Op::Wait(Wait { watch: *watch, owner, is_timed: until.is_some() }));
            }
        };
        let looked_at = match call {
            Call::Exists(_) => LookedAt::Presence,
            Call::Any(_) => LookedAt::OneName,
            Call::EnsureDir(_) => LookedAt::ButTaken,
            Call::DiscardFile(_) | Call::DiscardDir(_) | Call::PutAside(..) => LookedAt::Nothing,
            _ => LookedAt::All,
        };
        let (op, path) = match call.effect() {
            Call::CreateDir(path) => (Op::CreateDir, path),
            Call::CreateFile(path, written) => (Op::CreateFile(contents.id(&written)), path),
            Call::RemoveFile(path) => (Op::RemoveFile, path),
            Call::RemoveDir(path) => (Op::RemoveDir, path),
            Call::Rename(from, to) => {
                let paths = [&from, &to].map(|path| names.path_id(path));
                return Self { op: Op::Rename, paths, looked_at };
            }
            Call::List(path) => (Op::List, path),
            Call::Read(path) => (Op::Read, path),
            Call::Modified(path) if looked_at == LookedAt::Presence => (Op::Stat, path),
            Call::Modified(path) => (Op::Modified, path),
            Call::Touch(path) => (Op::Touch, path),
            _ => return Self::pathless(Op::Unknown),
        };
        Self { op, paths: [names.path_id(&path), DEAD], looked_at }
    }

    fn pathless(op: Op) -> Self {
        Self { op, paths: [DEAD; 2], looked_at: LookedAt::All }
    }
}

/// The contents of files that came up. Number 0 is the empty file, and the next are those that are an id.
#[derive(Debug)]
pub(crate) struct Contents(Vec<Vec<u8>>);

impl Contents {
    pub(crate) fn new() -> Self {
        let ids = IdNo::all().map(|id| Relabelling::spell(id).name().as_str().as_bytes().to_vec());
        Self([Vec::new()].into_iter().chain(ids).collect())
    }

    pub(crate) fn get(&self, id: ContentsId) -> &[u8] {
        &self.0[usize::from(id)]
    }

    /// The contents that are this id.
    pub(crate) fn of_id(id: IdNo) -> ContentsId {
        ContentsId::from(id.0) + 1
    }

    /// The id that these contents are.
    pub(crate) fn id_in(contents: ContentsId) -> Option<IdNo> {
        u8::try_from(contents.checked_sub(1)?).ok().map(IdNo).filter(|id| id.at() < IdNo::COUNT)
    }

    fn id(&mut self, contents: &[u8]) -> ContentsId {
        let at = self.0.iter().position(|known| known == contents).unwrap_or_else(|| {
            self.0.push(contents.to_vec());
            self.0.len() - 1
        });
        ContentsId::try_from(at).unwrap_or_else(|_| panic!("more than {} file contents", ContentsId::MAX))
    }
}
