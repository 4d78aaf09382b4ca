//! What a shell is told to say of a process, where its host or its pod is reached by a shell only, and how that is read.
//!
//! Each line of the answer begins with a word of its own, for a login may print other things:
//!
//! ```text
//! lockers:host node7.example.org
//! lockers:btime 1700000000
//! lockers:stat 4312 (cat) S 1 ...      or lockers:gone, or lockers:hidden
//! lockers:whole
//! ```
//!
//! *Why no answer that is cut short says "gone".* That is said by a line of its own, which follows from a look for the
//! process's directory, and is believed only with the last line after it. A shell that cannot read the status of a process
//! that is there, or cannot start a program, ends without that line. Where `/proc` hides the processes of others, the first
//! process cannot be read, and nothing is said of the one in question.

use lockwright_kernel::ids::{local::Observed, process::Sighting};

use crate::procfs::Stat;

/// A command for a POSIX shell, without a single quote in it. It prints what there is to say of the process `pid`.
#[must_use]
pub fn script(pid: u32) -> String {
    SCRIPT.replace("PID", &pid.to_string())
}

/// `printf`, since `echo` may take a process's name for escapes. A name may hold line feeds.
const SCRIPT: &str = r#"h=$(hostname --fqdn) && printf "lockers:host %s\n" "$h"
b=$(sed -n "s/^btime //p" /proc/stat) && printf "lockers:btime %s\n" "$b"
if ! [ -r /proc/1/stat ] ; then printf "lockers:hidden\n"
elif s=$(tr "\n" " " < /proc/PID/stat) ; then printf "lockers:stat %s\n" "$s"
elif [ -e /proc/PID ] ; then exit 1
else printf "lockers:gone\n" ; fi
printf "lockers:whole\n""#;

/// What came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer<'a> {
    /// The host's name, as it says itself.
    pub host: Option<&'a str>,
    /// What was seen there; `None` when that is not the whole of it.
    pub seen: Option<Observed>,
}

/// Reads an answer to [`script`].
#[must_use]
pub fn read(text: &str) -> Answer<'_> {
    let line = |word| text.lines().find_map(|line| line.strip_prefix("lockers:")?.strip_prefix(word));
    let host = line("host ").map(str::trim).filter(|host| !host.is_empty());
    let process = match (line("stat "), line("gone"), line("hidden")) {
        (Some(stat), None, None) => {
            Stat::parse(stat).map(|Stat { start, ended, .. }| Sighting::Present { start, ended })
        }
        (None, Some(_), None) => Some(Sighting::Absent),
        (None, None, Some(_)) => Some(Sighting::Hidden),
        _ => None,
    };
    let btime = line("btime ").and_then(|btime| btime.trim().parse().ok());
    let seen = match (process, btime, line("whole")) {
        (Some(process), Some(btime), Some(_)) => Some(Observed { process, btime }),
        _ => None,
    };
    Answer { host, seen }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use lockwright_kernel::ids::Verdict;

    use super::{
        super::{local, write_program},
        *,
    };

    fn asked(pid: u32) -> String {
        let output = Command::new("sh").arg("-c").arg(script(pid)).output().expect("a shell");
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    #[test]
    fn a_shell_sees_what_this_process_sees() {
        let me = local::id_of(std::process::id()).expect("it runs");
        let text = asked(me.pid);
        let seen = read(&text).seen.unwrap_or_else(|| panic!("{text}"));
        assert_eq!(me.verdict(seen), Verdict::Alive, "{text}");
        let nobody = i32::MAX.unsigned_abs();
        assert_eq!(read(&asked(nobody)).seen.map(|seen| seen.process), Some(Sighting::Absent));
    }

    #[test]
    fn an_answer_that_is_cut_short_says_nothing_of_the_process() {
        for text in [asked(1), asked(i32::MAX.unsigned_abs())] {
            let end = text.len() - "\n".len();
            assert!(read(&text[..end]).seen.is_some());
            for length in 0..end {
                assert_eq!(read(&text[..length]).seen, None, "{:?}", &text[..length]);
            }
        }
    }

    #[test]
    fn a_process_whose_status_cannot_be_read_is_not_called_gone() {
        let dir = tempfile::tempdir().expect("a directory for the test");
        let broken = dir.path().join("tr");
        write_program(&broken, "#!/bin/sh\nexit 1\n");
        let path = format!("{}:{}", dir.path().display(), std::env::var("PATH").expect("a path"));
        let asked = |pid: u32| {
            let output = Command::new("sh").arg("-c").arg(script(pid)).env("PATH", &path).output().expect("a shell");
            read(&String::from_utf8(output.stdout).expect("UTF-8")).seen
        };
        assert_eq!(asked(std::process::id()), None);
        assert_eq!(asked(i32::MAX.unsigned_abs()).map(|seen| seen.process), Some(Sighting::Absent));
    }

    #[test]
    fn other_lines_are_passed_over_and_contradictions_are_no_answer() {
        let whole = "motd\nlockers:host a.b\nnoise\nlockers:btime 7\nlockers:gone\nlockers:whole\n";
        let gone = Observed { process: Sighting::Absent, btime: 7 };
        assert_eq!(read(whole), Answer { host: Some("a.b"), seen: Some(gone) });
        let stat = "lockers:stat 1 (x) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 9\n";
        assert_eq!(read(&format!("{whole}{stat}")).seen, None);
        assert_eq!(read(&whole.replace("gone", "hidden")).seen.map(|seen| seen.process), Some(Sighting::Hidden));
        assert_eq!(read(&whole.replace("btime 7", "btime x")).seen, None);
        assert_eq!(read(&whole.replace("host a.b", "host ")).host, None);
    }
}
