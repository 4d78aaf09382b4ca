//! `lockwright lockers install DIR`: the scripts' names, as links to this binary.

use std::{path::Path, process::ExitCode};

use super::SCRIPTS;
use crate::{exit::Failure, links};

/// Makes the links, or lets those stand that there are. What is no link of ours is not touched, and nothing is made then.
pub(crate) fn install(dir: &Path) -> Result<ExitCode, Failure> {
    let lib = dir.join("lib");
    let links = SCRIPTS.iter().map(|script| {
        let dir = if script.in_lib { &lib } else { dir };
        dir.join(format!("{}.sh", script.name))
    });
    links::make(&[dir, &lib], &links.collect::<Vec<_>>())
}
