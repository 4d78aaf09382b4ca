//! The rules for a source file.

use super::{Finding, code::code_only};

/// The longest file, in lines: what a reader can keep in mind as one concern.
const FILE_LINES_MAX: usize = 500;

/// The longest function, in lines from `fn` to its closing brace.
const FUNCTION_LINES_MAX: usize = 70;

/// Names that say nothing of what is in the file.
const EMPTY_NAMES: [&str; 6] = ["utils", "util", "common", "helpers", "helper", "misc"];

/// What is wrong with the file `name` of this `text`.
pub(crate) fn findings(name: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !text.starts_with("//!") {
        findings.push(Finding::new(1, "the file does not open with a `//!` that says its concern"));
    }
    let lines = text.lines().count();
    if lines > FILE_LINES_MAX {
        findings.push(Finding::new(lines, format!("the file has {lines} lines, more than {FILE_LINES_MAX}")));
    }
    let stem = name.trim_end_matches(".rs");
    if let Some(word) = EMPTY_NAMES.iter().find(|word| stem.split('/').any(|part| part == **word)) {
        findings.push(Finding::new(1, format!("`{word}` says nothing of what is in it")));
    }
    findings.extend(long_functions(text));
    findings
}

/// What is wrong with the kernel's crate root of this `text`.
pub(crate) fn kernel_findings(text: &str) -> Vec<Finding> {
    let code = code_only(text);
    let mut findings = Vec::new();
    for due in ["#![no_std]", "#![forbid(unsafe_code)]"] {
        if !code.lines().any(|line| line.trim() == due) {
            findings.push(Finding::new(1, format!("`{due}` is missing")));
        }
    }
    let std = code.lines().position(|line| line.trim() == "extern crate std;");
    findings.extend(std.map(|index| Finding::new(index + 1, "the kernel takes in the standard library")));
    findings
}

/// Counts braces in the code without its literals, which is exact but for macros that leave them unbalanced.
fn long_functions(text: &str) -> Vec<Finding> {
    let code = code_only(text);
    let mut findings = Vec::new();
    for (at, _) in code.match_indices("fn ") {
        let is_word = code[..at].chars().next_back().is_none_or(|char| !char.is_alphanumeric() && char != '_');
        let Some(length) = body_end(&code[at..]).filter(|_| is_word) else {
            continue;
        };
        let lines = code[at..at + length].lines().count();
        if lines > FUNCTION_LINES_MAX {
            let line = 1 + code[..at].matches('\n').count();
            findings
                .push(Finding::new(line, format!("the function has {lines} lines, more than {FUNCTION_LINES_MAX}")));
        }
    }
    findings
}

/// Where the body of the function that begins here ends, in bytes; `None` for one without a body.
fn body_end(code: &str) -> Option<usize> {
    let (mut brackets, mut braces) = (0_i32, 0_i32);
    for (at, char) in code.char_indices() {
        match char {
            '(' | '[' => brackets += 1,
            ')' | ']' => brackets -= 1,
            ';' if brackets == 0 && braces == 0 => return None,
            '{' => braces += 1,
            '}' => {
                braces -= 1;
                if braces == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

#[test]
fn a_tidy_file_has_no_findings() {
    let text = "//! One concern.\n\nfn f() {}\n";
    assert_eq!(findings("kernel/src/one.rs", text), []);
}

#[test]
fn a_file_without_a_doc_at_its_head_is_found() {
    for text in ["fn f() {}\n", "\n//! Late.\n", "// No doc.\n", ""] {
        let found = findings("kernel/src/one.rs", text);
        assert_eq!(found.iter().map(|finding| finding.line).collect::<Vec<_>>(), [1], "{text:?}");
    }
}

#[test]
fn a_file_of_one_line_too_many_is_found() {
    let text = |lines| format!("//! Long.\n{}", "\n".repeat(lines - 1));
    assert_eq!(findings("a.rs", &text(FILE_LINES_MAX)), []);
    let found = findings("a.rs", &text(FILE_LINES_MAX + 1));
    assert_eq!(found, [Finding::new(501, "the file has 501 lines, more than 500")]);
}

#[test]
fn a_function_of_one_line_too_many_is_found_where_it_begins() {
    let text = |lines| {
        // Braces in literals and comments count for nothing; semicolons in an array type end nothing.
        let body = "    let _ = (\"}}}\", '}'); // }}}\n".repeat(lines - 2);
        format!(
            "//! Long.\n\ntrait T {{\n    fn short(&self);\n}}\n\nfn long(_: [u8; 3]) {{\n{body}}}\n\nfn after() {{}}\n"
        )
    };
    assert_eq!(findings("a.rs", &text(FUNCTION_LINES_MAX)), []);
    let found = findings("a.rs", &text(FUNCTION_LINES_MAX + 1));
    assert_eq!(found, [Finding::new(7, "the function has 71 lines, more than 70")]);
}

#[test]
fn a_file_or_folder_whose_name_says_nothing_is_found() {
    for name in ["sim/src/utils.rs", "sim/src/common/tree.rs", "kernel/tests/helpers.rs"] {
        assert_eq!(findings(name, "//! One.\n").len(), 1, "{name}");
    }
    assert_eq!(findings("sim/src/common_ground.rs", "//! One.\n"), []);
}

#[test]
fn a_kernel_with_std_or_unsafe_code_is_found() {
    assert_eq!(kernel_findings("#![no_std]\n#![forbid(unsafe_code)]\n"), []);
    assert_eq!(kernel_findings("// #![no_std]\n#![forbid(unsafe_code)]\n").len(), 1);
    assert_eq!(kernel_findings("#![no_std]\n#![deny(unsafe_code)]\n").len(), 1);
    let found = kernel_findings("#![no_std]\n#![forbid(unsafe_code)]\nextern crate std;\n");
    assert_eq!(found, [Finding::new(3, "the kernel takes in the standard library")]);
}
