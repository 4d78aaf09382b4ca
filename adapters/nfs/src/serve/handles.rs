//! Which entry of a tree a handle stands for, wherever the entry has been moved.

use std::collections::BTreeMap;

use lockwright_kernel::path::Path;

/// The number of an entry, for as long as it stands, and never another's.
pub(super) type Number = u64;

/// The number of the root.
pub(super) const ROOT: Number = 1;

#[derive(Debug)]
pub(super) struct Handles {
    last: Number,
    paths: BTreeMap<Number, Path>,
    numbers: BTreeMap<Path, Number>,
}

impl Default for Handles {
    fn default() -> Self {
        let root = (ROOT, Path::root());
        Self { last: ROOT, paths: [root.clone()].into(), numbers: [(root.1, root.0)].into() }
    }
}

impl Handles {
    /// Where the entry is; `None` when it stands no longer.
    pub(super) fn path(&self, number: Number) -> Option<&Path> {
        self.paths.get(&number)
    }

    /// The number of the entry that stands at `path`.
    pub(super) fn number(&mut self, path: &Path) -> Number {
        if let Some(number) = self.numbers.get(path) {
            return *number;
        }
        self.last += 1;
        self.paths.insert(self.last, path.clone());
        self.numbers.insert(path.clone(), self.last);
        self.last
    }

    /// The entry at `path` was removed.
    pub(super) fn remove(&mut self, path: &Path) -> Option<Number> {
        let number = self.numbers.remove(path)?;
        self.paths.remove(&number);
        Some(number)
    }

    /// The entry at `from`, and all that it holds, was moved to `to`, over what stood there.
    pub(super) fn rename(&mut self, from: &Path, to: &Path) -> Option<Number> {
        if from == to {
            return None;
        }
        let replaced = self.remove(to);
        let moved: Vec<(Path, Path)> =
            (self.numbers.keys()).filter_map(|path| Some((path.clone(), path.rebase(from, to)?))).collect();
        for (old, new) in moved {
            if let Some(number) = self.numbers.remove(&old) {
                self.paths.insert(number, new.clone());
                self.numbers.insert(new, number);
            }
        }
        replaced
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_follows_its_entry() {
        let mut handles = Handles::default();
        let path = |text: &str| text.parse::<Path>().unwrap();
        let [dir, file, other] = ["a", "a/f", "b"].map(|text| handles.number(&path(text)));
        assert_eq!(handles.rename(&path("a"), &path("b")), Some(other));
        assert_eq!(handles.path(dir), Some(&path("b")));
        assert_eq!(handles.path(file), Some(&path("b/f")));
        assert_eq!(handles.path(other), None, "it was replaced");
        assert_eq!(handles.rename(&path("b"), &path("b")), None);
        assert_eq!(handles.remove(&path("b/f")), Some(file));
        assert_ne!(handles.number(&path("b/f")), file, "a new file under the name of an old one");
    }
}
