//! The modules of all specifications side by side in one folder, where the model checker finds each from each.
//!
//! A check works on a copy, so that modules can be added (what the code did) and altered (a broken twin).

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use crate::{
    calls,
    graph::StateGraph,
    tool::{And, Outcome, Tool, Verdict},
};

/// A copy of all modules.
#[derive(Debug)]
pub struct Modules {
    folder: TempDir,
}

impl Modules {
    /// Copies them.
    ///
    /// # Errors
    ///
    /// When that failed, or two have one name.
    pub fn gather() -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        for entry in fs::read_dir(root())? {
            let from = entry?.path();
            if !from.is_dir() {
                continue;
            }
            for entry in fs::read_dir(from)? {
                let file = entry?.path();
                let is_ours = file.extension().is_some_and(|kind| kind == "tla" || kind == "cfg");
                let (true, Some(name)) = (is_ours, file.file_name()) else { continue };
                let to = folder.path().join(name);
                if to.exists() {
                    return Err(io::Error::other(format!("two modules are called {}", name.display())));
                }
                fs::copy(&file, to)?;
            }
        }
        Ok(Self { folder })
    }

    /// Where the copies are.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Adds a file, or replaces one.
    ///
    /// # Errors
    ///
    /// When it could not be written.
    pub fn write(&self, file: &str, text: &str) -> io::Result<()> {
        fs::write(self.folder.path().join(file), text)
    }

    /// Replaces the one place in a file where `old` stands.
    ///
    /// # Errors
    ///
    /// When there is none or there are several, so that a twin that has come to be none is noticed.
    pub fn alter(&self, file: &str, old: &str, new: &str) -> io::Result<()> {
        let text = fs::read_to_string(self.folder.path().join(file))?;
        match text.matches(old).count() {
            1 => self.write(file, &text.replacen(old, new, 1)),
            count => Err(io::Error::other(format!("`{old}` stands {count} times in {file}"))),
        }
    }

    /// Checks a module, and whether it refines the specification that it has an instance of by this name.
    ///
    /// # Errors
    ///
    /// When the model checker could not be run.
    pub fn check(&self, tool: &Tool, module: &str, refines: Option<&str>) -> io::Result<Outcome> {
        self.speed_up()?;
        tool.check(self.folder.path(), module, refines.map_or(And::Nothing, And::Refines))
    }

    /// All states of a module and the steps between them.
    ///
    /// # Errors
    ///
    /// When the model checker could not be run, or did not come through all of them.
    pub fn graph(&self, tool: &Tool, module: &str) -> io::Result<StateGraph> {
        self.speed_up()?;
        let file = self.folder.path().join(format!("{module}.dot"));
        let outcome = tool.check(self.folder.path(), module, And::Writes(&file))?;
        if outcome.verdict != Verdict::Holds {
            return Err(io::Error::other(format!("{module}: {}", outcome.verdict)));
        }
        let graph = StateGraph::parse(&fs::read_to_string(&file)?).map_err(io::Error::other)?;
        if graph.states.len() as u64 != outcome.states {
            let (written, found) = (graph.states.len(), outcome.states);
            return Err(io::Error::other(format!("{module}: {written} states were written of {found}")));
        }
        Ok(graph)
    }

    /// Makes the copies those that are checked fastest.
    fn speed_up(&self) -> io::Result<()> {
        for entry in fs::read_dir(self.folder.path())? {
            let file = entry?.path();
            if file.extension().is_some_and(|kind| kind == "tla") {
                fs::write(&file, calls::left_uninlined(&fs::read_to_string(&file)?))?;
            }
        }
        Ok(())
    }
}

/// The folder that holds the specifications.
#[must_use]
pub fn root() -> PathBuf {
    env!("CARGO_MANIFEST_DIR").into()
}
