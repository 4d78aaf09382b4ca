//! The commands of the shell that do what a call does.

use lockwright_kernel::{
    fs::call::{Call, Value},
    path::{Name, Path},
};

use crate::{
    replay::{Reply, Request},
    trace::event::{Deed, Event},
    world::World,
};

/// Standard input, output and error are taken; a shell has ten descriptors that can be written in one digit.
const CLIENTS_MAX: u8 = 7;

pub(super) enum Command {
    /// Nothing that a file system answers.
    Remark,
    /// These, one after the other.
    Shell(Vec<String>),
    /// To be made at a moment at which the answer is right.
    Listing(Doubt),
}

/// A listing, which may have seen the directory at any moment between its begin and its end.
pub(super) struct Doubt {
    dir: Path,
    seen: Seen,
}

enum Seen {
    All(Vec<Name>),
    /// One of the names in it.
    One(Name),
}

impl Command {
    /// What stands for a step; the error is why nothing does.
    pub(super) fn of(world: &World<'_>, event: &Event) -> Result<Self, &'static str> {
        let Some(Request::Fs(call)) = event.request.map(|request| world.histories.request(request)) else {
            return Ok(Self::Remark);
        };
        let reply = match event.reply.map(|reply| world.histories.reply(reply)) {
            Some(Reply::Fs(Ok(value))) => Some(value),
            _ => None,
        };
        let Some(client) = event.client.filter(|client| *client < CLIENTS_MAX) else {
            return Err("a shell has no more than seven files open");
        };
        match (call.effect(), reply) {
            (Call::CreateFile(path, contents), _) if !contents.is_empty() => {
                create_written(event, client, &path, &contents)
            }
            (Call::List(_), _) if event.deed == Deed::Begin => Ok(Self::Remark),
            (Call::List(dir), Some(Value::Names(names))) => Ok(Self::listing(dir, Seen::All(names.clone()))),
            (Call::List(dir), Some(Value::Name(None))) => Ok(Self::listing(dir, Seen::All(Vec::new()))),
            (Call::List(dir), Some(Value::Name(Some(name)))) => Ok(Self::listing(dir, Seen::One(name.clone()))),
            (Call::Read(file), Some(Value::Contents(contents))) => {
                Ok(one(format!("reads {} '{}'", quoted(&file)?, octal(contents))))
            }
            (call, _) => Ok(one(plain(&call)?)),
        }
    }

    fn listing(dir: Path, seen: Seen) -> Self {
        Self::Listing(Doubt { dir, seen })
    }
}

/// The command for a call whose answer is only whether it was done.
fn plain(call: &Call) -> Result<String, &'static str> {
    Ok(match call {
        Call::CreateDir(path) => format!("mkdir {}", quoted(path)?),
        Call::CreateFile(path, _) => format!("make {}", quoted(path)?),
        Call::RemoveFile(path) => format!("rm {}", quoted(path)?),
        Call::RemoveDir(path) => format!("rmdir {}", quoted(path)?),
        // `mv` refuses to move an entry onto itself, which the system call does not.
        Call::Rename(from, to) if from == to => format!("test -e {}", quoted(from)?),
        Call::Rename(from, to) => format!("mv -T {} {}", quoted(from)?, quoted(to)?),
        Call::List(dir) => format!("ls -A {}", quoted(dir)?),
        Call::Read(file) => format!("cat {}", quoted(file)?),
        Call::Modified(path) => format!("test -e {}", quoted(path)?),
        _ => return Err("no command makes this call"),
    })
}

/// A file is made and written in two steps, through a descriptor of its client: it may be moved in between.
fn create_written(event: &Event, client: u8, path: &Path, contents: &[u8]) -> Result<Command, &'static str> {
    let descriptor = client + 3;
    let lines = match event.deed {
        Deed::Begin => vec![format!("make {}", quoted(path)?), format!("exec {descriptor}>>{}", quoted(path)?)],
        _ if event.error.is_some() => vec![format!("make {}", quoted(path)?)],
        _ => vec![format!("printf '{}' >&{descriptor}", octal(contents)), format!("exec {descriptor}>&-")],
    };
    Ok(Command::Shell(lines))
}

fn one(line: String) -> Command {
    Command::Shell(vec![line])
}

impl Doubt {
    /// Whether the listing shows this tree.
    pub(super) fn agrees(&self, tree: &[String]) -> bool {
        let begin = if self.dir.names().is_empty() { String::new() } else { format!("{}/", self.dir) };
        if !begin.is_empty() && !tree.contains(&begin) {
            return false;
        }
        let below = tree.iter().filter_map(|entry| bare(entry).strip_prefix(&begin));
        let mut names =
            below.map(|rest| rest.trim_end_matches('/')).filter(|name| !name.is_empty() && !name.contains('/'));
        match &self.seen {
            Seen::One(name) => names.any(|there| there == name.as_str()),
            Seen::All(all) => names.eq(all.iter().map(Name::as_str)),
        }
    }

    pub(super) fn command(&self) -> String {
        let dir = quoted(&self.dir).unwrap_or_default();
        match &self.seen {
            Seen::One(name) => format!("has {dir} '{}'", escaped(name.as_str())),
            Seen::All(names) => {
                let names: Vec<&str> = names.iter().map(Name::as_str).collect();
                format!("lists {dir} '{}'", escaped(&names.join("\n")))
            }
        }
    }
}

/// An entry of a spelled tree without a file's contents.
pub(super) fn bare(entry: &str) -> &str {
    entry.split_once(" = \"").map_or(entry, |(path, _)| path)
}

/// A path as a word of the shell, which no command takes for an option.
fn quoted(path: &Path) -> Result<String, &'static str> {
    let text = path.to_string();
    if text.contains(char::is_control) {
        return Err("a name has a control character");
    }
    Ok(if path.names().is_empty() { ".".into() } else { format!("'./{}'", escaped(&text)) })
}

fn escaped(text: &str) -> String {
    text.replace('\'', r"'\''")
}

/// Bytes as `printf` takes them.
fn octal(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|byte| ['\\', digit(byte >> 6), digit(byte >> 3), digit(*byte)]).collect()
}

fn digit(bits: u8) -> char {
    char::from(b'0' + (bits & 7))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_agrees_with_a_tree_that_shows_it_and_with_no_other() {
        let tree =
            ["lock/", "lock/build/", "lock/build/A1/", "lock/build/A1/owner", "lock/build/B1 = \"it\"", "other/"];
        let tree = tree.map(str::to_owned);
        let names = |names: &[&str]| names.iter().map(|name| name.parse().unwrap()).collect();
        let all =
            |dir: &str, all: &[&str]| Doubt { dir: dir.parse().unwrap(), seen: Seen::All(names(all)) }.agrees(&tree);
        assert!(all("lock/build", &["A1", "B1"]) && all("lock", &["build"]) && all("other", &[]));
        assert!(!all("lock/build", &["A1"]) && !all("lock/build", &["A1", "B1", "C1"]) && !all("lock", &[]));
        assert!(!all("gone", &[]), "nothing can be listed there");
        let root = Doubt { dir: Path::root(), seen: Seen::All(names(&["lock", "other"])) };
        assert!(root.agrees(&tree));
        let one = |name: &str| Doubt { dir: "lock/build".parse().unwrap(), seen: Seen::One(name.parse().unwrap()) };
        assert!(one("B1").agrees(&tree) && !one("C1").agrees(&tree) && !one("owner").agrees(&tree));
    }

    #[test]
    fn what_the_shell_would_take_for_its_own_is_quoted() {
        let path = |text: &str| quoted(&text.parse().unwrap());
        assert_eq!(path("-rf/it's; $HOME"), Ok(r"'./-rf/it'\''s; $HOME'".into()));
        assert!(path("two\nlines").is_err());
        assert_eq!(octal(b"A\\%\n\xff"), r"\101\134\045\012\377");
    }
}
