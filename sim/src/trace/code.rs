//! Which code a trace was made by.

#[cfg(test)]
mod sources;

use std::{fmt, num::ParseIntError, str::FromStr};

/// A hash over the sources of the kernel and of this crate, made when they were built.
///
/// Code with another hash may still do the same; that is for a replay to find out.
///
/// ```
/// use lockwright_sim::Code;
///
/// assert_eq!(Code::CURRENT.to_string().parse(), Ok(Code::CURRENT));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Code(u64);

impl Code {
    /// The code that runs here.
    pub const CURRENT: Self = match u64::from_str_radix(env!("LOCKWRIGHT_CODE"), 16) {
        Ok(hash) => Self(hash),
        Err(_) => panic!("the build script writes it in hexadecimal"),
    };

    /// The first half, for a token that has to be short.
    #[must_use]
    pub const fn short(self) -> ShortCode {
        ShortCode((self.0 >> 32) as u32)
    }
}

/// As 16 hexadecimal digits.
impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for Code {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        u64::from_str_radix(text, 16).map(Self)
    }
}

/// The first half of a [`Code`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ShortCode(u32);

/// As 8 hexadecimal digits, those that the whole begins with.
impl fmt::Display for ShortCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

impl FromStr for ShortCode {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        u32::from_str_radix(text, 16).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    #[test]
    fn the_current_code_is_that_of_the_sources_that_stand_here() {
        let home = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert_eq!(Code(sources::hash(home).unwrap()), Code::CURRENT);
    }

    #[test]
    fn another_name_or_another_byte_is_other_code_and_another_place_is_not() {
        let hash = |files: &[(&str, &str)]| {
            let home = tempfile::tempdir().unwrap();
            let sim = home.path().join("sim");
            for folder in ["kernel/src/fs", "sim/src"] {
                fs::create_dir_all(home.path().join(folder)).unwrap();
            }
            for (file, contents) in files {
                fs::write(home.path().join(file), contents).unwrap();
            }
            sources::hash(&sim).unwrap()
        };
        let (deep, lib) = ("kernel/src/fs/mem.rs", "sim/src/lib.rs");
        let same = hash(&[(deep, "ab"), (lib, "c")]);
        assert_eq!(hash(&[(lib, "c"), (deep, "ab")]), same);
        assert_eq!(hash(&[(lib, "c"), (deep, "ab"), ("sim/src/notes.txt", "d")]), same);
        let many = ["sim/src/a.rs", "sim/src/b.rs", "sim/src/c.rs"].map(|file| (file, file));
        assert_eq!(hash(&many), hash(&[many[2], many[0], many[1]]), "the order in which they were made does not count");
        for other in [
            hash(&[(deep, "ab"), (lib, "d")]),
            hash(&[(deep, "aB"), (lib, "c")]),
            hash(&[(deep, "a"), (lib, "bc")]),
            hash(&[(deep, "absrc/lib.rsc")]),
            hash(&[(deep, "ab"), ("sim/src/lab.rs", "c")]),
            hash(&[(deep, "ab"), (lib, "c"), ("kernel/src/lib.rs", "")]),
        ] {
            assert_ne!(other, same);
        }
    }

    #[test]
    fn the_short_code_is_how_the_whole_begins() {
        let code: Code = "00ab12cd00000001".parse().unwrap();
        assert_eq!(code.to_string(), "00ab12cd00000001");
        assert_eq!(code.short().to_string(), "00ab12cd");
        assert_eq!("00ab12cd".parse(), Ok(code.short()));
        assert!("none".parse::<Code>().is_err());
    }
}
