//! A file system as another process sees it: calls go to it and answers come back, each a line of text.
//!
//! A line is a word and what belongs to it, with blanks between; texts and bytes are written as hexadecimal digits, so that
//! they have no blanks, and with a `.` before them, so that the empty one is not lost.

use std::{
    cell::RefCell,
    fmt::Write as _,
    io::{self, BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::Duration,
};

use lockwright_kernel::{
    clock::Timestamp,
    fs::{
        FsError,
        call::{Answer, Call, Value},
    },
    path::{Name, Path},
};

use crate::fs::PosixFs;

/// The errors, each told by its place.
const ERRORS: [FsError; 19] = [
    FsError::NotFound,
    FsError::AlreadyExists,
    FsError::NotEmpty,
    FsError::NotADirectory,
    FsError::IsADirectory,
    FsError::SymbolicLink,
    FsError::SpecialFile,
    FsError::IntoItself,
    FsError::PermissionDenied,
    FsError::ReadOnly,
    FsError::NoSpace,
    FsError::Exhausted,
    FsError::NameTooLong,
    FsError::ForeignName,
    FsError::TooLarge,
    FsError::Stale,
    FsError::Unsupported,
    FsError::Io,
    FsError::Halted,
];

/// Makes the calls that come in on `fs`, and answers them, until there are no more.
///
/// # Errors
///
/// Those of reading and writing, and of a line that is no call.
pub fn serve(fs: &PosixFs, calls: impl BufRead, mut answers: impl Write) -> io::Result<()> {
    for line in calls.lines() {
        let call = read_call(&line?).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "no call"))?;
        answers.write_all(format!("{}\n", write_answer(&call.on(fs))).as_bytes())?;
        answers.flush()?;
    }
    Ok(())
}

/// Another process that [serves](serve). It ends when this is dropped.
#[derive(Debug)]
pub(super) struct Peer {
    child: Child,
    /// Taken when it is to end.
    pipes: RefCell<Option<(ChildStdin, BufReader<ChildStdout>)>>,
}

impl Peer {
    pub(super) fn start(mut command: Command) -> io::Result<Self> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let pipes = child.stdin.take().zip(child.stdout.take().map(BufReader::new));
        Ok(Self { child, pipes: RefCell::new(pipes) })
    }

    /// What it answers; [`FsError::Io`] when it answers nothing.
    pub(super) fn answer(&self, call: &Call) -> Answer {
        let mut pipes = self.pipes.borrow_mut();
        let Some((input, output)) = pipes.as_mut() else { return Err(FsError::Io) };
        let mut line = String::new();
        let asked = input.write_all(format!("{}\n", write_call(call)).as_bytes());
        match asked.and_then(|()| output.read_line(&mut line)) {
            Ok(_) => read_answer(line.trim_end()).unwrap_or(Err(FsError::Io)),
            Err(_) => Err(FsError::Io),
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // At the end of its input it ends.
        self.pipes.borrow_mut().take();
        let _ = self.child.wait();
    }
}

fn write_call(call: &Call) -> String {
    let one = |word, path: &Path| format!("{word} {}", text(path));
    match call {
        Call::CreateDir(path) => one("create_dir", path),
        Call::CreateFile(path, contents) => format!("{} {}", one("create_file", path), hex(contents)),
        Call::RemoveFile(path) => one("remove_file", path),
        Call::RemoveDir(path) => one("remove_dir", path),
        Call::Rename(from, to) => format!("{} {}", one("rename", from), text(to)),
        Call::List(path) => one("list", path),
        Call::Read(path) => one("read", path),
        Call::Touch(path) => one("touch", path),
        Call::Modified(path) => one("modified", path),
        Call::Exists(path) => one("exists", path),
        Call::Any(path) => one("any", path),
        Call::EnsureDir(path) => one("ensure_dir", path),
        Call::DiscardFile(path) => one("discard_file", path),
        Call::DiscardDir(path) => one("discard_dir", path),
        Call::PutAside(from, to) => format!("{} {}", one("put_aside", from), text(to)),
    }
}

fn read_call(line: &str) -> Option<Call> {
    let mut words = line.split(' ');
    let (word, path) = (words.next()?, path(words.next()?)?);
    Some(match (word, words.next()) {
        ("create_file", Some(contents)) => Call::CreateFile(path, bytes(contents)?),
        ("rename", Some(to)) => Call::Rename(path, self::path(to)?),
        ("put_aside", Some(to)) => Call::PutAside(path, self::path(to)?),
        ("create_dir", None) => Call::CreateDir(path),
        ("remove_file", None) => Call::RemoveFile(path),
        ("remove_dir", None) => Call::RemoveDir(path),
        ("list", None) => Call::List(path),
        ("read", None) => Call::Read(path),
        ("touch", None) => Call::Touch(path),
        ("modified", None) => Call::Modified(path),
        ("exists", None) => Call::Exists(path),
        ("any", None) => Call::Any(path),
        ("ensure_dir", None) => Call::EnsureDir(path),
        ("discard_file", None) => Call::DiscardFile(path),
        ("discard_dir", None) => Call::DiscardDir(path),
        _ => return None,
    })
}

fn write_answer(answer: &Answer) -> String {
    match answer {
        Ok(Value::Done) => "done".to_owned(),
        Ok(Value::Names(names)) => {
            names.iter().fold("names".to_owned(), |line, name| format!("{line} {}", hex(name.as_str().as_bytes())))
        }
        Ok(Value::Contents(contents)) => format!("contents {}", hex(contents)),
        Ok(Value::Stamp(stamp)) => {
            format!("stamp {} {}", stamp.since_epoch().as_secs(), stamp.since_epoch().subsec_nanos())
        }
        Ok(Value::Truth(truth)) => format!("truth {truth}"),
        Ok(Value::Name(None)) => "name".to_owned(),
        Ok(Value::Name(Some(name))) => format!("name {}", hex(name.as_str().as_bytes())),
        Err(error) => format!("error {}", ERRORS.iter().position(|known| known == error).unwrap_or(ERRORS.len())),
    }
}

fn read_answer(line: &str) -> Option<Answer> {
    let mut words = line.split(' ');
    let word = words.next()?;
    let mut rest = words.map(str::to_owned);
    Some(Ok(match word {
        "done" => Value::Done,
        "names" => Value::Names(rest.map(|name| self::name(&name)).collect::<Option<_>>()?),
        "contents" => Value::Contents(bytes(&rest.next()?)?),
        "stamp" => {
            let (seconds, nanos) = (rest.next()?.parse().ok()?, rest.next()?.parse::<u32>().ok()?);
            Value::Stamp(Timestamp::new(Duration::new(seconds, nanos)))
        }
        "truth" => Value::Truth(rest.next()?.parse().ok()?),
        "name" => Value::Name(match rest.next() {
            None => None,
            Some(name) => Some(self::name(&name)?),
        }),
        "error" => return ERRORS.get(rest.next()?.parse::<usize>().ok()?).map(|error| Err(*error)),
        _ => return None,
    }))
}

fn text(path: &Path) -> String {
    let names = path.names().iter().map(Name::as_str).collect::<Vec<_>>();
    hex(names.join("/").as_bytes())
}

fn path(word: &str) -> Option<Path> {
    let text = String::from_utf8(bytes(word)?).ok()?;
    text.split('/').filter(|name| !name.is_empty()).map(|name| name.parse().ok()).collect()
}

fn name(word: &str) -> Option<Name> {
    String::from_utf8(bytes(word)?).ok()?.parse().ok()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(".".to_owned(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn bytes(word: &str) -> Option<Vec<u8>> {
    let digits = word.strip_prefix('.')?.as_bytes();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    (digits.len() % 2 == 0).then(|| digits.chunks(2).map(byte).collect())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_and_answers_come_back_as_they_were() {
        let at = |text: &str| text.parse::<Path>().unwrap();
        let (one, two) = (at("a b/c:d"), at("e"));
        for call in [
            Call::CreateDir(Path::root()),
            Call::CreateFile(one.clone(), b"\x00 \n\xff".into()),
            Call::CreateFile(one.clone(), Vec::new()),
            Call::RemoveFile(one.clone()),
            Call::RemoveDir(one.clone()),
            Call::Rename(one.clone(), two.clone()),
            Call::List(one.clone()),
            Call::Read(one.clone()),
            Call::Touch(one.clone()),
            Call::Modified(one.clone()),
            Call::Exists(one.clone()),
            Call::Any(one.clone()),
            Call::EnsureDir(one.clone()),
            Call::DiscardFile(one.clone()),
            Call::DiscardDir(one.clone()),
            Call::PutAside(one, two),
        ] {
            assert_eq!(read_call(&write_call(&call)), Some(call));
        }
        let [a, b] = ["a b", "c"].map(|name| name.parse::<Name>().unwrap());
        let values = [
            Value::Done,
            Value::Names(vec![a.clone(), b]),
            Value::Names(Vec::new()),
            Value::Contents(Vec::new()),
            Value::Contents(b"\x01\n".into()),
            Value::Stamp(Timestamp::new(Duration::new(7, 8))),
            Value::Truth(false),
            Value::Name(None),
            Value::Name(Some(a)),
        ];
        for answer in values.into_iter().map(Ok).chain(ERRORS.map(Err)) {
            assert_eq!(read_answer(&write_answer(&answer)), Some(answer));
        }
    }

    #[test]
    fn what_is_no_call_is_told_and_an_end_without_an_answer_is_an_error() {
        for line in ["", "list", "list a", "list .6", "list .zz", "open .61", "list .61 .62", "rename .61"] {
            assert_eq!(read_call(line), None, "{line}");
        }
        let peer = Peer::start(Command::new("true")).unwrap();
        assert_eq!(peer.answer(&Call::List(Path::root())), Err(FsError::Io));
    }
}
