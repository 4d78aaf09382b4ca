//! The scripts' names in a directory of their own, and processes to make ids of.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use crate::programs;

/// A directory with the scripts in `bin`, as `lockwright lockers install` lays them out.
pub(crate) struct Names {
    dir: tempfile::TempDir,
}

/// What a script did: its exit code and what it printed.
pub(crate) type Did = (i32, String);

impl Names {
    pub(crate) fn new() -> Self {
        let names = Self { dir: tempfile::tempdir().expect("a directory for the test") };
        let mut command = Command::new(env!("CARGO_BIN_EXE_lockwright"));
        let status = command.args(["lockers", "install"]).arg(names.path().join("bin")).status();
        assert!(status.expect("it was built for this test").success());
        names
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Where the script is.
    pub(crate) fn script(&self, name: &str) -> PathBuf {
        let bin = self.path().join("bin");
        let in_lib = bin.join("lib").join(name);
        if in_lib.exists() { in_lib } else { bin.join(name) }
    }

    /// The script, to be run in the directory, with `bin` as the first place where commands are looked for.
    pub(crate) fn command<A: AsRef<OsStr>>(&self, name: &str, args: impl IntoIterator<Item = A>) -> Command {
        let mut command = Command::new(self.script(name));
        let path = format!("{}:{}", self.path().join("bin").display(), std::env::var("PATH").unwrap_or_default());
        command.args(args).current_dir(self.path()).env("PATH", path).stdin(Stdio::null());
        command
    }

    pub(crate) fn output<A: AsRef<OsStr>>(&self, name: &str, args: impl IntoIterator<Item = A>) -> Output {
        self.command(name, args).output().expect("it was built for this test")
    }

    pub(crate) fn run<A: AsRef<OsStr>>(&self, name: &str, args: impl IntoIterator<Item = A>) -> Did {
        did(&self.output(name, args))
    }

    /// The names in a directory, sorted; none where there is no directory.
    pub(crate) fn entries(&self, dir: &str) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.path().join(dir)) else { return Vec::new() };
        let mut names: Vec<_> =
            entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// Writes a shell script that can be executed.
    pub(crate) fn write_script(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        programs::write(&path, text);
        path
    }
}

pub(crate) fn did(output: &Output) -> Did {
    let code = output.status.code().expect("no signal ended it");
    (code, String::from_utf8(output.stdout.clone()).expect("UTF-8"))
}

/// A process to make ids of. It is killed, and waited for, when this is dropped.
pub(crate) struct Sleeper(Child);

impl Sleeper {
    pub(crate) fn start() -> Self {
        Self(Command::new("sleep").arg("600").stdin(Stdio::null()).spawn().expect("a process"))
    }

    pub(crate) fn pid(&self) -> String {
        self.0.id().to_string()
    }

    /// Ends it by SIGKILL. Whoever looks afterwards finds it gone.
    pub(crate) fn kill(&mut self) {
        self.0.kill().expect("a child");
        self.0.wait().expect("a child");
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
