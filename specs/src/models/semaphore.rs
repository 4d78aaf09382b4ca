//! The models of the semaphore.

use super::{Model, Twin};

const FILE: &str = "SlotSemaphore.tla";

pub(super) const MODELS: [Model; 3] = [
    Model {
        module: "MCSlotSemaphore",
        what: "three contenders for two slots",
        refines: Some("Abstract"),
        states: 6808,
        twins: &[
            Twin {
                what: "a slot whose file is not written yet is taken for free",
                file: FILE,
                old: r"IF stands /\ owner[slot[p]] = NoOne",
                new: r"IF stands /\ Reads(slot[p]) = NoOne",
                violates: "NotDispossessed",
            },
            Twin {
                what: "who got no slot leaves the directory",
                file: FILE,
                old: r"/\ stands' = (stands /\ \E s \in 1..Slots : owner[s] # NoOne)",
                new: r"/\ stands' = stands",
                violates: "NothingLeftBehind",
            },
            Twin {
                what: "an abstract semaphore that nobody can leave",
                file: "Semaphore.tla",
                old: r"Leave(p) == p \in inside",
                new: "Leave(p) == FALSE",
                violates: "Abstract",
            },
        ],
    },
    Model {
        module: "MCSlotSemaphoreFair",
        what: "attempts and releases end",
        refines: None,
        states: 351,
        twins: &[Twin {
            what: "who has begun need not go on",
            file: FILE,
            old: "WF_vars(Step(p))",
            new: "WF_vars(Make(p))",
            violates: "AttemptsEnd",
        }],
    },
    Model {
        module: "MCSlotSemaphoreInductive",
        what: "Inv leads to Inv from every state in which it holds",
        refines: None,
        states: 760,
        twins: &[Twin {
            what: "a release frees the first slot that has an owner",
            file: FILE,
            old: "IF Reads(slot[p]) = p THEN Goes(p, \"REMOVE\"",
            new: "IF Reads(slot[p]) # NoOne THEN Goes(p, \"REMOVE\"",
            violates: "Inv",
        }],
    },
];
