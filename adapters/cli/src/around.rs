//! The locks that are held around a process: how a command is told of them, and reads them.
//!
//! An id is never used twice, so one that is listed and has been given back since does no harm.

use std::path::{Path, PathBuf};

use lockwright_kernel::id::Id;

/// The ids of the locks held around a command, outermost first, parted by spaces.
const HELD: &str = "LOCKWRIGHT_HELD";

/// Where these locks are: absolute paths in the same order, parted by colons. One that a colon or a control character is in is
/// left empty.
const HELD_AT: &str = "LOCKWRIGHT_HELD_AT";

/// Locks that are held around a process, the outermost first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Around(Vec<(Id, Option<PathBuf>)>);

impl Around {
    /// Those around this process.
    pub(crate) fn this_process() -> Self {
        let Ok(held) = std::env::var(HELD) else { return Self::default() };
        Self::read(&held, &std::env::var(HELD_AT).unwrap_or_default())
    }

    fn read(held: &str, at: &str) -> Self {
        let mut paths = at.split(':').map(|path| Some(PathBuf::from(path)).filter(|path| path.is_absolute()));
        let ids = held.split(' ').filter(|id| !id.is_empty());
        // What is no id has a place in both lists all the same.
        let with_paths = ids.map(|id| (id.parse::<Id>(), paths.next().flatten()));
        Self(with_paths.filter_map(|(id, path)| Some((id.ok()?, path))).collect())
    }

    /// Adds one, as the innermost.
    pub(crate) fn push(&mut self, id: &Id, path: &Path) {
        self.0.push((id.clone(), Some(path.to_owned())));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `id` is one of those under which they are held.
    pub(crate) fn contains(&self, id: &Id) -> bool {
        self.0.iter().any(|(held, _)| held == id)
    }

    /// The ids of those of which it is known where they are, with that.
    pub(crate) fn known(&self) -> impl Iterator<Item = (&Id, &Path)> {
        self.0.iter().filter_map(|(id, path)| Some((id, path.as_deref()?)))
    }

    /// The variables of the environment that tell a command of them, each in a line.
    pub(crate) fn lines(&self) -> String {
        let ids: Vec<&str> = self.0.iter().map(|(id, _)| id.name().as_str()).collect();
        let can_be_told = |path: &&str| !path.contains(|c: char| c == ':' || c.is_control());
        let path = |path: &Option<PathBuf>| path.as_ref()?.to_str().filter(can_be_told).map(str::to_owned);
        let paths: Vec<String> = self.0.iter().map(|(_, at)| path(at).unwrap_or_default()).collect();
        format!("{HELD}={}\n{HELD_AT}={}\n", ids.join(" "), paths.join(":"))
    }
}

/// Whether a process with that environment, as `/proc` shows it, was told that a lock is held as `id` around it.
pub(crate) fn tells_of(environment: &[u8], id: &Id) -> bool {
    let mut variables = environment.split(|byte| *byte == 0);
    let held = variables.find_map(|variable| variable.strip_prefix(HELD.as_bytes())?.strip_prefix(b"="));
    held.is_some_and(|held| held.split(|byte| *byte == b' ').any(|held| held == id.name().as_str().as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_command_is_told_it_reads_back() {
        let mut around = Around::default();
        for (id, path) in [("a", "/x"), ("b", "/y:z"), ("c", "/two\nlines"), ("d", "/z z")] {
            around.push(&id.parse().expect("a name"), Path::new(path));
        }
        let lines = around.lines();
        assert_eq!(lines, "LOCKWRIGHT_HELD=a b c d\nLOCKWRIGHT_HELD_AT=/x:::/z z\n");
        let [held, at] = lines.lines().map(|line| line.split_once('=').expect("a variable").1).collect::<Vec<_>>()[..]
        else {
            panic!("two lines");
        };
        let read = Around::read(held, at);
        let known: Vec<(&str, &Path)> = read.known().map(|(id, path)| (id.name().as_str(), path)).collect();
        assert_eq!(known, [("a", Path::new("/x")), ("d", Path::new("/z z"))]);
        assert!(read.contains(&"b".parse().expect("a name")));
    }

    #[test]
    fn an_environment_tells_of_whole_ids_in_one_variable() {
        let id: Id = "4:2".parse().expect("a name");
        for (environment, wanted) in [
            (&b"A=1\0LOCKWRIGHT_HELD=4:1 4:2\0B=2\0"[..], true),
            (b"LOCKWRIGHT_HELD=4:2", true),
            (b"LOCKWRIGHT_HELD=4:21 14:2\0", false),
            (b"LOCKWRIGHT_HELD_AT=4:2\0LOCKWRIGHT_ID=4:2\0", false),
            (b"", false),
        ] {
            assert_eq!(tells_of(environment, &id), wanted);
        }
    }

    #[test]
    fn what_is_no_list_is_read_as_far_as_it_goes() {
        assert!(Around::read("", "").is_empty());
        let read = Around::read("a .. b", "relative:/there:/b");
        assert_eq!(read.known().map(|(id, _)| id.name().as_str()).collect::<Vec<_>>(), ["b"]);
        assert_eq!(Around::read("a b", "").known().count(), 0);
    }
}
