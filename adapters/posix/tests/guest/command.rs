//! The command, in one file that needs no library: it tells how a mount was made, and refuses one whose options break locks,
//! or that is no world in which the kind was checked.

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
    let fit = Mounts::with(version, ",lookupcache=none");
    let [here, fit] = [mounts.dirs()[0], fit.dirs()[0]];
    match version {
        // It remembers by stamps that move in steps; and one that does not is as checked for the fast lock alone.
        Version::Three => {
            assert!(refusal(here).contains("`lookupcache=none`"), "{version}: {}", refusal(here));
            let output = run(fit, &["--kind", "queue"]);
            assert!(output.0 == Some(REFUSED) && output.1.is_empty(), "{version}: {output:?}");
        }
        Version::FourTwo => {
            for kind in ["fast", "bid", "queue", "rw-read", "rw-write", "sem=2", "fair-sem=2"] {
                let output = run(here, &["--kind", kind]);
                assert!(output.0 == Some(0) && output.1 == "ran\n", "{version} {kind}: {output:?}");
            }
        }
    }
    for (dir, options) in [(fit, &[][..]), (mounts.dirs()[1], &["--unverified"])] {
        let output = run(dir, options);
        assert!(output.0 == Some(0) && output.1 == "ran\n", "{version} {options:?}: {output:?}");
    }
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
    // A lock of each kind, since some leave their directory.
    let lock = dir.join(format!("command-{}.lock", options.last().unwrap_or(&"fast")));
    let output = Command::new("lockwright").arg("run").args(options).arg(lock).args(["echo", "ran"]).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}
