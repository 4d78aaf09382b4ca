//! The command, in one file that needs no library: it tells how a mount was made, and refuses one whose options break locks.

use std::{path::Path, process::Command};

use crate::mounts::{Mounts, Version};

/// The code of a refusal.
const REFUSED: i32 = 82;

/// Options beside those that the version needs, and a word of the reason for which that is refused.
const UNFIT: [(&str, &str); 4] =
    [(",soft", "`soft`"), (",softerr", "`soft`"), (",softreval", "`softreval`"), (",nocto", "`nocto`")];

pub(crate) fn refuses(mounts: &Mounts) -> String {
    let version = mounts.version();
    for (options, why) in UNFIT {
        let unfit = Mounts::with(version, options);
        assert!(refusal(unfit.dirs()[0]).contains(why), "{version}{options}: {}", refusal(unfit.dirs()[0]));
    }
    // Without any of these another reason is left with version 3 alone.
    let remembers = refusal(mounts.dirs()[0]).contains("`lookupcache=none`");
    assert_eq!(remembers, version == Version::Three, "{version}: {}", refusal(mounts.dirs()[0]));
    let exact = Mounts::with(version, ",lookupcache=none");
    assert!(!refusal(exact.dirs()[0]).contains("mount it"), "{version}: {}", refusal(exact.dirs()[0]));
    let output = run(mounts.dirs()[1], &["--unverified"]);
    assert!(output.0 == Some(0) && output.1 == "ran\n", "{version}: {output:?}");
    format!("{} options refused", UNFIT.len())
}

/// What is said of a lock in `dir`, which is not taken.
fn refusal(dir: &Path) -> String {
    let (code, told, complaint) = run(dir, &[]);
    assert!(code == Some(REFUSED) && told.is_empty(), "{code:?}: {told}{complaint}");
    complaint
}

/// The code, and what was said on either way.
fn run(dir: &Path, options: &[&str]) -> (Option<i32>, String, String) {
    let lock = dir.join("command.lock");
    let output = Command::new("lockwright").arg("run").args(options).arg(lock).args(["echo", "ran"]).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}
