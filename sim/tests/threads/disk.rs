//! The disk under the threads: the kernel's exact file system, and what calls that are under way hold of it.

use lockwright_kernel::{
    fs::{
        Fs, FsError, MemFs,
        call::{Answer, Call, Value},
    },
    path::Path,
};

/// A file system, and for each client the directories or the file that its present call has come to.
#[derive(Debug)]
pub(crate) struct Disk {
    fs: MemFs,
    /// They follow what they lead to, as open files and directories do; `None` when that is no more.
    held: Vec<[Option<Path>; 2]>,
}

impl Disk {
    pub(crate) fn new(clients: usize) -> Self {
        Self { fs: MemFs::new(), held: vec![[None, None]; clients] }
    }

    /// All that the future depends on.
    pub(crate) fn state(&self) -> impl std::hash::Hash + use<> {
        (self.fs.entries(), self.held.clone())
    }

    pub(crate) fn has(&self, path: &Path) -> bool {
        self.fs.exists(path) == Ok(true)
    }

    /// The tree, on one line; nothing when it is empty.
    pub(crate) fn spell(&self) -> String {
        self.fs.to_string().trim_end().replace('\n', ", ")
    }

    fn make(&mut self, call: &Call) -> Answer {
        let effect = call.effect();
        let answer = effect.on(&self.fs);
        if answer.is_ok() {
            self.follow(&effect);
        }
        as_asked(call, answer)
    }

    /// Walks to the directories of a call, or opens the one to be listed. An answer ends the call here.
    pub(crate) fn walk(&mut self, client: usize, call: &Call) -> Option<Answer> {
        let places = places(call);
        let is_dir = |dir: &Path| self.fs.list(dir).is_ok();
        if !places.iter().flatten().all(is_dir) {
            return Some(self.make(call));
        }
        self.held[client] = places;
        None
    }

    /// Lets a call take effect in the directories that it walked to, wherever they are by now.
    pub(crate) fn make_held(&mut self, client: usize, call: &Call) -> Answer {
        let held = std::mem::take(&mut self.held[client]);
        let wanted = places(call).iter().flatten().count();
        if held.iter().flatten().count() == wanted {
            return self.make_named(client, &moved(call, held));
        }
        match call.effect() {
            Call::List(_) => Ok(Value::Names(Vec::new())), // An open directory that was removed is empty.
            _ => as_asked(call, Err(FsError::NotFound)),
        }
    }

    /// Makes a call in one step, but for the contents of a file: the client holds that from then on.
    pub(crate) fn make_named(&mut self, client: usize, call: &Call) -> Answer {
        let Call::CreateFile(file, contents) = call else { return self.make(call) };
        let made = self.make(&Call::CreateFile(file.clone(), Vec::new()));
        if made.is_ok() && !contents.is_empty() {
            self.held[client] = [Some(file.clone()), None];
        }
        made
    }

    /// Writes into the file that the client holds, wherever that is by now.
    pub(crate) fn write(&mut self, client: usize, contents: &[u8]) {
        if let [Some(file), _] = std::mem::take(&mut self.held[client]) {
            let written = self.fs.remove_file(&file).and_then(|()| self.fs.create_file(&file, contents));
            assert_eq!(written, Ok(()), "{file} is held");
        }
    }

    /// Forgets what a process held that was killed.
    pub(crate) fn drop_held(&mut self, client: usize) {
        self.held[client] = [None, None];
    }

    fn follow(&mut self, effect: &Call) {
        for held in self.held.iter_mut().flatten() {
            let Some(path) = held else { continue };
            match effect {
                Call::RemoveFile(gone) | Call::RemoveDir(gone) if path == gone => *held = None,
                Call::Rename(from, to) if from == to => {}
                Call::Rename(_, to) if path == to => *held = None,
                Call::Rename(from, to) => {
                    if let Some(moved) = path.rebase(from, to) {
                        *path = moved;
                    }
                }
                _ => {}
            }
        }
    }
}

/// The answer that the caller of `call` gets, of all that its effect answered.
fn as_asked(call: &Call, answer: Answer) -> Answer {
    match (call, answer) {
        (Call::Exists(_), Ok(_)) => Ok(Value::Truth(true)),
        (Call::Exists(_), Err(FsError::NotFound)) => Ok(Value::Truth(false)),
        (Call::EnsureDir(_), Err(FsError::AlreadyExists))
        | (Call::DiscardFile(_) | Call::DiscardDir(_) | Call::PutAside(..), _) => Ok(Value::Done),
        (_, answer) => answer,
    }
}

/// The directories that a call walks to before it takes effect; of a listing, the one that it lists.
fn places(call: &Call) -> [Option<Path>; 2] {
    let dir = |path: &Path| path.split_last().map(|(dir, _)| dir);
    match call.effect() {
        Call::List(path) => [Some(path), None],
        Call::Rename(from, to) => [dir(&from), dir(&to)],
        Call::CreateDir(path)
        | Call::CreateFile(path, _)
        | Call::RemoveFile(path)
        | Call::RemoveDir(path)
        | Call::Read(path)
        | Call::Touch(path)
        | Call::Modified(path) => [dir(&path), None],
        other => unreachable!("{other:?} is no effect"),
    }
}

/// The same call, from where its directories are by now.
fn moved(call: &Call, held: [Option<Path>; 2]) -> Call {
    let [first, second] = held;
    let at = |dir: Option<Path>, path: Path| match (dir, path.split_last()) {
        (Some(dir), Some((_, name))) => dir.join(name),
        _ => path,
    };
    match call.clone() {
        Call::List(path) => Call::List(first.unwrap_or(path)),
        Call::Any(path) => Call::Any(first.unwrap_or(path)),
        Call::Rename(from, to) => Call::Rename(at(first, from), at(second, to)),
        Call::PutAside(from, to) => Call::PutAside(at(first, from), at(second, to)),
        Call::CreateDir(path) => Call::CreateDir(at(first, path)),
        Call::EnsureDir(path) => Call::EnsureDir(at(first, path)),
        Call::CreateFile(path, contents) => Call::CreateFile(at(first, path), contents),
        Call::RemoveFile(path) => Call::RemoveFile(at(first, path)),
        Call::DiscardFile(path) => Call::DiscardFile(at(first, path)),
        Call::RemoveDir(path) => Call::RemoveDir(at(first, path)),
        Call::DiscardDir(path) => Call::DiscardDir(at(first, path)),
        Call::Read(path) => Call::Read(at(first, path)),
        Call::Touch(path) => Call::Touch(at(first, path)),
        Call::Modified(path) => Call::Modified(at(first, path)),
        Call::Exists(path) => Call::Exists(at(first, path)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Path {
        text.parse().expect("a path")
    }

    fn disk(dirs: &[&str]) -> Disk {
        let mut disk = Disk::new(2);
        for dir in dirs {
            disk.make(&Call::CreateDir(path(dir))).expect("nothing is in the way");
        }
        disk
    }

    #[test]
    fn a_call_follows_the_directory_that_it_walked_to() {
        let mut disk = disk(&["a", "a/x"]);
        let call = Call::RemoveDir(path("a/x"));
        assert_eq!(disk.walk(0, &call), None);
        disk.make(&Call::Rename(path("a"), path("b"))).unwrap();
        assert_eq!(disk.make_held(0, &call), Ok(Value::Done));
        assert_eq!(disk.spell(), "b/");
    }

    #[test]
    fn a_call_into_a_directory_that_is_gone_finds_nothing() {
        for gone in [Call::RemoveDir(path("a")), Call::Rename(path("b"), path("a"))] {
            let mut disk = disk(&["a", "b"]);
            let call = Call::CreateDir(path("a/x"));
            assert_eq!(disk.walk(0, &call), None);
            disk.make(&gone).unwrap();
            assert_eq!(disk.make_held(0, &call), Err(FsError::NotFound), "{gone}");
        }
        let mut disk = disk(&["a"]);
        assert_eq!(disk.walk(0, &Call::List(path("a"))), None);
        disk.make(&Call::RemoveDir(path("a"))).unwrap();
        assert_eq!(disk.make_held(0, &Call::List(path("a"))), Ok(Value::Names(Vec::new())));
    }

    #[test]
    fn a_call_whose_walk_fails_ends_there() {
        let mut disk = disk(&[]);
        let answers = [Call::CreateDir(path("a/x")), Call::DiscardDir(path("a/x")), Call::Exists(path("a/x"))];
        let answers = answers.map(|call| disk.walk(0, &call));
        assert_eq!(answers, [Err(FsError::NotFound), Ok(Value::Done), Ok(Value::Truth(false))].map(Some));
    }

    #[test]
    fn contents_come_after_the_name_and_go_where_the_file_went() {
        let mut disk = disk(&[]);
        let call = Call::CreateFile(path("lock"), b"1".to_vec());
        disk.make_named(0, &call).unwrap();
        assert_eq!(disk.spell(), "lock");
        disk.make(&Call::Rename(path("lock"), path("aside"))).unwrap();
        disk.write(0, b"1");
        assert_eq!(disk.spell(), "aside \"1\"");
        disk.make_named(0, &call).unwrap();
        disk.make(&Call::RemoveFile(path("lock"))).unwrap();
        disk.make_named(1, &call).unwrap();
        disk.write(0, b"1");
        assert_eq!(disk.spell(), "aside \"1\", lock", "what was removed takes its contents along");
    }
}
