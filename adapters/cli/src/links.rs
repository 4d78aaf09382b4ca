//! Other names for this binary.
//!
//! They are symbolic links: they work across file systems, `ls -l` shows what they are, and when the binary is replaced by
//! a newer one, which puts another file in its place, they lead to that. The binary has to stay where it is.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::ExitCode,
};

use crate::exit::{CANNOT_CREATE, Failure};

/// Makes the links in `dirs`, which are made if they are missing, and lets those stand that there are. What is no link of
/// ours is not touched, and nothing is made then.
pub(crate) fn make(dirs: &[&Path], links: &[PathBuf]) -> Result<ExitCode, Failure> {
    let wrong = |path: &Path, error: io::Error| Failure::new(CANNOT_CREATE, format!("{}: {error}", path.display()));
    let binary = std::env::current_exe().map_err(|error| wrong(dirs[0], error))?;
    for link in links {
        match fs::read_link(link) {
            Ok(target) if target == binary => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            _ => {
                let line = format!("{}: something else stands there; move it away first", link.display());
                return Err(Failure::new(CANNOT_CREATE, line));
            }
        }
    }
    for dir in dirs {
        fs::create_dir_all(dir).map_err(|error| wrong(dir, error))?;
    }
    for link in links {
        if !link.is_symlink() {
            std::os::unix::fs::symlink(&binary, link).map_err(|error| wrong(link, error))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
