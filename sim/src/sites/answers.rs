//! Answers by their kind, and which of them the docs of a call allow.

use std::fmt;

use lockwright_kernel::{
    fs::{
        FsError,
        call::{Call, Value},
    },
    id::Id,
    ids::process::Sighting,
    path::Name,
    probe::Liveness,
    watch::{Wake, WatchId},
};

use crate::{
    replay::{Reply, Request},
    scenario::{self, Scenario},
};

/// A kind of answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Seen {
    /// It was done, or is there.
    Ok,
    /// The directory holds nothing.
    Empty,
    /// It holds one entry, or one of its entries was told.
    One,
    /// It holds several.
    Several,
    /// The error that the tree gives cause for.
    Error(FsError),
    /// An error without a cause in the tree, and nothing happened.
    Failed(FsError),
    /// The same, and what was asked happened.
    FailedWithEffect(FsError),
    /// The owner's process lives, is dead, or cannot be seen.
    Liveness(Liveness),
    /// A wait ended for this reason.
    Woke(Wake),
    /// No process has the number.
    Absent,
    /// A process has it.
    Present,
    /// The process was killed before the call was answered.
    Killed,
}

/// As short as it can be, for a table.
impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Error(error) => write!(f, "{error:?}"),
            Self::Failed(error) => write!(f, "{error:?} made up"),
            Self::FailedWithEffect(error) => write!(f, "{error:?} with effect"),
            Self::Liveness(liveness) => write!(f, "{liveness:?}"),
            Self::Woke(wake) => write!(f, "{wake:?}"),
            other => write!(f, "{other:?}"),
        }
    }
}

impl Seen {
    /// An answer by its kind; `error` is what the call really came to, if its caller does not look at all of that.
    pub(super) fn of(reply: &Reply, error: Option<FsError>) -> Self {
        if let Some(error) = error {
            return Self::Error(error);
        }
        match reply {
            Reply::Fs(Err(error)) | Reply::Watch(Err(error)) => Self::Error(*error),
            Reply::Fs(Ok(Value::Names(names))) => match names.len() {
                0 => Self::Empty,
                1 => Self::One,
                _ => Self::Several,
            },
            Reply::Fs(Ok(Value::Name(None))) => Self::Empty,
            Reply::Fs(Ok(Value::Name(Some(_)))) => Self::One,
            Reply::Fs(Ok(Value::Truth(false))) => Self::Error(FsError::NotFound),
            Reply::Liveness(liveness) => Self::Liveness(*liveness),
            Reply::Woke(wake) => Self::Woke(*wake),
            Reply::Sighting(Sighting::Absent) | Reply::Started(None) => Self::Absent,
            Reply::Sighting(_) | Reply::Started(Some(_)) => Self::Present,
            Reply::Fs(Ok(_))
            | Reply::Watch(Ok(_))
            | Reply::Below(_)
            | Reply::Time(_)
            | Reply::Wall(_)
            | Reply::Wrote(_) => Self::Ok,
        }
    }
}

/// The method that a request calls.
pub(super) fn method(request: &Request) -> &'static str {
    match request {
        Request::Fs(call) => match call {
            Call::CreateDir(_) => "create_dir",
            Call::CreateFile(..) => "create_file",
            Call::RemoveFile(_) => "remove_file",
            Call::RemoveDir(_) => "remove_dir",
            Call::Rename(..) => "rename",
            Call::List(_) => "list",
            Call::Read(_) => "read",
            Call::Touch(_) => "touch",
            Call::Modified(_) => "modified",
            Call::Exists(_) => "exists",
            Call::Any(_) => "any",
            Call::EnsureDir(_) => "ensure_dir",
            Call::DiscardFile(_) => "discard_file",
            Call::DiscardDir(_) => "discard_dir",
            Call::PutAside(..) => "put_aside",
        },
        Request::Liveness(_) => "liveness",
        Request::Below(_) => "below",
        Request::Now => "now",
        Request::WallClock => "wall_clock",
        Request::Uptime => "uptime",
        Request::Sighting { .. } => "sighting",
        Request::Started { .. } => "started",
        Request::Holds => "holds",
        Request::Write { .. } => "write",
        Request::Watch(_) => "watch",
        Request::Wait { .. } => "wait",
        Request::Pause(_) => "pause",
    }
}

/// What the docs allow to be answered, as far as the world of the scenario has it: of errors those that the method names,
/// and [`FsError::NotFound`], which any path may come to; not those of names that are not UTF-8, of rights, and of other
/// things that no profile has.
pub(super) fn possible(request: &Request, scenario: &Scenario) -> Vec<Seen> {
    let errors = |errors: &[FsError]| {
        let errors = errors.iter().copied().chain([FsError::NotFound]).map(Seen::Error);
        errors.collect::<Vec<Seen>>()
    };
    let done = |named: &[FsError]| [errors(named), vec![Seen::Ok]].concat();
    let liveness = |liveness: &[Liveness]| liveness.iter().copied().map(Seen::Liveness).collect();
    let mut possible = match request {
        Request::Fs(call) => match call.effect() {
            Call::CreateDir(_) | Call::CreateFile(..) => done(&[FsError::AlreadyExists]),
            Call::RemoveFile(_) | Call::Read(_) => done(&[FsError::IsADirectory]),
            Call::RemoveDir(_) => done(&[FsError::NotEmpty, FsError::NotADirectory]),
            Call::Rename(..) => {
                done(&[FsError::NotEmpty, FsError::NotADirectory, FsError::IsADirectory, FsError::IntoItself])
            }
            Call::List(_) if matches!(call, Call::Any(_)) => {
                [errors(&[FsError::NotADirectory]), vec![Seen::Empty, Seen::One]].concat()
            }
            Call::List(_) => [errors(&[FsError::NotADirectory]), vec![Seen::Empty, Seen::One, Seen::Several]].concat(),
            _ => done(&[]),
        },
        // No process of a simulated world is out of sight, unless its id says that it belongs elsewhere.
        Request::Liveness(_) if scenario.faults.crashes == 0 => liveness(&[Liveness::Alive]),
        Request::Liveness(_) => liveness(&[Liveness::Alive, Liveness::Dead]),
        Request::Below(_)
        | Request::Now
        | Request::WallClock
        | Request::Uptime
        | Request::Holds
        | Request::Write { .. }
        | Request::Pause(_) => vec![Seen::Ok],
        Request::Sighting { .. } | Request::Started { .. } => vec![Seen::Absent, Seen::Present],
        Request::Watch(_) => done(&[FsError::NotADirectory]),
        Request::Wait { until, .. } => {
            let mut wakes = vec![Seen::Woke(Wake::Changed)];
            wakes.extend(until.map(|_| Seen::Woke(Wake::TimedOut)));
            wakes
        }
    };
    if let (Request::Fs(call), 1..) = (request, scenario.faults.errors) {
        let effect = call.effect();
        let makes = matches!(effect, Call::CreateDir(_) | Call::CreateFile(..));
        let looks = matches!(effect, Call::List(_) | Call::Read(_) | Call::Modified(_));
        let is_quiet = matches!(call, Call::DiscardFile(_) | Call::DiscardDir(_) | Call::PutAside(..));
        possible.push(Seen::Failed(FsError::Io));
        possible.extend(makes.then_some(Seen::Failed(FsError::NoSpace)));
        possible.extend((!looks && !is_quiet).then_some(Seen::FailedWithEffect(FsError::Io)));
    }
    possible.extend((scenario.faults.crashes > 0 || scenario.faults.cuts > 0).then_some(Seen::Killed));
    possible
}

/// Answers of a kind, for a run of an attempt that the world would not have given; `own` is the id of its process.
pub(super) fn replies(request: &Request, seen: Seen, own: &Id) -> Vec<Reply> {
    let names = || [own.name().clone(), scenario::id(Scenario::CLIENTS_MAX - 1, 0).name().clone()];
    let reply = match (request, seen) {
        (_, Seen::Killed) => return Vec::new(),
        (Request::Fs(Call::DiscardFile(_) | Call::DiscardDir(_) | Call::PutAside(..)), _)
        | (Request::Fs(Call::EnsureDir(_)), Seen::Error(FsError::AlreadyExists)) => Reply::Fs(Ok(Value::Done)),
        (Request::Fs(Call::Exists(_)), Seen::Error(FsError::NotFound)) => Reply::Fs(Ok(Value::Truth(false))),
        (Request::Watch(_), Seen::Error(error)) => Reply::Watch(Err(error)),
        (_, Seen::Error(error) | Seen::Failed(error) | Seen::FailedWithEffect(error)) => Reply::Fs(Err(error)),
        (Request::Fs(call), seen) => {
            return values(call, seen, names()).into_iter().map(|value| Reply::Fs(Ok(value))).collect();
        }
        (Request::Watch(_), _) => Reply::Watch(Ok(WatchId(0))),
        (_, Seen::Liveness(liveness)) => Reply::Liveness(liveness),
        (_, Seen::Woke(wake)) => Reply::Woke(wake),
        (Request::Sighting { .. }, Seen::Absent) => Reply::Sighting(Sighting::Absent),
        (Request::Sighting { .. }, _) => Reply::Sighting(Sighting::Hidden),
        (Request::Below(_), _) => Reply::Below(0),
        _ => return Vec::new(),
    };
    vec![reply]
}

fn values(call: &Call, seen: Seen, names: [Name; 2]) -> Vec<Value> {
    match (call, seen) {
        (Call::Any(_), Seen::Empty) => vec![Value::Name(None)],
        (Call::Any(_), _) => names.into_iter().map(|name| Value::Name(Some(name))).collect(),
        (Call::List(_), Seen::Empty) => vec![Value::Names(Vec::new())],
        (Call::List(_), Seen::One) => names.into_iter().map(|name| Value::Names(vec![name])).collect(),
        (Call::List(_), _) => vec![Value::Names(names.into())],
        (Call::Read(_), _) => [Vec::new(), names[0].as_str().as_bytes().to_vec()].map(Value::Contents).into(),
        (Call::Exists(_), _) => vec![Value::Truth(true)],
        (Call::Modified(_), _) => Vec::new(),
        _ => vec![Value::Done],
    }
}
