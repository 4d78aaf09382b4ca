//! The commands of the protocol, read from a line.

use alloc::{borrow::Cow, vec::Vec};

use core::time::Duration;

/// What a client asks for. Names are bytes, and inner runs of white space in them count as one space.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Command<'a> {
    /// `g NAME`: get the exclusive lock.
    Get(Cow<'a, [u8]>),
    /// `r NAME`: release it.
    Release(Cow<'a, [u8]>),
    /// `i NAME`: is it held by anybody.
    Inspect(Cow<'a, [u8]>),
    /// `sg NAME`: be one more holder of the shared lock.
    SharedGet(Cow<'a, [u8]>),
    /// `sr NAME`: be one less.
    SharedRelease(Cow<'a, [u8]>),
    /// `si NAME`: how many there are.
    SharedInspect(Cow<'a, [u8]>),
    /// `d` or `d NAME`: who holds what, or this one.
    List(Option<Cow<'a, [u8]>>),
    /// `sd` or `sd NAME`: the same of shared locks.
    SharedList(Option<Cow<'a, [u8]>>),
    /// `dump`: all that is held, in one line.
    Dump,
    /// `dump shared`: the same of shared locks.
    SharedDump,
    /// `q`: what the server has counted.
    Statistics,
    /// `me`: where I come from, and my name.
    Me,
    /// `iam NAME`, or `iam` to have none.
    Iam(Cow<'a, [u8]>),
    /// `who` or `who NAME`: who has a name, or this one.
    Who(Option<Cow<'a, [u8]>>),
    /// `hello`: this client knows the commands from here on, and answers `ping` with a sign of life.
    Hello,
    /// `ping`: is the server there.
    Ping,
    /// `pong`: a sign of life, as any other line is. It is not answered.
    Pong,
    /// `lg NAME SECONDS`: get the exclusive lock, waiting for it in line.
    Lock(Cow<'a, [u8]>, Duration),
    /// `lsg NAME MAX`: get the shared lock as one of so many holders at most.
    SharedLimited(Cow<'a, [u8]>, u32),
    /// `back NAME FENCE`: get back what was granted with this fence before the server went down.
    Back(Cow<'a, [u8]>, u64),
}

/// Why a line is no [`Command`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NoCommand {
    /// There is no such command. It is counted, and not answered.
    Unknown,
    /// It lacks something; it should be of this form.
    Form(&'static str),
}

impl<'a> Command<'a> {
    /// Reads a line without its end. A carriage return before that is white space like any other.
    ///
    /// # Errors
    ///
    /// [`NoCommand`].
    ///
    /// ```
    /// use lockwright_kernel::glockd::Command;
    ///
    /// assert_eq!(Command::parse(b"g  two   words \r"), Ok(Command::Get(b"two words".into())));
    /// assert!(Command::parse(b"get it").is_err());
    /// ```
    pub fn parse(line: &'a [u8]) -> Result<Self, NoCommand> {
        // Most lines are one of these letters and one word, which takes one look at each byte.
        if let [verb @ (b'g' | b'r' | b'i'), b' ', word @ ..] = line
            && is_word(word)
        {
            let name = Cow::Borrowed(word);
            return Ok(match verb {
                b'g' => Self::Get(name),
                b'r' => Self::Release(name),
                _ => Self::Inspect(name),
            });
        }
        let line = trim(line);
        let end = line.iter().position(|byte| *byte == b' ').unwrap_or(line.len());
        let (verb, rest) = line.split_at(end);
        Ok(match verb {
            b"g" => Self::Get(name(rest)),
            b"r" => Self::Release(name(rest)),
            b"i" => Self::Inspect(name(rest)),
            b"sg" => Self::SharedGet(name(rest)),
            b"sr" => Self::SharedRelease(name(rest)),
            b"si" => Self::SharedInspect(name(rest)),
            b"d" => Self::List(some_name(rest)),
            b"sd" => Self::SharedList(some_name(rest)),
            b"dump" if *name(rest) == *b"shared" => Self::SharedDump,
            b"dump" => Self::Dump,
            b"q" => Self::Statistics,
            b"me" => Self::Me,
            b"iam" => Self::Iam(name(rest)),
            b"who" => Self::Who(some_name(rest)),
            b"hello" => Self::Hello,
            b"ping" => Self::Ping,
            b"pong" => Self::Pong,
            b"lg" => with_last(rest, seconds, Self::Lock).ok_or(NoCommand::Form("lg NAME SECONDS"))?,
            b"lsg" => with_last(rest, positive, Self::SharedLimited).ok_or(NoCommand::Form("lsg NAME MAX"))?,
            b"back" => with_last(rest, number, Self::Back).ok_or(NoCommand::Form("back NAME FENCE"))?,
            _ => return Err(NoCommand::Unknown),
        })
    }
}

/// What is left of `rest` without its last word makes the name, and the last word is read by `read`.
fn with_last<'a, T>(
    rest: &'a [u8],
    read: fn(&str) -> Option<T>,
    make: fn(Cow<'a, [u8]>, T) -> Command<'a>,
) -> Option<Command<'a>> {
    let at = rest.iter().rposition(u8::is_ascii_whitespace)?;
    let last = read(str::from_utf8(&rest[at + 1..]).ok()?)?;
    Some(make(name(&rest[..at]), last))
}

fn number<T: core::str::FromStr>(word: &str) -> Option<T> {
    word.bytes().all(|byte| byte.is_ascii_digit()).then(|| word.parse().ok())?
}

fn positive(word: &str) -> Option<u32> {
    number(word).filter(|max| *max > 0)
}

/// `7`, `0.25`: whole seconds, and as many digits after the point as there are nanoseconds.
fn seconds(word: &str) -> Option<Duration> {
    let (whole, part) = word.split_once('.').unwrap_or((word, "0"));
    if whole.is_empty() || part.is_empty() || part.len() > 9 {
        return None;
    }
    let nanos = number::<u32>(part)? * 10_u32.pow(9 - u32::try_from(part.len()).ok()?);
    Some(Duration::new(number(whole)?, nanos))
}

fn some_name(rest: &[u8]) -> Option<Cow<'_, [u8]>> {
    Some(name(rest)).filter(|name| !name.is_empty())
}

/// The words of `rest` with one space between them. Nothing is copied where that is what it is already.
pub(super) fn name(rest: &[u8]) -> Cow<'_, [u8]> {
    let rest = trim(rest);
    if is_normal(rest) {
        return Cow::Borrowed(rest);
    }
    let mut name = Vec::with_capacity(rest.len());
    for chunk in rest.utf8_chunks() {
        for char in chunk.valid().chars() {
            match char.is_whitespace() {
                true if name.last().is_none_or(|last| *last == b' ') => {}
                true => name.push(b' '),
                false => name.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        name.extend_from_slice(chunk.invalid());
    }
    let end = name.iter().rposition(|byte| *byte != b' ').map_or(0, |last| last + 1);
    name.truncate(end);
    Cow::Owned(name)
}

/// White space beyond ASCII is for the slow way to find.
fn is_normal(rest: &[u8]) -> bool {
    let mut before = b' ';
    rest.iter().all(|byte| {
        let fits = byte.is_ascii_graphic() || (*byte == b' ' && before != b' ');
        before = *byte;
        fits
    })
}

/// Whether there is nothing in it but letters, digits and the like, so that it is a name as it stands.
fn is_word(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(u8::is_ascii_graphic)
}

fn trim(line: &[u8]) -> &[u8] {
    line.trim_ascii()
}
