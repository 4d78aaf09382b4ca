//! What no lint says of this workspace: a doc at the head of each file, files and functions of bounded length, names
//! that say something, and dependencies that point one way. Findings read `file:line: what`, which editors can open.

mod code;
mod manifest;
mod source;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// One line of a report: where, and what is wrong there.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    line: usize,
    what: String,
}

impl Finding {
    fn new(line: usize, what: impl Into<String>) -> Self {
        Self { line, what: what.into() }
    }

    fn in_file(&self, file: &str) -> String {
        format!("{file}:{}: {}", self.line, self.what)
    }
}

#[test]
fn every_source_file_is_tidy() -> io::Result<()> {
    let mut findings = Vec::new();
    let mut files = 0;
    for package in packages()? {
        for file in files_below(&package, "rs")? {
            let name = shown(&file);
            let found = source::findings(&name, &fs::read_to_string(&file)?);
            findings.extend(found.iter().map(|finding| finding.in_file(&name)));
            files += 1;
        }
    }
    assert!(files > 20, "only {files} files were found");
    assert!(findings.is_empty(), "\n{}", findings.join("\n"));
    Ok(())
}

#[test]
fn every_dependency_points_the_allowed_way() -> io::Result<()> {
    let mut findings = Vec::new();
    for package in packages()? {
        let file = package.join("Cargo.toml");
        let found = manifest::findings(&fs::read_to_string(&file)?);
        findings.extend(found.iter().map(|finding| finding.in_file(&shown(&file))));
    }
    assert!(findings.is_empty(), "\n{}", findings.join("\n"));
    Ok(())
}

#[test]
fn the_kernel_has_neither_std_nor_unsafe_code() -> io::Result<()> {
    let file = root().join("kernel/src/lib.rs");
    let findings = source::kernel_findings(&fs::read_to_string(&file)?);
    let findings: Vec<_> = findings.iter().map(|finding| finding.in_file(&shown(&file))).collect();
    assert!(findings.is_empty(), "\n{}", findings.join("\n"));
    Ok(())
}

/// The workspace, or what stands in its place where the kernel was taken out alone.
fn root() -> PathBuf {
    let kernel = Path::new(env!("CARGO_MANIFEST_DIR"));
    kernel.parent().unwrap_or(kernel).to_owned()
}

/// The folders of this workspace that hold a package.
fn packages() -> io::Result<Vec<PathBuf>> {
    let root = root();
    let mut found: Vec<_> = ["kernel", "sim", "bench", "specs"].iter().map(|name| root.join(name)).collect();
    if let Ok(adapters) = fs::read_dir(root.join("adapters")) {
        for entry in adapters {
            found.push(entry?.path());
        }
    }
    found.retain(|folder| folder.join("Cargo.toml").is_file());
    found.sort();
    Ok(found)
}

fn files_below(folder: &Path, extension: &str) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let (path, kind) = entry.and_then(|entry| Ok((entry.path(), entry.file_type()?)))?;
        if kind.is_dir() && path.file_name().is_none_or(|name| name != "target") {
            found.extend(files_below(&path, extension)?);
        } else if path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// As one types it from the workspace's root.
fn shown(file: &Path) -> String {
    file.strip_prefix(root()).unwrap_or(file).display().to_string()
}
