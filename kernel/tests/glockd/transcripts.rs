//! Transcripts: what each command is answered, byte for byte, in both styles.
//!
//! ```text
//! % replies=named         a setting, before anything else
//! # why this is here
//! + ann 10.0.0.1:4711     ann connects from there
//! ann> g foo              ann sends a line
//! ann< 1 Got Lock         ann is told a line
//! ann! Silent             ann's connection is closed by the server
//! - ann                   ann's connection is lost
//! @ 15                    time passes until so many seconds after the start
//! = crash                 the server dies and is started again; `= stop` where it is shut down
//! ```
//!
//! With `LOCKWRIGHT_REWRITE=1` each file is written anew from what it asks for.

use std::{env, fs, path::Path, time::Duration};

use lockwright_kernel::glockd::{Replies, Settings};

use super::stage::Stage;

#[test]
fn every_transcript_is_as_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/glockd/transcripts");
    let mut files: Vec<_> =
        fs::read_dir(folder).expect("it is there").map(|entry| entry.expect("readable").path()).collect();
    files.sort();
    assert!(files.len() >= 8, "only {} transcripts were found", files.len());
    for file in files {
        let text = fs::read_to_string(&file).expect("readable");
        let played = play(&text);
        if env::var_os("LOCKWRIGHT_REWRITE").is_some_and(|value| value == "1") {
            fs::write(&file, &played).expect("writable");
        } else {
            assert!(played == text, "{}: it went\n{played}", file.display());
        }
    }
}

/// A client that reads only the number at the beginning of a line does not mind the style.
#[test]
fn both_styles_begin_with_the_same_numbers() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/glockd/transcripts");
    for name in ["exclusive", "shared", "registry"] {
        let words = fs::read_to_string(folder.join(format!("{name}.txt"))).expect("readable");
        let named = play(&format!("% replies=named\n{words}"));
        let numbers = |text: &str| -> Vec<String> {
            let replies = text.lines().filter_map(|line| line.split_once("< "));
            replies.map(|(name, reply)| format!("{name} {:?}", reply.split(' ').next())).collect()
        };
        assert_eq!(numbers(&words), numbers(&named), "{name}");
        assert!(numbers(&words).len() > 4, "{name} says something");
    }
}

/// Plays what a transcript asks for, and writes it down with what is told.
fn play(text: &str) -> String {
    let mut settings = Settings::default();
    let mut stage: Option<Stage> = None;
    let mut played = String::new();
    for line in text.lines().filter(|line| !is_told(line)) {
        played.push_str(line);
        played.push('\n');
        let (mark, rest) = line.split_once(' ').unwrap_or((line, ""));
        if mark == "%" {
            assert!(stage.is_none(), "it has begun with other settings");
            set(&mut settings, rest);
        }
        if matches!(mark, "" | "#" | "%") {
            continue;
        }
        let on = stage.get_or_insert_with(|| Stage::new(settings.clone()));
        match mark {
            "+" => {
                let (name, from) = rest.split_once(' ').expect("a name, and where from");
                on.connect(name, from);
            }
            "-" => on.leave(rest),
            "@" => on.pass_until(rest.parse().expect("seconds")),
            "=" => {
                if rest == "stop" {
                    on.glockd.shut_down();
                    on.settle();
                    played.push_str(&told(on));
                }
                stage = Some(Stage::after(settings.clone(), on.saved));
            }
            _ => {
                let (name, sent) = line.split_once('>').unwrap_or_else(|| panic!("`{line}` says nothing"));
                on.send(name, format!("{}\n", sent.strip_prefix(' ').unwrap_or(sent)).as_bytes());
            }
        }
        played.push_str(&stage.as_mut().map(told).unwrap_or_default());
    }
    played
}

fn is_told(line: &str) -> bool {
    let end = line.find(|char: char| !char.is_ascii_alphanumeric()).unwrap_or(0);
    end > 0 && matches!(line.as_bytes()[end], b'<' | b'!')
}

fn told(stage: &mut Stage) -> String {
    let mut text = String::new();
    for (name, told) in stage.hear_all() {
        for line in told.lines() {
            match line.strip_prefix('!') {
                Some(why) => text.extend([format!("{name}! {why}\n")]),
                None => text.extend([format!("{name}< {line}\n")]),
            }
        }
    }
    text
}

fn set(settings: &mut Settings, setting: &str) {
    let (key, value) = setting.split_once('=').expect("a setting and its value");
    let count = || value.parse().expect("a number");
    match key {
        "replies" if value == "named" => settings.replies = Replies::Named,
        "dump" => settings.dump = value == "on",
        "registry" => settings.registry = value == "on",
        "locks_each" => settings.locks_each = count(),
        "waiters" => settings.waiters = count(),
        "line" => settings.line = count(),
        "ahead" => settings.ahead = count(),
        "idle" => settings.idle = Some(Duration::from_secs(count() as u64)),
        _ => panic!("{key} cannot be set so"),
    }
}
