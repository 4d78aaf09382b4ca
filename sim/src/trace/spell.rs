//! How a step is written: who, the call and its answer as strace writes them, and the entries that changed.

use lockwright_kernel::fs::FsError;

use super::event::{Deed, Event};
use crate::{
    history::Then,
    names::DEAD,
    replay::{Reply, Request},
    resource::Wrote,
    scenario::{self, Budget},
    state::{Effect, InCall, Late, State},
    tree::Node,
    world::World,
};

/// The line of a step from `before` to `after`.
pub(super) fn line(world: &World<'_>, before: &State, event: &Event, after: &State) -> String {
    let [old, new] = [before, after].map(|state| world.spell_tree(state));
    let walked: String = event.walked.iter().map(|&other| walked(world, before, other)).collect();
    let changes: Vec<String> = changes(&old, &new).collect();
    format!("{:<72} {}{walked}", act(world, before, event), changes.join(" ")).trim_end().to_owned()
}

/// Who does what, and how it is answered.
pub(super) fn act(world: &World<'_>, before: &State, event: &Event) -> String {
    let Some(client) = event.client else { return nobodys(world, before, event) };
    let process = &before.processes[usize::from(client)];
    let id = scenario::id(client, process.incarnation);
    let Some(request) = event.request else { return format!("{id}  makes no call") };
    let request = world.histories.request(request);
    match &event.deed {
        Deed::Crash => format!("{id}  +++ killed by SIGKILL +++"),
        Deed::Lose => format!("{id}  +++ what it was to be told of is lost +++"),
        Deed::Suspend => format!("{id}  +++ a second goes by, and its host sleeps +++"),
        Deed::Jump { forward } => format!("{id}  +++ its wall clock is set {} a second +++", way(*forward)),
        Deed::Begin => format!("{id}  {} begins", shape(request)),
        Deed::Replay => format!("{id}  {} executed, and its reply lost", shape(request)),
        Deed::Double => format!("{id}  {} is sent, and a copy of it", shape(request)),
        Deed::Recall => format!("{id}  {} goes by a name that its host remembers", shape(request)),
        Deed::Call | Deed::Fail { .. } | Deed::Odd(_) => {
            let answer = match (event.error, event.reply) {
                (Some(error), _) => format!("-1 {}", errno(error)),
                (None, Some(reply)) => answer(world.histories.reply(reply)),
                (None, None) => "?".into(),
            };
            let injected = match event.deed {
                Deed::Fail { took_effect: true } => " (injected, and it took effect)",
                Deed::Fail { took_effect: false } => " (injected)",
                Deed::Odd(Budget::Jitters) => " (a second off)",
                Deed::Odd(Budget::Reorders) => " (durable before what came before it elsewhere)",
                Deed::Odd(Budget::Stales) => " (as its host remembers)",
                Deed::Odd(Budget::Lies) => " (and it was there)",
                Deed::Odd(Budget::Opens) if event.error.is_some() => " (it is open on this host still)",
                Deed::Odd(Budget::Opens) => " (it is open on this host, and renamed)",
                Deed::Odd(_) => " (odd)",
                _ => "",
            };
            let shape = shape(request);
            format!("{id}  {shape}{} = {answer}{injected}", elsewhere(world, &process.call, &shape))
        }
        Deed::Remove(_)
        | Deed::Commit
        | Deed::Cut(_)
        | Deed::Tick
        | Deed::Round
        | Deed::Reboot(_)
        | Deed::Late(_)
        | Deed::Close(_)
        | Deed::Restart(_) => {
            format!("{id}  takes no part")
        }
    }
}

/// What happens without a client.
fn nobodys(world: &World<'_>, before: &State, event: &Event) -> String {
    match &event.deed {
        Deed::Remove(path) => {
            let call = match before.tree.get(*path) {
                Some(Node::Dir) => "rmdir",
                _ => "unlink",
            };
            format!("somebody  {call}(\"{}\") = 0", world.names.spell(*path))
        }
        Deed::Tick => "clock  a second goes by".into(),
        Deed::Jump { forward } => format!("clock  that of the file system is set {} a second", way(*forward)),
        Deed::Round => "disk  its stamps are rounded down to even seconds".into(),
        Deed::Reboot(host) => format!("host {host}  +++ restarted: all its processes are dead +++"),
        Deed::Commit => "disk  all this is durable".into(),
        Deed::Cut(emptied) => {
            let lost = |path| format!(", and \"{}\" is empty", world.names.spell(path));
            let lost: String = emptied.iter().copied().map(lost).collect();
            format!("power  +++ cut: the disk is as it was when last durable{lost} +++")
        }
        Deed::Close(path) => format!("somebody  close(), the last of \"{}\"", world.names.spell(*path)),
        Deed::Late(late) => format!("server  the copy of {} is executed", late_call(world, *late)),
        Deed::Restart(executed) => {
            let had = |&client: &u8| {
                let process = &before.processes[usize::from(client)];
                let id = scenario::id(client, process.incarnation);
                match *world.histories.then(process.history) {
                    Then::Asks(request) => format!(", had executed {id}'s {}", shape(world.histories.request(request))),
                    _ => String::new(),
                }
            };
            let had: String = executed.iter().map(had).collect();
            format!("server  +++ restarted{had}, and knows no reply again +++")
        }
        Deed::Crash
        | Deed::Lose
        | Deed::Suspend
        | Deed::Begin
        | Deed::Call
        | Deed::Fail { .. }
        | Deed::Odd(_)
        | Deed::Replay
        | Deed::Double
        | Deed::Recall => String::new(),
    }
}

/// The call that a copy is of, with the names that its directories have now.
fn late_call(world: &World<'_>, late: Late) -> String {
    let [at, to] = late.places.map(|place| match place.path {
        DEAD => "(gone)".into(),
        path => format!("\"{}\"", world.names.spell(path)),
    });
    match late.effect {
        Effect::CreateDir => format!("mkdir({at})"),
        Effect::CreateFile => format!("create({at})"),
        Effect::RemoveFile => format!("unlink({at})"),
        Effect::RemoveDir => format!("rmdir({at})"),
        Effect::Rename => format!("rename({at}, {to})"),
    }
}

fn way(forward: bool) -> &'static str {
    if forward { "forward" } else { "back" }
}

/// Where a call takes effect whose walk took hold of a directory that was moved since.
fn elsewhere(world: &World<'_>, call: &InCall, shape: &str) -> String {
    let InCall::Walked(places) = call else { return String::new() };
    match places[0].path {
        DEAD => " in a directory that is gone".into(),
        path => {
            let now = format!("\"{}\"", world.names.spell(path));
            if shape.contains(&now) { String::new() } else { format!(" in what is now {now}") }
        }
    }
}

fn walked(world: &World<'_>, before: &State, other: u8) -> String {
    let process = &before.processes[usize::from(other)];
    let id = scenario::id(other, process.incarnation);
    match *world.histories.then(process.history) {
        Then::Asks(request) => {
            let request = world.histories.request(request);
            format!("   ! {id} had walked into it for its {}", shape(request))
        }
        _ => String::new(),
    }
}

/// The entries that went and those that came.
fn changes<'a>(before: &'a [String], after: &'a [String]) -> impl Iterator<Item = String> + 'a {
    let went = before.iter().filter(|entry| !after.contains(entry)).map(|entry| format!("- {entry}"));
    let came = after.iter().filter(|entry| !before.contains(entry)).map(|entry| format!("+ {entry}"));
    went.chain(came)
}

fn shape(request: &Request) -> String {
    match request {
        Request::Fs(call) => call.to_string(),
        Request::Liveness(id) => format!("kill({id}, 0)"),
        Request::Below(bound) => format!("random({bound})"),
        Request::Sighting { namespace, pid } => format!("stat(\"/proc/{pid}\") in namespace {namespace}"),
        Request::Started { namespace, pid } => {
            format!("btime and starttime of \"/proc/{pid}\" in namespace {namespace}")
        }
        Request::Now => "clock_gettime()".into(),
        Request::WallClock => "clock_gettime(CLOCK_REALTIME)".into(),
        Request::Uptime => "clock_gettime(CLOCK_MONOTONIC)".into(),
        Request::Holds => "has the lock".into(),
        Request::Write { token: Some(token) } => format!("write(the resource, token {token})"),
        Request::Write { token: None } => "write(the resource)".into(),
        Request::Watch(dir) => format!("inotify_add_watch(\"{dir}\")"),
        Request::Wait { watch, owner, until } => {
            let owner = owner.as_ref().map(|id| format!(", pidfd of {id}")).unwrap_or_default();
            let until = until.map(|until| format!(", until {:?}", until.since_start())).unwrap_or_default();
            format!("poll(watch {}{owner}{until})", watch.0)
        }
        Request::Pause(until) => format!("sleep(until {:?})", until.since_start()),
    }
}

fn answer(reply: &Reply) -> String {
    match reply {
        Reply::Fs(Ok(value)) => value.to_string(),
        Reply::Fs(Err(error)) | Reply::Watch(Err(error)) => format!("-1 {}", errno(*error)),
        Reply::Liveness(liveness) => format!("{liveness:?}"),
        Reply::Below(number) => number.to_string(),
        Reply::Time(time) => format!("{:?}", time.since_start()),
        Reply::Wall(time) => format!("{:?}", time.since_epoch()),
        Reply::Started(Some(started)) => format!("{started} s"),
        Reply::Started(None) => "-1 ENOENT".into(),
        Reply::Wrote(Wrote::Taken) => "0".into(),
        Reply::Wrote(Wrote::Refused) => "refused".into(),
        Reply::Wrote(Wrote::Late) => "0, after a write of a newer holder".into(),
        Reply::Watch(Ok(watch)) => format!("watch {}", watch.0),
        Reply::Sighting(sighting) => format!("{sighting:?}"),
        Reply::Woke(wake) => format!("{wake:?}"),
    }
}

/// The name by which strace and the manuals know an error.
fn errno(error: FsError) -> &'static str {
    match error {
        FsError::NotFound => "ENOENT",
        FsError::AlreadyExists => "EEXIST",
        FsError::NotEmpty => "ENOTEMPTY",
        FsError::NotADirectory => "ENOTDIR",
        FsError::IsADirectory => "EISDIR",
        FsError::SymbolicLink => "ELOOP",
        FsError::SpecialFile => "ENXIO",
        FsError::IntoItself => "EINVAL",
        FsError::PermissionDenied => "EACCES",
        FsError::ReadOnly => "EROFS",
        FsError::NoSpace => "ENOSPC",
        FsError::Exhausted => "EMFILE",
        FsError::NameTooLong => "ENAMETOOLONG",
        FsError::ForeignName => "EILSEQ",
        FsError::TooLarge => "EFBIG",
        FsError::Stale => "ESTALE",
        FsError::Unsupported => "ENOTSUP",
        FsError::Io => "EIO",
        FsError::Halted => "(halted)",
    }
}
