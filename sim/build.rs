//! Works out which code this is: a hash over the sources that decide what a run does, for traces to name.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

const SOURCES: [&str; 2] = ["../kernel/src", "src"];

fn main() -> io::Result<()> {
    let mut files = Vec::new();
    for folder in SOURCES {
        println!("cargo::rerun-if-changed={folder}");
        collect(Path::new(folder), &mut files)?;
    }
    files.sort();
    let mut hash = FNV_BASIS;
    for file in files {
        let contents = fs::read(&file)?;
        hash = fnv(hash, file.to_string_lossy().replace('\\', "/").as_bytes());
        hash = fnv(hash, &(contents.len() as u64).to_le_bytes());
        hash = fnv(hash, &contents);
    }
    println!("cargo::rustc-env=LOCKWRIGHT_CODE={hash:016x}");
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
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
