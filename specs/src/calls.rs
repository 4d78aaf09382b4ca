//! Modules as tla-checker works through them fastest.
//!
//! It puts the body of an operator in the place of each call, and copies all of that whenever it binds an argument on its
//! way through a step. Nested calls so take the most of a check's time. An operator that is declared recursive is left
//! where it is and called, and that one is recursive need not be so for the declaration to be allowed: it means the same.

/// The module with each of its operators that have arguments declared recursive.
pub(crate) fn left_uninlined(module: &str) -> String {
    let mut text = String::with_capacity(module.len() * 5 / 4);
    for line in module.lines() {
        if let Some((name, count)) = operator(line) {
            let declaration = format!("RECURSIVE {name}({})\n", vec!["_"; count].join(", "));
            // A module that was written so already stays as it is.
            if !text.ends_with(&declaration) {
                text.push_str(&declaration);
            }
        }
        text.push_str(line);
        text.push('\n');
    }
    text
}

/// The operator that is defined in a line, and how many arguments it has, if any.
fn operator(line: &str) -> Option<(&str, usize)> {
    let is_word = |text: &str| text.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    let (head, body) = line.split_once("==")?;
    let (name, arguments) = head.trim_end().strip_suffix(')')?.split_once('(')?;
    let is_plain = !name.is_empty() && is_word(name) && arguments.split(',').all(|argument| is_word(argument.trim()));
    let is_instance = body.trim_start().starts_with("INSTANCE");
    (is_plain && !is_instance).then(|| (name, arguments.split(',').count()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_with_arguments_are_declared() {
        let module = "Move(tree, from) ==\n    tree\nNone == {}\nOther(p) == LET q(x) == x IN q(p)\n\
                      Of(p) == INSTANCE Lock\n(* Not(this) == *)\n";
        let declared = "RECURSIVE Move(_, _)\nMove(tree, from) ==\n    tree\nNone == {}\n\
                        RECURSIVE Other(_)\nOther(p) == LET q(x) == x IN q(p)\nOf(p) == INSTANCE Lock\n(* Not(this) == *)\n";
        assert_eq!(left_uninlined(module), declared);
        assert_eq!(left_uninlined(declared), declared);
    }
}
