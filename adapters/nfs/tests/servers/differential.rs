//! Random sequences of calls get the same answers from the file system in memory and from a server.

use std::cell::Cell;

use lockwright_kernel::fs::{
    Fs, FsError,
    call::{Answer, Call},
};
use lockwright_nfs::{
    Address, NfsFs,
    serve::{Plan, Server},
};
use proptest::{collection::vec, prelude::*};

use crate::{
    differences::{answer_the_same, call},
    ganesha::Ganesha,
};

/// How close the answers of a server are to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Likeness {
    /// The same.
    Same,
    /// The same, where a refusal may be [`FsError::Io`] instead: the client cannot tell what was refused.
    RefusalsUnknown,
    /// The same, where that may also be so of a directory that was made: the client cannot tell by whom.
    MakersUnknown,
}

impl Likeness {
    fn allows(self, call: &Call, expected: &Answer, got: &Answer) -> bool {
        let may_be_unknown = match self {
            Self::Same => false,
            Self::RefusalsUnknown => expected.is_err(),
            Self::MakersUnknown => expected.is_err() || matches!(call, Call::CreateDir(_)),
        };
        may_be_unknown && *got == Err(FsError::Io)
    }
}

/// Each case has a directory of its own, mounted below the export.
pub(crate) fn compare(address: &Address, cases: u32, likeness: Likeness) {
    let (root, count) = (NfsFs::open(address).expect("the server is there"), Cell::new(0));
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases) };
    proptest!(config, |(calls in vec(call(), 1..40))| {
        count.set(count.get() + 1);
        let name = format!("case-{}", count.get());
        root.ensure_dir(&name.parse().expect("a path")).expect("a directory for the case");
        let address = Address { path: format!("{}/{name}", address.path.trim_end_matches('/')), ..address.clone() };
        let server = NfsFs::open(&address).expect("the server is there");
        answer_the_same(&server, &calls, |call, expected, got| likeness.allows(call, expected, got))?;
    });
}

#[test]
fn ganesha_answers_as_the_file_system_in_memory() {
    if let Some(server) = Ganesha::start() {
        compare(&server.address, 200, Likeness::Same);
    }
}

#[test]
fn our_own_server_answers_as_the_file_system_in_memory() {
    let server = Server::start("127.0.0.1:0", Plan::none()).expect("a port is free");
    compare(server.address(), 200, Likeness::Same);
}
