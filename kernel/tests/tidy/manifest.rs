//! The rules for a package's manifest: which package may depend on which.
//!
//! ```text
//! kernel <- sim <- cli;  kernel <- adapters/* <- cli;  all <- bench;  kernel, sim <- specs
//! ```

use super::Finding;

/// What the kernel may depend on beside itself: nothing that touches an operating system.
const KERNEL_MAY_USE: [&str; 1] = ["thiserror"];

/// What is wrong with a manifest of this `text`. Reads the tables line by line, as this workspace writes them.
pub(crate) fn findings(text: &str) -> Vec<Finding> {
    let (mut package, mut table) = ("", "");
    let (mut has_lints, mut findings) = (false, Vec::new());
    for (line, entry) in (1..).zip(text.lines()) {
        let entry = entry.split('#').next().unwrap_or_default().trim();
        if let Some(header) = entry.strip_prefix('[').and_then(|header| header.strip_suffix(']')) {
            table = header;
            let dependency = table.rsplit_once("dependencies.").map(|(_, name)| name);
            findings
                .extend(dependency.and_then(|name| refusal(package, name, table)).map(|what| Finding::new(line, what)));
            continue;
        }
        let (key, value) = entry.split_once('=').map_or((entry, ""), |(key, value)| (key.trim(), value.trim()));
        match table {
            "package" if key == "name" => package = value.trim_matches('"'),
            "lints" if key == "workspace" => has_lints = value == "true",
            table if table.ends_with("dependencies") && !key.is_empty() => {
                let name = key.split('.').next().unwrap_or_default();
                findings.extend(refusal(package, name, table).map(|what| Finding::new(line, what)));
            }
            _ => {}
        }
    }
    if !has_lints {
        findings.push(Finding::new(1, "the workspace's lints are not taken over"));
    }
    findings
}

/// Why `package` may not depend on `name`, if so. What only its tests need does not bind those who use the kernel.
fn refusal(package: &str, name: &str, table: &str) -> Option<String> {
    let is_ours = name == "lockwright" || name.starts_with("lockwright-");
    let allowed = match package {
        "lockwright-kernel" if !is_ours => table.starts_with("dev-") || KERNEL_MAY_USE.contains(&name),
        _ if !is_ours => true,
        "lockwright-kernel" => false,
        "lockwright-bench" => true,
        "lockwright" => !["lockwright-bench", "lockwright-specs"].contains(&name),
        "lockwright-specs" => ["lockwright-kernel", "lockwright-sim"].contains(&name),
        // For its own tests a package may switch on features of itself.
        _ => name == "lockwright-kernel" || (name == package && table.starts_with("dev-")),
    };
    (!allowed).then(|| format!("`{package}` may not depend on `{name}`"))
}

#[cfg(test)]
fn manifest(package: &str, dependencies: &str) -> String {
    format!("[package]\nname = \"{package}\"\n\n{dependencies}\n[lints]\nworkspace = true\n")
}

#[test]
fn each_allowed_arrow_is_let_through() {
    for (package, name) in [
        ("lockwright-kernel", "thiserror"),
        ("lockwright-sim", "lockwright-kernel"),
        ("lockwright-posix", "lockwright-kernel"),
        ("lockwright-posix", "nix"),
        ("lockwright", "lockwright-sim"),
        ("lockwright", "lockwright-posix"),
        ("lockwright-bench", "lockwright"),
        ("lockwright-bench", "lockwright-sim"),
        ("lockwright-specs", "lockwright-sim"),
    ] {
        let text = manifest(package, &format!("[dependencies]\n{name}.workspace = true\n"));
        assert_eq!(findings(&text), [], "{package} on {name}");
    }
    for (package, name) in [("lockwright-kernel", "proptest"), ("lockwright-nfs", "lockwright-nfs")] {
        let text = manifest(package, &format!("[dev-dependencies]\n{name}.workspace = true\n"));
        assert_eq!(findings(&text), [], "{package} on {name}");
    }
}

#[test]
fn each_other_arrow_is_found_at_its_line() {
    for (package, name) in [
        ("lockwright-kernel", "nix"),
        ("lockwright-kernel", "lockwright-sim"),
        ("lockwright-sim", "lockwright-posix"),
        ("lockwright-sim", "lockwright"),
        ("lockwright-posix", "lockwright-sim"),
        ("lockwright-nfs", "lockwright-posix"),
        ("lockwright-nfs", "lockwright-nfs"),
        ("lockwright", "lockwright-bench"),
        ("lockwright", "lockwright-specs"),
        ("lockwright-specs", "lockwright-posix"),
    ] {
        let what = format!("`{package}` may not depend on `{name}`");
        for dependency in [
            format!("[dependencies]\n{name}.workspace = true\n"),
            format!("[dependencies]\n{name} = {{ path = \"x\" }} # a comment\n"),
            format!("[target.'cfg(unix)'.dependencies]\n{name} = \"1\"\n"),
            format!("[build-dependencies]\n{name} = \"1\"\n"),
            format!("\n[dependencies.{name}]\nversion = \"1\"\n"),
        ] {
            let found = findings(&manifest(package, &dependency));
            assert_eq!(found, [Finding::new(5, what.clone())], "{dependency}");
        }
    }
    let ours = manifest("lockwright-kernel", "[dev-dependencies]\nlockwright-sim.workspace = true\n");
    assert_eq!(findings(&ours).len(), 1, "not for tests either");
}

#[test]
fn a_package_without_the_lints_of_the_workspace_is_found() {
    let text = "[package]\nname = \"lockwright-sim\"\n\n[lints]\n";
    assert_eq!(findings(text), [Finding::new(1, "the workspace's lints are not taken over")]);
}
