//! Source text with its comments and literals blanked out, so that what is left can be counted character by character.

/// `text` with a space for each character of a comment, a string or a character literal. Lines stay as they are.
///
/// It knows what the language has (nested comments, raw strings, lifetimes) and nothing of macros that change it.
pub(crate) fn code_only(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut code = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let end = end_of_blank(&chars, at);
        if end == at {
            code.push(chars[at]);
            at += 1;
        }
        for char in &chars[at..end.max(at)] {
            code.push(if *char == '\n' { '\n' } else { ' ' });
        }
        at = end.max(at);
    }
    code
}

/// Where the comment or literal that begins at `at` ends; `at` itself where none begins.
fn end_of_blank(chars: &[char], at: usize) -> usize {
    let rest = &chars[at..];
    let length = match rest {
        ['/', '/', ..] => rest.iter().position(|char| *char == '\n').unwrap_or(rest.len()),
        ['/', '*', ..] => comment(rest),
        ['"', ..] => quoted(rest, '"'),
        ['\'', '\\', ..] | ['\'', _, '\'', ..] => quoted(rest, '\''),
        ['r', '"' | '#', ..] if at == 0 || !is_word(chars[at - 1]) || matches!(chars[at - 1], 'b' | 'c') => raw(rest),
        _ => 0,
    };
    at + length
}

fn is_word(char: char) -> bool {
    char.is_alphanumeric() || char == '_'
}

fn comment(text: &[char]) -> usize {
    let (mut at, mut depth) = (0, 0_usize);
    while at < text.len() {
        match &text[at..] {
            ['/', '*', ..] => (at, depth) = (at + 2, depth + 1),
            ['*', '/', ..] => (at, depth) = (at + 2, depth - 1),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn quoted(text: &[char], quote: char) -> usize {
    let mut at = 1;
    while at < text.len() && text[at] != quote {
        at += if text[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(text.len())
}

/// `r#name` is no string, and has no end of one.
fn raw(text: &[char]) -> usize {
    let hashes = text[1..].iter().take_while(|char| **char == '#').count();
    if text.get(1 + hashes) != Some(&'"') {
        return 0;
    }
    let end: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
    let body = 2 + hashes;
    let found = text[body..].windows(end.len()).position(|window| window == end);
    found.map_or(text.len(), |found| body + found + end.len())
}

#[test]
fn comments_and_literals_are_blank_and_the_code_stays() {
    for (text, code) in [
        ("a // {\nb", "a\nb"),
        ("a /* { /* } */ { */ b", "ab"),
        ("f(\"{ \\\" {\") }", "f()}"),
        ("f(r#\"{\"{\"#) }", "f()}"),
        ("f(br\"{\") }", "f(b)}"),
        ("f('{', '\\'') }", "f(,)}"),
        ("fn f<'a>(x: &'a str) {}", "fnf<'a>(x:&'astr){}"),
        ("r#type { }", "r#type{}"),
        ("\"open {", ""),
    ] {
        let found = code_only(text);
        assert_eq!(found.chars().count(), text.chars().count(), "each character keeps its place: {text}");
        assert_eq!(found.replace(' ', ""), code, "{text}");
    }
}
