//! The models of the check policy.

use super::{Model, Twin};
use crate::tlc::TEMPORAL;

const FILE: &str = "Check.tla";

const ALL_RECOVERED: Twin = Twin {
    what: "everybody is recovered from, dead or not",
    file: FILE,
    old: r#"IF pc[about[p]] = "dead""#,
    new: r#"IF pc[about[p]] # "unborn""#,
    violates: "Inv",
};

const FREES_ANYBODYS: Twin = Twin {
    what: "a recovery frees the lock, whoever owns it by now",
    file: FILE,
    old: "Passes(IF owner = about[p] THEN NoOne ELSE owner)",
    new: "Passes(NoOne)",
    violates: "NotDispossessed",
};

const NOBODY_ASKS: Twin = Twin {
    what: "nobody asks",
    file: FILE,
    old: r#"IF pc[p] = "TRY" THEN Goes(p, "ASK", id)"#,
    new: r#"IF FALSE THEN Goes(p, "ASK", id)"#,
    violates: "DeadOwnersGo",
};

pub(super) const MODELS: [Model; 2] = [
    Model {
        module: "MCCheck",
        what: "three contenders that ask about each other, of which one may be killed",
        refines: Some("Abstract"),
        states: 2292,
        twins: &[ALL_RECOVERED, FREES_ANYBODYS, NOBODY_ASKS],
    },
    Model {
        module: "MCCheckInductive",
        what: "Inv leads to Inv from every state in which it holds",
        refines: None,
        states: 15488,
        twins: &[Twin {
            what: "who is asked about may be forgotten, and another recovered from",
            file: FILE,
            old: r#"THEN "RECOVER" ELSE "SWEEP RECOVER", about[p])"#,
            new: r#"THEN "RECOVER" ELSE "SWEEP RECOVER", p)"#,
            violates: "Inv",
        }],
    },
];

pub(super) const LARGER: [Model; 2] = [
    Model {
        module: "MCCheckOfFive",
        what: "five contenders that ask about each other, of which two may be killed",
        refines: None,
        states: 52511,
        twins: &[ALL_RECOVERED, FREES_ANYBODYS],
    },
    Model {
        module: "MCCheckFairOfThree",
        what: "of three the dead do not keep the lock, when two may be killed",
        refines: None,
        states: 2442,
        twins: &[Twin { violates: TEMPORAL, ..NOBODY_ASKS }],
    },
];
