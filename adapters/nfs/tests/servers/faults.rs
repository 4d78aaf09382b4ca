//! What the client makes of replies that are lost, cut, late or given twice.

use std::time::Duration;

use lockwright_kernel::{
    fs::{Fs, FsError},
    path::Path,
};
use lockwright_nfs::{
    NfsFs, Patience,
    serve::{Fault, Plan, Procedure, Server},
};

use crate::differential::{self, Likeness};

fn start(plan: Plan) -> Server {
    Server::start("127.0.0.1:0", plan).expect("a port is free")
}

fn client(server: &Server) -> NfsFs {
    NfsFs::open(server.address()).expect("the server is there")
}

fn path(text: &str) -> Path {
    text.parse().expect("a path")
}

/// Faults of every kind, without restarts, for one call in eight.
fn weather(seed: u64) -> Plan {
    Plan::none()
        .seeded(seed)
        .with(Fault::LoseCall, 30)
        .with(Fault::LoseReply, 30)
        .with(Fault::CutReply, 30)
        .with(Fault::DelayReply(Duration::from_millis(1)), 5)
        .with(Fault::Repeat { after: 3 }, 15)
        .with(Fault::Late { after: 3 }, 15)
}

#[test]
fn a_server_that_keeps_its_replies_gives_the_lost_one_again() {
    let plan = Plan::none().and(Procedure::Mkdir, 1, Fault::LoseReply).and(Procedure::Rename, 1, Fault::CutReply).and(
        Procedure::Rmdir,
        1,
        Fault::LoseReply,
    );
    let server = start(plan);
    let fs = client(&server);
    assert_eq!(fs.create_dir(&path("a")), Ok(()));
    assert_eq!(fs.rename(&path("a"), &path("b")), Ok(()));
    assert_eq!(fs.remove_dir(&path("b")), Ok(()));
    let figures = server.figures();
    // Known again by all of its bytes: it was sent under the same number.
    assert_eq!((figures.faults, figures.remembered), (3, 3));
}

/// A server without memory, which loses the reply to the first call of each kind.
fn forgetful() -> Plan {
    let procedures = [Procedure::Mkdir, Procedure::Rename, Procedure::Rmdir, Procedure::Create, Procedure::Remove];
    let plan = Plan::none().without_replies();
    procedures.iter().fold(plan, |plan, procedure| plan.and(*procedure, 1, Fault::LoseReply))
}

#[test]
fn a_server_that_keeps_none_refuses_what_it_has_done_and_the_client_looks() {
    let server = start(forgetful());
    let fs = client(&server);
    assert_eq!(fs.create_dir(&path("a")), Err(FsError::Io), "anybody may have made it");
    assert_eq!(fs.rename(&path("a"), &path("b")), Ok(()));
    assert_eq!(fs.list(&Path::root()), Ok(vec!["b".parse().expect("a name")]));
    assert_eq!(fs.remove_dir(&path("b")), Ok(()));
    assert_eq!(fs.create_file(&path("f"), b"42"), Ok(()), "the verifier tells");
    assert_eq!(fs.read(&path("f")), Ok(b"42".to_vec()));
    assert_eq!(fs.remove_file(&path("f")), Ok(()));
    assert_eq!(fs.list(&Path::root()), Ok(Vec::new()));
    let server = start(forgetful());
    assert_eq!(client(&server).ensure_dir(&path("a")), Ok(()), "whoever has made it");
}

#[test]
fn a_refusal_of_what_was_sent_twice_is_believed_where_a_look_confirms_it() {
    let plan = Plan::none().without_replies();
    let server =
        start((1..=4).step_by(2).fold(plan, |plan, number| plan.and(Procedure::Rename, number, Fault::LoseReply)));
    let [mine, other] = [client(&server), client(&server)];
    for dir in ["a", "b"] {
        other.create_dir(&path(dir)).expect("the tree is empty");
    }
    other.create_file(&path("b/held"), b"").expect("it is empty");
    assert_eq!(mine.rename(&path("a"), &path("b")), Err(FsError::NotEmpty), "it stands where it stood");
    other.remove_file(&path("b/held")).expect("it is there");
    assert_eq!(mine.rename(&path("a"), &path("b")), Ok(()));
    assert_eq!(mine.list(&Path::root()), Ok(vec!["b".parse().expect("a name")]));
}

#[test]
fn a_file_that_somebody_else_made_is_told_from_a_second_execution() {
    let server = start(Plan::none().without_replies().and(Procedure::Create, 2, Fault::LoseReply));
    let [mine, other] = [client(&server), client(&server)];
    assert_eq!(other.create_file(&path("f"), b"theirs"), Ok(()));
    assert_eq!(mine.create_file(&path("f"), b"mine"), Err(FsError::AlreadyExists));
    assert_eq!(mine.read(&path("f")), Ok(b"theirs".to_vec()));
}

#[test]
fn random_calls_take_effect_once_in_any_weather_while_replies_are_kept() {
    // Most calls only look, and to those no reply is kept.
    let plan = weather(2).with(Fault::LoseReply, 100).with(Fault::Restart, 10);
    let server = start(plan.with_lasting_replies());
    differential::compare(server.address(), 60, Likeness::RefusalsUnknown);
    let figures = server.figures();
    assert!(figures.restarts > 10 && figures.remembered > 10 && figures.late > 10, "{figures:?}");
}

#[test]
fn random_calls_come_to_the_same_where_what_is_lost_is_executed_twice() {
    let plan = Plan::none().seeded(3).without_replies().with(Fault::LoseCall, 30).with(Fault::LoseReply, 60);
    let server = start(plan.with(Fault::CutReply, 60));
    differential::compare(server.address(), 60, Likeness::MakersUnknown);
    assert!(server.figures().faults > 100, "{:?}", server.figures());
}

#[test]
fn a_restart_is_not_noticed_by_who_only_looks() {
    let server = start(Plan::none());
    let fs = client(&server);
    fs.create_file(&path("f"), b"42").expect("the tree is empty");
    for _ in 0..20 {
        server.restart();
        assert_eq!(fs.read(&path("f")), Ok(b"42".to_vec()));
    }
}

/// What no client can notice (RFC 1813 section 4.5): the reason why names are to be used once only.
#[test]
fn a_removal_that_comes_late_removes_what_others_have_made_since() {
    let server = start(Plan::none().without_replies().and(Procedure::Remove, 1, Fault::Late { after: 99 }));
    let [mine, other] = [client(&server), client(&server)];
    mine.create_file(&path("held"), b"").expect("the tree is empty");
    assert_eq!(mine.remove_file(&path("held")), Ok(()), "it was sent again, and executed");
    other.create_file(&path("held"), b"").expect("it was removed");
    server.flush();
    assert_eq!(other.exists(&path("held")), Ok(false));
    assert_eq!(server.figures().late, 1);
}

#[test]
fn a_server_that_says_nothing_is_given_up_after_a_while() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = silent.local_addr().expect("it is bound").port();
    let address = format!("nfs://127.0.0.1:{port}/").parse().expect("an address");
    let patience = Patience { reply: Duration::from_millis(20), whole: Duration::from_millis(100) };
    let error = NfsFs::open_with(&address, patience).expect_err("nobody answers");
    assert!(error.to_string().starts_with(&format!("127.0.0.1:{port}: ")), "{error}");
}

#[test]
fn a_call_that_is_given_up_is_answered_that_nothing_is_known() {
    let slow = Fault::DelayReply(Duration::from_millis(400));
    let plan = (1..100).fold(Plan::none(), |plan, number| plan.and(Procedure::Mkdir, number, slow));
    let server = start(plan);
    let patience = Patience { reply: Duration::from_millis(20), whole: Duration::from_millis(100) };
    let fs = NfsFs::open_with(server.address(), patience).expect("the server is there");
    assert_eq!(fs.create_dir(&path("a")), Err(FsError::Io));
    assert_eq!(fs.exists(&path("a")), Ok(true), "it was executed all the same");
}

#[test]
fn a_host_by_its_name_is_found_at_whichever_of_its_addresses_the_server_is() {
    let server = start(Plan::none());
    let address = lockwright_nfs::Address { host: "localhost".to_owned(), ..server.address().clone() };
    let patience = Patience { whole: Duration::from_secs(20), ..Patience::default() };
    let fs = NfsFs::open_with(&address, patience).expect("it is one of them");
    assert_eq!(fs.list(&Path::root()), Ok(Vec::new()));
    let nowhere = lockwright_nfs::Address { host: "no-such-host.invalid".to_owned(), ..address };
    let error = NfsFs::open(&nowhere).expect_err("there is none");
    assert!(error.to_string().starts_with("the host no-such-host.invalid is not known: "), "{error}");
}

#[test]
fn a_directory_below_the_export_is_a_root_and_what_is_none_is_refused() {
    let server = start(Plan::none());
    let fs = client(&server);
    fs.create_dir(&path("a")).expect("the tree is empty");
    fs.create_file(&path("a/f"), b"").expect("it is empty");
    let open = |below: &str| {
        let address = lockwright_nfs::Address { path: format!("/{below}"), ..server.address().clone() };
        NfsFs::open(&address).map(|fs| fs.list(&Path::root())).map_err(|error| error.to_string())
    };
    assert_eq!(open("a"), Ok(Ok(vec!["f".parse().expect("a name")])));
    assert_eq!(open("b"), Err("/b on the server: no such file or directory".to_owned()));
    assert_eq!(open("a/f"), Err("/a/f on the server: not a directory".to_owned()));
}
