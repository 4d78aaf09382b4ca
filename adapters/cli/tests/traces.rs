//! What can be done with a counterexample, as processes: tokens, replays, shrinking, and other forms.

#[expect(dead_code, reason = "other tests use more of it")]
mod support;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
};

use support::{code, empty_dir, lockwright, out, refusal, run};

/// Mutants whose counterexamples have no fault.
const FAULTLESS: [&str; 5] = [
    "fast_lock.no_look",
    "fast_lock.sign_after_move",
    "fast_lock.unlock_tree",
    "fast_lock.unlock_leaves_dirs",
    "dotlock.empty_is_stale",
];

/// A mutant that `verify` caught.
struct Caught {
    name: String,
    token: String,
    file: PathBuf,
    text: String,
}

/// Has every mutant caught, whose name begins so.
fn caught(dir: &Path, protocol: &str) -> Vec<Caught> {
    let output = lockwright(dir, &["verify", protocol, "--mutants", "--traces", ".", "--json"]);
    assert_eq!(code(&output), 0, "{}", out(&output));
    let read = |line: &str| {
        let row: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let word = |key: &str| row[key].as_str().expect("every mutant's row has it").to_owned();
        let file = dir.join(word("trace"));
        let text = fs::read_to_string(&file).expect("verify wrote it");
        Caught { name: word("protocol"), token: word("token"), file, text }
    };
    out(&output).lines().map(read).collect()
}

/// All of them, searched once, and where their traces lie.
static ALL: LazyLock<(tempfile::TempDir, Vec<Caught>)> = LazyLock::new(|| {
    let dir = empty_dir();
    let all = caught(dir.path(), "");
    (dir, all)
});

fn one(dir: &Path, protocol: &str) -> Caught {
    caught(dir, protocol).pop().expect("it is in the catalogue")
}

fn name(file: &Path) -> &str {
    file.to_str().expect("UTF-8")
}

#[test]
fn the_token_of_every_mutant_gives_byte_for_byte_the_trace_that_verify_wrote() {
    let (dir, all) = &*ALL;
    assert_eq!(all.len(), lockwright_sim::catalogue::MUTANTS.len());
    for Caught { name, token, text, file } in all {
        assert!(token.len() < 120, "{token}");
        assert_eq!(out(&lockwright(dir.path(), &["replay", token, "--as", "trace"])), *text, "{name}");
        let replayed = lockwright(dir.path(), &["replay", token]);
        assert_eq!(code(&replayed), 1, "{name}");
        assert!(out(&replayed).starts_with(text) && out(&replayed).contains("Ran as written: "), "{name}");
        let again = lockwright(dir.path(), &["replay", self::name(file), "--as", "token"]);
        assert_eq!(out(&again), format!("{token}\n"), "{name}");
    }
}

#[test]
fn the_token_stands_under_the_counterexample() {
    let dir = empty_dir();
    let output = lockwright(dir.path(), &["verify", "dotlock.empty_is_stale"]);
    let text = out(&output);
    let line = text.lines().rfind(|line| line.contains("lockwright replay lw1:")).expect("it is there");
    let token = line.split_whitespace().next_back().expect("words");
    assert_eq!(code(&lockwright(dir.path(), &["replay", token])), 1, "{text}");
}

#[test]
fn other_code_is_refused_in_one_line_and_run_when_told_to_try() {
    let dir = empty_dir();
    let Caught { token, file, text, .. } = one(dir.path(), "dotlock.check_then_unlink");
    let code_line = text.lines().nth(1).expect("a head").to_owned();
    fs::write(&file, text.replace(&code_line, "code 00000000c0ffee00")).expect("it is ours");
    let short = code_line.split(' ').next_back().expect("a code").get(..8).expect("16 digits");
    let token = token.replace(short, "c0ffee00");
    for run in [name(&file), &token] {
        let refused = lockwright(dir.path(), &["replay", run]);
        assert_eq!(code(&refused), 3);
        let line = refusal(&refused);
        assert!(line.contains("c0ffee00") && line.contains(short) && line.contains("--anyway"), "{line}");
        assert_eq!(code(&lockwright(dir.path(), &["shrink", run])), 3);
        let tried = lockwright(dir.path(), &["replay", run, "--anyway"]);
        assert_eq!(code(&tried), 1);
        assert!(out(&tried).ends_with("Ran as written: no live holder dispossessed is violated.\n"), "{}", out(&tried));
    }
}

#[test]
fn a_try_ends_at_the_first_step_that_is_another() {
    let dir = empty_dir();
    let Caught { file, text, .. } = one(dir.path(), "dotlock.check_then_unlink");
    let planted = text.replacen("kill(A1, 0) = Dead", "rename(\"lock\", \"x\") = 0", 1);
    fs::write(&file, planted).expect("it is ours");
    let tried = lockwright(dir.path(), &["replay", name(&file), "--anyway"]);
    assert_eq!(code(&tried), 3);
    let text = out(&tried);
    let said: Vec<&str> = text.lines().rev().take(3).collect();
    assert!(
        said[2].contains(": diverged at step ") && said[1].contains("rename") && said[0].contains("kill"),
        "{text}"
    );
}

#[test]
fn a_run_without_an_end_is_shown_with_its_loop() {
    let dir = empty_dir();
    let shown = lockwright(dir.path(), &["replay", "lw1:dotlock.empty_is_live/2/0/atomic:any:1100111:28"]);
    assert_eq!(code(&shown), 1);
    let text = out(&shown);
    assert!(text.contains("\nand then, for ever:\n\n    3.0  A1"), "{text}");
    assert!(text.ends_with("\nRan as written: it can go on for ever from step 3.\n"), "{text}");
    let open = lockwright(dir.path(), &["replay", "lw1:dotlock.empty_is_live/2/0/atomic:any:110011:28"]);
    assert!(code(&open) == 3 && refusal(&open).contains("does not go on for ever"));
}

#[test]
fn marks_are_remarks_below_the_trace() {
    let dir = empty_dir();
    let Caught { token, text, .. } = one(dir.path(), "dotlock.check_then_unlink");
    let marked = lockwright(dir.path(), &["replay", &token, "--marks"]);
    assert_eq!(code(&marked), 1);
    let marked = out(&marked);
    assert!(
        marked.starts_with(&text) && marked.contains("\n# crash at step ") && marked.contains(": needed; with"),
        "{marked}"
    );
    assert!(
        marked.contains("\n# switch at step") && marked.contains("blocks before and after it exchanged"),
        "{marked}"
    );
    let bounded = out(&lockwright(dir.path(), &["replay", &token, "--marks", "--states", "5"]));
    assert!(bounded.contains(": unknown; with") && bounded.contains("more than 5 states"), "{bounded}");
}

#[test]
fn a_shrunk_run_is_a_trace_that_replays() {
    let dir = empty_dir();
    // A is killed with its file half made, comes back and removes it, and then all goes wrong without a crash.
    let shrunk = lockwright(dir.path(), &["shrink", "lw1:dotlock.empty_is_stale/2/1/atomic:any:0200001101"]);
    assert_eq!(code(&shrunk), 0);
    let text = out(&shrunk);
    assert!(text.contains("\n# 10 steps became 5; ") && text.contains("nothing more helped"), "{text}");
    fs::write(dir.path().join("short"), &text).expect("there is room");
    assert_eq!(code(&lockwright(dir.path(), &["replay", "short"])), 1);
    let token = text.split_whitespace().next_back().expect("words");
    assert_eq!(code(&lockwright(dir.path(), &["replay", token])), 1);
    let bounded = lockwright(dir.path(), &["shrink", token, "--steps", "1"]);
    assert!(code(&bounded) == 0 && out(&bounded).contains("more may help"), "{}", out(&bounded));
}

#[test]
fn the_script_of_a_run_without_faults_agrees_with_a_real_file_system() {
    let dir = empty_dir();
    let mut scripts = Vec::new();
    for Caught { name, token, .. } in &ALL.1 {
        let written = lockwright(dir.path(), &["replay", token, "--as", "sh"]);
        if code(&written) == 64 {
            let line = refusal(&written);
            let reasons = [
                " has a fault, which a script cannot bring about: ",
                ": its listing shows what stood there at no single moment",
                " is no command of the shell: no command makes this call",
            ];
            assert!(reasons.iter().any(|reason| line.contains(reason)), "{line}");
            continue;
        }
        let script = out(&written);
        let agreed = run(Command::new("/bin/sh").arg("-c").arg(&script));
        let steps = format!("agrees: {} steps\n", token.split(':').nth(3).expect("choices").len());
        assert_eq!((code(&agreed), out(&agreed)), (0, steps), "{name}: {script}");
        scripts.push(name);
    }
    assert!(FAULTLESS.iter().all(|name| scripts.iter().any(|script| script == name)), "{scripts:?}");
}

#[test]
fn a_script_with_a_wrong_line_says_so() {
    let dir = empty_dir();
    for protocol in FAULTLESS {
        let script = out(&lockwright(dir.path(), &["replay", &one(dir.path(), protocol).token, "--as", "sh"]));
        let lines: Vec<&str> = script.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            let wrong = match line {
                line if line.starts_with("step ") && line.contains(" done ") => line.replacen(" done ", " fails ", 1),
                line if line.starts_with("step ") => line.replacen(" fails ", " done ", 1),
                line if *line == "./" => "./\n./planted".to_owned(),
                _ => continue,
            };
            let planted = [&lines[..at], &[&wrong], &lines[at + 1..]].concat().join("\n");
            let output = run(Command::new("/bin/sh").arg("-c").arg(&planted));
            assert_eq!(code(&output), 1, "{wrong}: {}", out(&output));
            let place = line.split(' ').nth(1).map_or("the end".into(), |number| format!("step {number}:"));
            assert!(out(&output).starts_with(&format!("differs at {place}")), "{wrong}: {}", out(&output));
        }
    }
}

#[test]
fn itf_and_test_are_written_whole() {
    let dir = empty_dir();
    let token = one(dir.path(), "dotlock.empty_is_stale").token;
    let itf = lockwright(dir.path(), &["replay", &token, "--as", "itf"]);
    let itf: serde_json::Value = serde_json::from_str(&out(&itf)).expect("JSON");
    assert_eq!((&itf["#meta"]["source"], itf["states"].as_array().map(Vec::len)), (&token.as_str().into(), Some(6)));
    let test = out(&lockwright(dir.path(), &["replay", &token, "--as", "test"]));
    assert!(test.contains("#[test]\nfn dotlock_empty_is_stale_2_0_no_live_holder_dispossessed() {"), "{test}");
}

#[test]
fn mistakes_are_one_line() {
    let dir = empty_dir();
    let cases: [(&[&str], i32, &str); 7] = [
        (&["replay", "lw1:what"], 64, "not a token"),
        (&["replay", "lw1:no_such_lock/2/0/split:any:0"], 64, "there is no protocol `no_such_lock` any more"),
        (&["replay", "lw1:dotlock.empty_is_live/2/0/split:any:0z"], 64, "cut off"),
        (&["replay", "lw1:dotlock.empty_is_live/99/0/split:any:0"], 3, "99 clients"),
        (&["replay", "lw1:dotlock.empty_is_live/2/0/split:any:0"], 3, "nothing is violated"),
        (&["shrink", "missing"], 64, "missing"),
        (&["replay", "x", "--as", "poem"], 64, "poem"),
    ];
    for (args, expected, about) in cases {
        let output = lockwright(dir.path(), args);
        assert_eq!(code(&output), expected, "{args:?}");
        let line = refusal(&output);
        assert!(line.contains(about), "{args:?}: {line}");
    }
}
