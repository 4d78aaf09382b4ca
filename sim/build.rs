//! Works out which code this is, for traces to name.

use std::{io, path::Path};

#[path = "src/trace/code/sources.rs"]
mod sources;

fn main() -> io::Result<()> {
    for folder in sources::FOLDERS {
        println!("cargo::rerun-if-changed={folder}");
    }
    println!("cargo::rustc-env=LOCKWRIGHT_CODE={:016x}", sources::hash(Path::new("."))?);
    Ok(())
}
