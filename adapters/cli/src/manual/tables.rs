//! The exit codes and the environment, in one place: for the manual page, and for the README, which a test compares.

/// Each exit code, and what it says, by command where they differ.
pub(super) const EXIT_CODES: [(&str, &str); 21] = [
    ("any", "Of `run`: that of the command, which may be one of these as well."),
    ("0", "Done. Of `verify`: all is verified; of `status` and `explain`: the lock is free."),
    (
        "1",
        "Of `verify`: something is violated; of `replay`: it is, still; of `status` and `explain`: the lock is held; \
         of `owner`: nobody has it; of `fence show`: none was given; of `unlock`, `release`, `break` and `queue`: that id does not \
         have it; of `renew`: it is held on no lease.",
    ),
    ("2", "Of `verify`: a search was incomplete, or not begun; of `status` and `explain`: the lock is stale."),
    (
        "3",
        "Of `verify`: a scenario cannot be explored; of `replay` and `shrink`: the run is of other code, or the code does \
         something else now; of `status` and `explain`: whether a holder is alive cannot be told.",
    ),
    ("64", "The command line makes no sense, or a file is not what it should be."),
    ("69", "The daemon that has the lock cannot be reached, or does not answer."),
    ("73", "The lock, or a file, cannot be made there."),
    (
        "75",
        "The lock was not acquired: busy, or not free in time. The command was not run. Of `wait`: there was no room in time.",
    ),
    ("77", "No permission to make the lock there, or other users could take it away; or the daemon does not allow it."),
    ("78", "A lock of another kind stands there."),
    (
        "81",
        "The lock was taken away while the command ran, or its lease not renewed in time, and the command was stopped; of `fence \
         check`: a higher number was admitted, so the lock was lost; of `renew` and `release`: the lease is over.",
    ),
    (
        "82",
        "Refused: of `unlock`, for an owner may be alive; of `break`, for nobody said yes; of `queue`, for it has the lock; \
         with `--recover=never`, for a holder is dead; otherwise, for that kind of lock is not verified on that file system, or `--require` asks for more than it promises.",
    ),
    (
        "83",
        "The command, or the process, would wait for a lock that it has, or for somebody who waits for a lock that it has.",
    ),
    ("84", "The command ended well, and the release could not be confirmed."),
    ("85", "An operator has broken the lock, for the reason that is said. The command was stopped, or not run."),
    ("124", "The command ran for longer than `--max-hold`, and was stopped."),
    ("125", "lockwright itself failed."),
    ("126", "The command cannot be executed."),
    ("127", "The command is not there."),
    ("128+N", "Signal N ended the command, or the wait for the lock."),
];

/// Each variable of the environment, and what it is for.
pub(super) const ENVIRONMENT: [(&str, &str); 12] = [
    (
        "LOCKWRIGHT_DIR",
        "Read: the directory of locks that are called by a name without a slash. The default is the working directory.",
    ),
    ("LOCKWRIGHT_LOCK", "Set for the command of `run`: the absolute path of the lock."),
    ("LOCKWRIGHT_ID", "Set for the command: the id under which the lock is held, as `status` prints it."),
    ("LOCKWRIGHT_MODE", "Set for the command: the kind of the lock, as `--kind` has it."),
    (
        "LOCKWRIGHT_FENCE",
        "Set for the command with `--fence`: a number higher than that of every holder before it. Read by `fence check`.",
    ),
    (
        "LOCKWRIGHT_EXPIRES",
        "Set for the command with `--lease`: when that ends unless it is renewed, as `run` does, in seconds since 1970.",
    ),
    ("LOCKWRIGHT_SLOT", "Set for the command with `--kind sem=N`: its slot, from 1 to N."),
    (
        "LOCKWRIGHT_HELD",
        "Set for the command, and read: the ids of the locks that are held around it, outermost first. A `run` inside \
         that would wait for one of them is refused.",
    ),
    (
        "LOCKWRIGHT_HELD_AT",
        "Set for the command, and read: the absolute paths of the same, parted by colons, so that a deadlock with others is \
         noticed. One that a colon is in is left empty.",
    ),
    ("LOCKWRIGHT_TLS_CERT", "Read for a lock at `tcps://`: the file of the certificate that is shown to the daemon."),
    ("LOCKWRIGHT_TLS_KEY", "Read for the same: the file of its private key."),
    ("LOCKWRIGHT_TLS_CA", "Read for the same: the file of the authorities that vouch for the daemon."),
];

/// The exit codes as a table of the README.
#[cfg(test)]
pub(super) fn exit_codes() -> String {
    markdown("exit code", &EXIT_CODES)
}

/// The environment as a table of the README.
#[cfg(test)]
pub(super) fn environment() -> String {
    markdown("variable", &ENVIRONMENT)
}

#[cfg(test)]
fn markdown(key: &str, rows: &[(&str, &str)]) -> String {
    let rows: Vec<_> = rows.iter().map(|(key, about)| format!("| `{key}` | {about} |\n")).collect();
    format!("| {key} | meaning |\n|---|---|\n{}", rows.concat())
}
