//! `MemFs` against a second file system, written another way: random calls get the same answers from both.
//!
//! The second one is a flat map from path to entry and spells the rules out one by one; `MemFs` is a tree. A mistake
//! would have to be made twice, in two shapes, to go unnoticed.

use std::{cell::RefCell, collections::BTreeMap};

use lockwright_kernel::{
    clock::Timestamp,
    fs::{
        Entry, Fs, FsError, MemFs, Through,
        call::{Answer, Call, Value},
        contract::{contract, contract_two},
    },
    path::{Name, Path},
};
use proptest::{collection::vec, prelude::*};

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_calls_get_the_answers_of_the_flat_file_system(calls in vec(call(), 1..60)) {
        let (mem, flat) = (MemFs::new(), Flat::default());
        for (index, call) in calls.iter().enumerate() {
            let before = mem.to_string();
            let answer = without_stamps(call.on(&mem));
            prop_assert_eq!(answer, flat.answer(call), "call {}, {}, on\n{}", index, call, before);
            let entries: BTreeMap<Path, Entry> = mem.entries().into_iter().collect();
            prop_assert_eq!(&entries, &*flat.0.borrow(), "after {}, on\n{}", call, before);
        }
    }

    #[test]
    fn a_call_that_is_refused_changes_neither_tree_nor_stamps(calls in vec(call(), 1..60)) {
        let mem = MemFs::new();
        for call in &calls {
            let before = stamped(&mem);
            if call.on(&mem).is_err() {
                prop_assert_eq!(before, stamped(&mem), "{}", call);
            }
        }
    }

    #[test]
    fn a_change_renews_the_stamps_of_what_it_changed_and_of_nothing_else(calls in vec(call(), 1..60)) {
        let mem = MemFs::new();
        for call in &calls {
            let (before, tree) = (stamped(&mem), mem.to_string());
            let answer = call.on(&mem);
            let after = stamped(&mem);
            let touched = answer.is_ok() && matches!(call, Call::Touch(_));
            prop_assert_eq!(mem.to_string() != tree || touched, before != after, "{}", call);
            if before == after {
                continue;
            }
            for (path, stamp) in &after {
                // What a rename brought keeps its stamp, under its new name.
                let kept = before.get(&origin(call, path)) == Some(stamp);
                prop_assert_eq!(!kept, changed_by(call).contains(path), "{} after {}, on\n{}", path, call, tree);
            }
        }
    }
}

proptest! {
    // The contract is some thousand calls long.
    #![proptest_config(ProptestConfig { cases: 50, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_contract_holds_beside_whatever_stands_there(calls in vec(call(), 0..40)) {
        let mem = MemFs::new();
        let room: Path = "room".parse().expect("a path");
        for call in &calls {
            let _ = call.on(&mem);
        }
        prop_assert_eq!(mem.create_dir(&room), Ok(()));
        let before = mem.to_string();
        prop_assert_eq!(contract(&mem, &room), Ok(()));
        let by_another_handle = Through(|call: &Call| call.on(&mem));
        prop_assert_eq!(contract_two(&mem, &by_another_handle, &room), Ok(()));
        prop_assert_eq!(mem.to_string(), before);
    }
}

#[test]
fn a_clone_is_a_file_system_of_its_own() {
    let (mem, path): (_, Path) = (MemFs::new(), "a".parse().expect("a path"));
    let clone = mem.clone();
    assert_eq!(mem.create_dir(&path), Ok(()));
    assert_eq!(clone.exists(&path), Ok(false));
}

#[test]
fn time_goes_by_the_step_with_each_change_and_with_nothing_else() {
    let (mem, a, b): (_, Path, Path) = (MemFs::new(), "a".parse().expect("a path"), "b".parse().expect("a path"));
    assert_eq!(mem.create_dir(&a), Ok(()));
    for call in [
        Call::CreateDir(a.clone()),
        Call::CreateFile(a.clone(), Vec::new()),
        Call::RemoveFile(a.clone()),
        Call::RemoveDir(b.clone()),
        Call::Rename(b.clone(), a.clone()),
        Call::Rename(a.clone(), a.clone()),
        Call::Touch(b.clone()),
        Call::List(a.clone()),
    ] {
        let _ = call.on(&mem);
    }
    assert_eq!(mem.create_file(&b, b""), Ok(()));
    let stamps = [mem.modified(&a), mem.modified(&b)].map(|stamp| stamp.map(Timestamp::since_epoch));
    assert_eq!(stamps, [Ok(MemFs::STEP), Ok(MemFs::STEP * 2)]);
}

#[test]
fn the_root_stays_whatever_is_asked() {
    let (mem, root, a): (_, _, Path) = (MemFs::new(), Path::root(), "a".parse().expect("a path"));
    assert_eq!(mem.create_dir(&root), Err(FsError::AlreadyExists));
    assert_eq!(mem.create_file(&root, b""), Err(FsError::AlreadyExists));
    assert_eq!(mem.remove_file(&root), Err(FsError::IsADirectory));
    assert_eq!(mem.remove_dir(&root), Err(FsError::PermissionDenied));
    assert_eq!(mem.rename(&root, &a), Err(FsError::IntoItself));
    assert_eq!(mem.rename(&a, &root), Err(FsError::NotFound));
    assert_eq!(mem.create_dir(&a), Ok(()));
    assert_eq!(mem.rename(&a, &root), Err(FsError::NotEmpty));
    assert_eq!(mem.remove_dir(&root), Err(FsError::NotEmpty));
    assert_eq!(mem.read(&root), Err(FsError::IsADirectory));
    assert_eq!(mem.touch(&root), Ok(()));
    assert_eq!(mem.to_string(), "a/\n");
}

/// Paths of up to three names out of three, so that calls meet each other.
fn path() -> impl Strategy<Value = Path> {
    let name = prop::sample::select(vec!["a", "b", "c"]);
    vec(name, 1..=3).prop_map(|names| names.join("/").parse().expect("a path"))
}

/// Any call; most of them make or move something, for otherwise the tree stays small.
fn call() -> impl Strategy<Value = Call> {
    prop_oneof![
        4 => path().prop_map(Call::CreateDir),
        2 => (path(), vec(any::<u8>(), 0..3)).prop_map(|(path, contents)| Call::CreateFile(path, contents)),
        1 => path().prop_map(Call::RemoveFile),
        1 => path().prop_map(Call::RemoveDir),
        4 => (path(), path()).prop_map(|(from, to)| Call::Rename(from, to)),
        1 => path().prop_map(Call::List),
        1 => path().prop_map(Call::Read),
        1 => path().prop_map(Call::Touch),
        1 => path().prop_map(Call::Modified),
        1 => path().prop_map(Call::Exists),
        1 => path().prop_map(Call::EnsureDir),
        1 => path().prop_map(Call::DiscardFile),
        1 => path().prop_map(Call::DiscardDir),
        1 => (path(), path()).prop_map(|(from, to)| Call::PutAside(from, to)),
    ]
}

fn without_stamps(answer: Answer) -> Answer {
    answer.map(|value| if matches!(value, Value::Stamp(_)) { Value::Done } else { value })
}

/// The stamps of the root and of every entry.
fn stamped(mem: &MemFs) -> BTreeMap<Path, String> {
    let entries = mem.entries().into_iter().map(|(path, _)| path);
    [Path::root()].into_iter().chain(entries).map(|path| (path.clone(), format!("{:?}", mem.modified(&path)))).collect()
}

/// What has a new stamp after `call` changed something, where it stands.
fn changed_by(call: &Call) -> Vec<Path> {
    match call.effect() {
        Call::CreateDir(path) | Call::CreateFile(path, _) => vec![parent(&path), path],
        Call::RemoveFile(path) | Call::RemoveDir(path) => vec![parent(&path)],
        Call::Rename(from, to) => vec![parent(&from), parent(&to)],
        Call::Touch(path) => vec![path],
        _ => vec![],
    }
}

/// Where the entry now at `path` stood before `call`.
fn origin(call: &Call, path: &Path) -> Path {
    match call.effect() {
        Call::Rename(from, to) => path.rebase(&to, &from).unwrap_or_else(|| path.clone()),
        _ => path.clone(),
    }
}

fn parent(path: &Path) -> Path {
    path.split_last().map_or_else(Path::root, |(dir, _)| dir)
}

/// A file system as a flat map. It knows no stamps.
#[derive(Default)]
struct Flat(RefCell<BTreeMap<Path, Entry>>);

impl Flat {
    fn answer(&self, call: &Call) -> Answer {
        let answer = self.effect(&call.effect());
        match (call, answer) {
            (Call::Exists(_), Ok(_)) => Ok(Value::Truth(true)),
            (Call::Exists(_), Err(FsError::NotFound)) => Ok(Value::Truth(false)),
            (Call::EnsureDir(_), Err(FsError::AlreadyExists))
            | (Call::DiscardFile(_) | Call::DiscardDir(_) | Call::PutAside(..), _) => Ok(Value::Done),
            (_, answer) => answer,
        }
    }

    fn effect(&self, call: &Call) -> Answer {
        match call {
            Call::CreateDir(path) => self.create(path, Entry::Dir),
            Call::CreateFile(path, contents) => self.create(path, Entry::File(contents.clone())),
            Call::RemoveFile(path) => match self.entry(path)? {
                Entry::Dir => Err(FsError::IsADirectory),
                Entry::File(_) => Ok(self.remove(path)),
            },
            Call::RemoveDir(path) => match self.entry(path)? {
                Entry::File(_) => Err(FsError::NotADirectory),
                Entry::Dir if self.below(path) > 0 => Err(FsError::NotEmpty),
                Entry::Dir => Ok(self.remove(path)),
            },
            Call::Rename(from, to) => self.rename(from, to),
            Call::List(path) => match self.entry(path)? {
                Entry::File(_) => Err(FsError::NotADirectory),
                Entry::Dir => Ok(Value::Names(self.names(path))),
            },
            Call::Read(path) => match self.entry(path)? {
                Entry::Dir => Err(FsError::IsADirectory),
                Entry::File(contents) => Ok(Value::Contents(contents)),
            },
            Call::Touch(path) | Call::Modified(path) => self.entry(path).map(|_| Value::Done),
            _ => unreachable!("an effect"),
        }
    }

    fn create(&self, path: &Path, entry: Entry) -> Answer {
        match self.entry(path) {
            Ok(_) => Err(FsError::AlreadyExists),
            Err(FsError::NotFound) => {
                self.way(path)?;
                self.0.borrow_mut().insert(path.clone(), entry);
                Ok(Value::Done)
            }
            Err(error) => Err(error),
        }
    }

    fn remove(&self, path: &Path) -> Value {
        self.0.borrow_mut().remove(path);
        Value::Done
    }

    fn rename(&self, from: &Path, to: &Path) -> Answer {
        self.way(from)?;
        self.way(to)?;
        let source = self.entry(from)?;
        match self.entry(to) {
            _ if from == to => return Ok(Value::Done),
            _ if to.starts_with(from) => return Err(FsError::IntoItself),
            _ if from.starts_with(to) => return Err(FsError::NotEmpty),
            Ok(Entry::Dir) if source != Entry::Dir => return Err(FsError::IsADirectory),
            Ok(Entry::File(_)) if source == Entry::Dir => return Err(FsError::NotADirectory),
            Ok(Entry::Dir) if self.below(to) > 0 => return Err(FsError::NotEmpty),
            _ => {}
        }
        let all = self.0.take();
        let moved = all.into_iter().filter(|(path, _)| path != to);
        let moved = moved.map(|(path, entry)| (path.rebase(from, to).unwrap_or(path), entry));
        self.0.replace(moved.collect());
        Ok(Value::Done)
    }

    /// Every directory on the way to `path` is there.
    fn way(&self, path: &Path) -> Result<(), FsError> {
        (1..path.names().len()).try_for_each(|length| {
            let dir: Path = path.names()[..length].iter().cloned().collect();
            match self.0.borrow().get(&dir) {
                None => Err(FsError::NotFound),
                Some(Entry::Dir) => Ok(()),
                Some(Entry::File(_)) => Err(FsError::NotADirectory),
            }
        })
    }

    fn entry(&self, path: &Path) -> Result<Entry, FsError> {
        self.way(path)?;
        self.0.borrow().get(path).cloned().ok_or(FsError::NotFound)
    }

    fn below(&self, dir: &Path) -> usize {
        self.names(dir).len()
    }

    fn names(&self, dir: &Path) -> Vec<Name> {
        let all = self.0.borrow();
        let own = all.keys().filter_map(|path| path.split_last().filter(|(parent, _)| parent == dir));
        own.map(|(_, name)| name.clone()).collect()
    }
}
