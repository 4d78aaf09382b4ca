//! The hash over the sources that decide what a run does. The build script makes it, and the tests look at it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Where they are, seen from this crate.
pub(crate) const FOLDERS: [&str; 2] = ["../kernel/src", "src"];

/// The same for the same names and contents, wherever the crate stands and whenever it was checked out.
pub(crate) fn hash(home: &Path) -> io::Result<u64> {
    let mut files = Vec::new();
    for folder in FOLDERS {
        collect(home, Path::new(folder), &mut files)?;
    }
    files.sort();
    let mut hash = FNV_BASIS;
    for file in files {
        let contents = fs::read(home.join(&file))?;
        hash = fnv(hash, file.to_string_lossy().replace('\\', "/").as_bytes());
        hash = fnv(hash, &(contents.len() as u64).to_le_bytes());
        hash = fnv(hash, &contents);
    }
    Ok(hash)
}

fn collect(home: &Path, folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(home.join(folder))? {
        let path = folder.join(entry?.file_name());
        if home.join(&path).is_dir() {
            collect(home, &path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(())
}

const FNV_BASIS: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a with 64 bits: short, and the same everywhere.
fn fnv(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
