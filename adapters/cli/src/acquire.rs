//! `lockwright acquire`: `lock`, with an answer that holds all that it takes to give the lock back. And `lockwright
//! release`, which takes that answer.

use std::{os::unix::ffi::OsStrExt, process::ExitCode};

use lockwright_posix::lock::Contender;

use crate::{
    args::{AcquireArgs, ReleaseArgs},
    exit::{FAILED, Failure, LOST, NOT_HELD, failed},
    fence,
    held::Held,
    lease,
    lock::take,
    owner::print_bytes,
    text::shown_path,
    unlock::give_back,
};

/// Code 0 says that the lock is held; the token is printed, and below it the number, where one was asked for.
pub(crate) fn acquire(args: &AcquireArgs) -> Result<ExitCode, Failure> {
    take(&args.lock, |contender| {
        let held = Held::new(contender.id().clone(), contender.lock().path());
        let held = held.map_err(failed("cannot tell the working directory"))?;
        let fence = if args.fence { Some(number(contender)?) } else { None };
        let text = if args.json { json(&held, contender, fence)? } else { plain(&held, fence) };
        // Who does not learn the token could not give the lock back.
        print_bytes(&text)
    })
}

fn number(contender: &Contender) -> Result<u64, Failure> {
    let token = contender.token();
    token.map(Into::into).map_err(|error| fence::failure(contender.lock(), &error, "; the lock was not kept"))
}

fn plain(held: &Held, fence: Option<u64>) -> Vec<u8> {
    let mut text = held.to_text().as_bytes().to_vec();
    text.push(b'\n');
    text.extend(fence.map(|fence| format!("{fence}\n")).unwrap_or_default().bytes());
    text
}

/// Every key of [`Report`], and what stands there.
const KEYS: [(&str, &str); 6] = [
    ("token", "what release takes"),
    ("id", "under which the lock is held"),
    ("lock", "its absolute path"),
    ("kind", "as --kind has it"),
    ("fence", "with --fence the number; otherwise null"),
    ("expires", "with --lease when it ends unless it is renewed, in seconds since 1970; otherwise null"),
];

/// The part of `acquire --help` that is about JSON.
pub(crate) fn help() -> String {
    crate::json::help("With --json, an object with these keys, which stay:", &KEYS)
}

#[derive(serde::Serialize)]
struct Report<'a> {
    token: String,
    id: &'a str,
    lock: String,
    kind: String,
    fence: Option<u64>,
    expires: Option<u64>,
}

/// JSON is UTF-8. A path that is not is refused, for what stood in its place would not lead back.
fn json(held: &Held, contender: &Contender, fence: Option<u64>) -> Result<Vec<u8>, Failure> {
    let utf8 = |text: std::ffi::OsString| {
        text.into_string().map_err(|text| Failure::new(FAILED, format!("not UTF-8: {}", shown_path(text))))
    };
    let report = Report {
        token: utf8(held.to_text())?,
        id: held.id.name().as_str(),
        lock: utf8(held.path.clone().into_os_string())?,
        kind: contender.lock().kind().to_string(),
        fence,
        expires: contender.lease().map(|lease| lease::expires(&lease, &contender.lock().world())),
    };
    let mut text = serde_json::to_vec(&report).map_err(|error| Failure::new(FAILED, error))?;
    text.push(b'\n');
    Ok(text)
}

/// Code 0 says that the lock is given back.
pub(crate) fn release(args: &ReleaseArgs) -> Result<ExitCode, Failure> {
    let Held { id, path } = &args.token;
    let (lock, _) = crate::look::open(path, None)?;
    give_back(&lock, id).map_err(|failure| match failure.code() {
        NOT_HELD if lease::is_of_no_process(id) => failure.with_code(LOST),
        _ => failure,
    })?;
    Ok(ExitCode::SUCCESS)
}
