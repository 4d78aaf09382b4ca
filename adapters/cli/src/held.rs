//! What `acquire` prints and `release` takes: `ID@PATH`, the id that a lock is held under and the absolute path of the
//! lock. An id holds no `/`, so the first `@/` parts the two.

use std::{
    ffi::{OsStr, OsString},
    os::unix::ffi::{OsStrExt, OsStringExt},
    path::{Path, PathBuf},
};

use lockwright_kernel::id::Id;

/// A lock that somebody was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) id: Id,
    /// Absolute; symbolic links stand in it as they were given.
    pub(crate) path: PathBuf,
}

impl Held {
    /// The id, and the path made absolute.
    ///
    /// # Errors
    ///
    /// Those of telling the working directory.
    pub(crate) fn new(id: Id, path: &Path) -> std::io::Result<Self> {
        let path = std::path::absolute(path)?;
        Ok(Self { id, path })
    }

    /// As it is printed.
    pub(crate) fn to_text(&self) -> OsString {
        let mut text = OsString::from(self.id.name().as_str());
        text.push("@");
        text.push(&self.path);
        text
    }

    /// Reads what [`Held::to_text`] gives.
    pub(crate) fn parse(text: &OsStr) -> Result<Self, String> {
        let bytes = text.as_bytes();
        let at = bytes.windows(2).position(|pair| pair == b"@/");
        let at = at.ok_or_else(|| "should be ID@PATH, as `acquire` prints it".to_owned())?;
        let id = std::str::from_utf8(&bytes[..at]).map_err(|_| "its id is not UTF-8".to_owned())?;
        let id = id.parse().map_err(|error| format!("its id is none: {error}"))?;
        Ok(Self { id, path: OsString::from_vec(bytes[at + 1..].to_vec()).into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_reads_back() {
        for (id, path) in [("4312:1:00:1:node7:1", "/a/b.lock"), ("a@b", "/x@/y"), ("batch", "/two\nlines/lock")] {
            let held = Held::new(id.parse().expect("a name"), Path::new(path)).expect("absolute");
            assert_eq!(Held::parse(&held.to_text()), Ok(held));
        }
        let strange = Held::new("a".parse().expect("a name"), Path::new(OsStr::from_bytes(b"/\xff/lock")));
        let strange = strange.expect("absolute");
        assert_eq!(Held::parse(&strange.to_text()), Ok(strange));
    }

    #[test]
    fn what_is_none_is_told() {
        for text in ["", "@", "@/", "@/lock", "a@b", "a/b@/lock", "..@/lock", "a"] {
            assert!(Held::parse(OsStr::new(text)).is_err(), "{text}");
        }
    }
}
