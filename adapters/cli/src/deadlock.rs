//! Notices that commands wait for each other in a circle: each holds a lock that the next one waits for.
//!
//! ```text
//! <lock>.waits/<waiter>.json     who holds <lock> under the id `held` waits for the lock `for`, as <waiter>
//! <lock>.waits/<waiter>.looked   <waiter> has looked for a circle since, and stands in none
//! ```
//!
//! Only a command around which locks are held does this, and only when it has to wait:
//!
//! 1. PUBLISH: write a record beside each lock that is held around me.
//! 2. LOOK: from the lock that I wait for to its holders, from each to what it waits for by the records beside that lock, and so
//!    on. A circle is one that comes back to a lock held around me. What was found twice in a row stood in between.
//! 3. SETTLE, if there is none: leave a mark that says so beside each record, and wait.
//! 4. YIELD, if there is one, and of those in it without a mark mine is the greatest id: give up. Otherwise look again
//!    after [`PAUSE`].
//! 5. WITHDRAW my records when the wait is over, however it ended.
//!
//! *Why every circle is seen.* Somebody's PUBLISH was the last of it, and that one's LOOK comes after it. A hold that changes
//! hands makes none: who gets a lock waits for the next one only by a PUBLISH of its own.
//!
//! *Why exactly one gives up.* A mark is made by who saw no circle, and never goes while its author waits. So whoever is without
//! one when a circle stands has its last LOOK before it, and of these the greatest id is the same for all of them.
//!
//! *What counts as waiting.* A command is taken to wait for what runs inside of it. One that starts another in the background and goes on
//! without it may be told of a deadlock that would have come to its end, unless it is started without what tells of the locks
//! [around](crate::around) it. Nobody can see which of the two it is, and a deadlock that is not told lasts for ever.
//!
//! *What is not seen.* Locks that `lock` and `acquire` took; records that another user may not read; what a lock folder in
//! Python waits for. Nothing that is safe or unsafe depends on any of this.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    time::Duration,
};

use lockwright_kernel::{
    fs::{Fs, FsError},
    id::Id,
    path::{Name, Path as Place},
    probe::{Liveness, Probe},
};
use lockwright_posix::lock::{Layout, PathLock};

use crate::{
    around::Around,
    exit::{DEADLOCK, Failure},
    look, people,
    text::shown_path,
};

/// How soon one that stands in a circle, and does not yield, looks again.
pub(crate) const PAUSE: Duration = Duration::from_millis(20);

/// How many locks a circle may have.
const LENGTH_MAX: usize = 16;

/// How many records are read beside one lock, and others' swept.
const RECORDS_MAX: usize = 64;

#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
struct Record {
    held: String,
    r#for: PathBuf,
}

/// Somebody in a circle: it holds one lock, and waits for the next.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Member {
    holds: PathBuf,
    waits_for: PathBuf,
    waiter: Id,
    is_settled: bool,
}

/// Those who stand in the way of somebody.
#[derive(Debug, Default)]
struct Blocked {
    members: Vec<Member>,
    /// One of them waits for a lock that is held around me.
    is_mine: bool,
}

/// What a look came to.
#[derive(Debug)]
pub(crate) enum Sight {
    /// There is no circle.
    Clear,
    /// There is one, and somebody else is to give up.
    Others,
    /// There is one, and this is to give up.
    Mine(Circle),
}

/// A circle in which this command would stand.
#[derive(Debug)]
pub(crate) struct Circle(Vec<Member>);

/// A wait of which others can learn. It is withdrawn when this is dropped.
#[derive(Debug)]
pub(crate) struct Waiting<'a> {
    around: &'a Around,
    me: Id,
    target: PathBuf,
    /// The locks beside which a record stands.
    published: Vec<PathLock>,
}

impl<'a> Waiting<'a> {
    /// 1 PUBLISH, as far as that can be done. `target` is absolute.
    pub(crate) fn publish(around: &'a Around, me: &Id, target: &Path) -> Self {
        let target = resolved(target);
        let mut published = Vec::new();
        for (held, path) in around.known() {
            let record = Record { held: held.name().to_string(), r#for: target.clone() };
            let Ok((lock, standing)) = look::open(path, None) else { continue };
            let holds = standing.holders.iter().any(|holder| holder.id == *held);
            if holds && write(&lock, me, &record).is_ok() {
                published.push(lock);
            }
        }
        Self { around, me: me.clone(), target, published }
    }

    /// 2 LOOK
    pub(crate) fn look(&self) -> Sight {
        let circle = self.circle();
        match circle {
            Some(circle) if self.circle().as_ref() == Some(&circle) => {
                let open = circle.iter().filter(|member| !member.is_settled).map(|member| &member.waiter);
                // 4 YIELD
                if open.max().is_none_or(|greatest| *greatest < self.me) {
                    Sight::Mine(Circle(circle))
                } else {
                    Sight::Others
                }
            }
            Some(_) => Sight::Others,
            None => Sight::Clear,
        }
    }

    /// 3 SETTLE
    pub(crate) fn settle(&self) {
        for lock in &self.published {
            let mark = dir(lock).zip(name(&self.me, "looked")).map(|(dir, name)| dir.join(&name));
            let _ = mark.map(|mark| lock.fs().create_file(&mark, b""));
        }
    }

    fn circle(&self) -> Option<Vec<Member>> {
        let Blocked { members, is_mine } = self.behind(&self.target, &self.me, &mut BTreeSet::new())?;
        let mut seen = BTreeSet::new();
        is_mine.then(|| members.into_iter().filter(|member| seen.insert(member.waiter.clone())).collect())
    }

    /// Who is in the way of `waiter` for ever, which waits for the lock at `path`; `None` where nobody is known to be.
    fn behind(&self, path: &Path, waiter: &Id, passed: &mut BTreeSet<PathBuf>) -> Option<Blocked> {
        if passed.contains(path) {
            return Some(Blocked::default()); // If the others of them are.
        }
        if passed.len() == LENGTH_MAX {
            return None;
        }
        let (lock, standing) = look::open(path, None).ok()?;
        if standing.holders.iter().any(|holder| holder.id == *waiter) {
            return None; // It has it meanwhile.
        }
        passed.insert(path.to_owned());
        let mut all = Blocked::default();
        let mut blocked = 0;
        for holder in &standing.holders {
            let Some(one) = self.blocked(&lock, path, &holder.id, passed) else { continue };
            blocked += 1;
            all.members.extend(one.members);
            all.is_mine |= one.is_mine;
        }
        passed.remove(path);
        let is_over = match standing.layout? {
            // Each of them might make room.
            Layout::Semaphore(_) | Layout::FairSemaphore(_) => blocked == standing.holders.len(),
            _ => blocked > 0,
        };
        is_over.then_some(all)
    }

    /// The holder of the lock at `path`, if it is me, or waits in turn.
    fn blocked(&self, lock: &PathLock, path: &Path, holder: &Id, passed: &mut BTreeSet<PathBuf>) -> Option<Blocked> {
        if self.around.contains(holder) {
            return Some(Blocked { members: Vec::new(), is_mine: true });
        }
        let of_holder = |(_, record): &(Id, Record)| record.held == holder.name().as_str();
        records(lock).into_iter().filter(of_holder).find_map(|(waiter, record)| {
            let mut blocked = self.behind(&record.r#for, &waiter, passed)?;
            let is_settled = dir(lock)
                .zip(name(&waiter, "looked"))
                .is_some_and(|(dir, name)| lock.fs().exists(&dir.join(&name)).unwrap_or_default());
            blocked.members.push(Member { holds: path.to_owned(), waits_for: record.r#for, waiter, is_settled });
            Some(blocked)
        })
    }
}

impl Drop for Waiting<'_> {
    /// 5 WITHDRAW
    fn drop(&mut self) {
        for lock in &self.published {
            remove(lock, &self.me);
            if let Some(dir) = dir(lock) {
                let _ = lock.fs().discard_dir(&dir);
            }
        }
    }
}

impl Circle {
    /// Says who waits for whom, and what helps. It ends in `ending`.
    pub(crate) fn failure(&self, lock: &PathLock, ending: &str) -> Failure {
        let mut lines: Vec<String> = self
            .0
            .iter()
            .rev()
            .map(|member| {
                let (who, holds) = (people::who(lock, &member.waiter), shown_path(&member.holds));
                format!("circle   {who} has {holds} around it, and waits for {}", shown_path(&member.waits_for))
            })
            .collect();
        let mine = self.0.first().map(|member| format!(", and {} is held around it", shown_path(&member.waits_for)));
        lines.push(format!(
            "         this command would wait for {}{}",
            shown_path(lock.path()),
            mine.unwrap_or_default()
        ));
        lines.push("helps    to take both at once, as `lockwright run LOCK --also LOCK` does".to_owned());
        let line = format!("{}: a deadlock: those who hold it wait for this command{ending}", shown_path(lock.path()));
        Failure::new(DEADLOCK, line).with_lines(lines)
    }
}

/// The same path for all who mean the same lock, as far as that can be told.
fn resolved(path: &Path) -> PathBuf {
    let parent = path.parent().and_then(|parent| parent.canonicalize().ok());
    parent.zip(path.file_name()).map_or_else(|| path.to_owned(), |(parent, name)| parent.join(name))
}

fn write(lock: &PathLock, me: &Id, record: &Record) -> Result<(), FsError> {
    let (dir, name) = dir(lock).zip(name(me, "json")).ok_or(FsError::NameTooLong)?;
    let text = serde_json::to_vec(record).map_err(|_| FsError::Unsupported)?;
    lock.fs().ensure_dir(&dir)?;
    sweep(lock, &dir);
    match lock.fs().create_file(&dir.join(&name), &text) {
        // The last one before this was withdrawn meanwhile, and the directory with it.
        Err(FsError::NotFound) => {
            lock.fs().ensure_dir(&dir).and_then(|()| lock.fs().create_file(&dir.join(&name), &text))
        }
        other => other,
    }
}

/// Those whose authors are not dead.
fn records(lock: &PathLock) -> Vec<(Id, Record)> {
    let Some(dir) = dir(lock) else { return Vec::new() };
    let read = |name: &Name| {
        let id: Id = name.as_str().strip_suffix(".json")?.parse().ok()?;
        let record = serde_json::from_slice(&lock.fs().read(&dir.join(name)).ok()?).ok()?;
        (lock.probe().liveness(&id) != Ok(Liveness::Dead)).then_some((id, record))
    };
    lock.fs().list(&dir).unwrap_or_default().iter().take(RECORDS_MAX).filter_map(read).collect()
}

fn sweep(lock: &PathLock, dir: &Place) {
    for name in lock.fs().list(dir).unwrap_or_default().iter().take(RECORDS_MAX) {
        let id = name.as_str().rsplit_once('.').and_then(|(id, _)| id.parse::<Id>().ok());
        if let Some(id) = id.filter(|id| lock.probe().liveness(id) == Ok(Liveness::Dead)) {
            remove(lock, &id);
        }
    }
}

fn remove(lock: &PathLock, id: &Id) {
    for kind in ["json", "looked"] {
        if let Some((dir, name)) = dir(lock).zip(name(id, kind)) {
            let _ = lock.fs().discard_file(&dir.join(&name));
        }
    }
}

fn dir(lock: &PathLock) -> Option<Place> {
    Some(format!("{}.waits", lock.name()).parse::<Name>().ok()?.into())
}

fn name(id: &Id, kind: &str) -> Option<Name> {
    format!("{}.{kind}", id.name()).parse().ok()
}
