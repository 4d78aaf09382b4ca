//! Text that others chose, made fit to be shown: on one line, without control of the terminal, and not too long.

use std::{ffi::OsStr, os::unix::ffi::OsStrExt};

/// How many characters of a command line are shown.
const COMMAND_CHARS_MAX: usize = 80;

/// What cannot be printed is escaped, and what comes after `most` characters is left out.
pub(crate) fn shown(text: &str, most: usize) -> String {
    let mut shown = String::new();
    for (count, c) in text.chars().enumerate() {
        if count == most {
            shown.push('…');
            break;
        }
        push(&mut shown, c);
    }
    shown
}

/// All of a path.
pub(crate) fn shown_path(path: impl AsRef<OsStr>) -> String {
    path.as_ref().as_bytes().utf8_chunks().fold(String::new(), |mut shown, chunk| {
        chunk.valid().chars().for_each(|c| push(&mut shown, c));
        shown.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")));
        shown
    })
}

/// A command line as `/proc` has it.
pub(crate) fn shown_command(arguments: &[u8]) -> String {
    let arguments = arguments.strip_suffix(b"\0").unwrap_or(arguments);
    let words: Vec<_> = arguments.split(|byte| *byte == 0).map(String::from_utf8_lossy).collect();
    shown(&words.join(" "), COMMAND_CHARS_MAX)
}

/// A path as a word of a shell's command line, which is no option.
pub(crate) fn shell_word(path: impl AsRef<OsStr>) -> String {
    let path = path.as_ref();
    let dash = if path.as_bytes().starts_with(b"-") { "./" } else { "" };
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"/._-+:,@%=".contains(byte);
    if !path.is_empty() && path.as_bytes().iter().all(plain) {
        return format!("{dash}{}", path.display());
    }
    match path.to_str() {
        Some(text) if shown(text, usize::MAX) == text => format!("'{dash}{}'", text.replace('\'', r"'\''")),
        _ => {
            let escaped = path.as_bytes().iter().map(|byte| match byte {
                b'\'' | b'\\' => format!("\\{}", char::from(*byte)),
                b' '..=b'~' => char::from(*byte).to_string(),
                byte => format!("\\x{byte:02x}"),
            });
            format!("$'{dash}{}'", escaped.collect::<String>())
        }
    }
}

fn push(shown: &mut String, c: char) {
    match c {
        '"' | '\'' | '\\' => shown.push(c),
        c => shown.extend(c.escape_debug()),
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn what_is_shown_is_one_line_and_leaves_the_terminal_alone() {
        assert_eq!(shown("a b'\"\\ä", 99), "a b'\"\\ä");
        assert_eq!(shown("two\nlines\x1b[2J\u{202e}x\u{85}", 99), "two\\nlines\\u{1b}[2J\\u{202e}x\\u{85}");
        assert_eq!(shown("12345", 5), "12345");
        assert_eq!(shown("123456", 5), "12345…");
        assert_eq!(shown_path(OsStr::from_bytes(b"/a\xff\n")), "/a\\xff\\n");
    }

    #[test]
    fn a_command_line_is_words_and_bounded() {
        assert_eq!(shown_command(b"rsync\0-a\0/srv\0"), "rsync -a /srv");
        assert_eq!(shown_command(b"sh\0-c\0a\nb\x1b\0"), "sh -c a\\nb\\u{1b}");
        assert_eq!(shown_command(b"\xff\0\0x\0"), "\u{fffd}  x");
        let long = shown_command(&[b'x'; 4096]);
        assert_eq!(long.chars().count(), COMMAND_CHARS_MAX + 1);
    }

    #[test]
    fn a_word_comes_out_of_the_shell_as_it_was() {
        for path in [
            &b"deploy.lock"[..],
            b"a b",
            b"it's",
            b"-x",
            b"$HOME`ls`",
            b"two\nlines",
            b"\xff\x1b'\\",
            b"*",
            b"\xc3\xa4",
        ] {
            let word = shell_word(OsStr::from_bytes(path));
            assert!(!word.contains(['\n', '\x1b']), "{word:?}");
            let printed =
                Command::new("bash").args(["-c", &format!("printf %s {word}")]).output().expect("bash").stdout;
            let printed = printed.strip_prefix(b"./").unwrap_or(&printed);
            assert_eq!(printed, path, "{word}");
        }
    }
}
