//! The models of the semaphore.

use super::{Model, Twin};
use crate::tlc::TEMPORAL;

const FILE: &str = "SlotSemaphore.tla";
const RECOVERY: &str = "SlotRecovery.tla";

const UNWRITTEN_IS_FREE: Twin = Twin {
    what: "a slot whose file is not written yet is taken for free",
    file: FILE,
    old: r"IF stands /\ owner[slot[p]] = NoOne",
    new: r"IF stands /\ Reads(slot[p]) = NoOne",
    violates: "NotDispossessed",
};

const DIRECTORY_LEFT: Twin = Twin {
    what: "who got no slot leaves the directory",
    file: FILE,
    old: r"/\ stands' = (stands /\ \E s \in 1..Slots : owner[s] # NoOne)",
    new: r"/\ stands' = stands",
    violates: "NothingLeftBehind",
};

const NEED_NOT_GO_ON: Twin = Twin {
    what: "who has begun need not go on",
    file: FILE,
    old: "WF_vars(Step(p))",
    new: "WF_vars(Make(p))",
    violates: "AttemptsEnd",
};

const FREES_FIRST: Twin = Twin {
    what: "a release frees the first slot that has an owner",
    file: FILE,
    old: "IF Reads(slot[p]) = p THEN Goes(p, \"REMOVE\"",
    new: "IF Reads(slot[p]) # NoOne THEN Goes(p, \"REMOVE\"",
    violates: "Inv",
};

const OWNER_IS_DEAD: Twin = Twin {
    what: "who is told of an owner takes it for dead",
    file: RECOVERY,
    old: r#"IF pc[about[p]] = "dead" THEN Goes(p, "RECOVER""#,
    new: r#"IF TRUE THEN Goes(p, "RECOVER""#,
    violates: "Inv",
};

const TAKES_ANYBODYS: Twin = Twin {
    what: "a slot is taken from whoever has it by then",
    file: RECOVERY,
    old: r#"    /\ Goes(p, "AGAIN", slot[p], start[p], p)
    /\ Passes(slot[p], IF owner[slot[p]] = about[p] THEN NoOne ELSE owner[slot[p]])"#,
    new: r#"    /\ Goes(p, "AGAIN", slot[p], start[p], p)
    /\ Passes(slot[p], NoOne)"#,
    violates: "NotDispossessed",
};

pub(super) const MODELS: [Model; 6] = [
    Model {
        module: "MCSlotSemaphore",
        what: "three contenders for two slots",
        refines: Some("Abstract"),
        states: 6808,
        twins: &[
            UNWRITTEN_IS_FREE,
            DIRECTORY_LEFT,
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
        twins: &[NEED_NOT_GO_ON],
    },
    Model {
        module: "MCSlotSemaphoreInductive",
        what: "Inv leads to Inv from every state in which it holds",
        refines: None,
        states: 760,
        twins: &[FREES_FIRST],
    },
    Model {
        module: "MCSlotRecovery",
        what: "two contenders for two slots, one of which may be killed and come again",
        refines: Some("Abstract"),
        states: 7198,
        twins: &[OWNER_IS_DEAD, TAKES_ANYBODYS],
    },
    Model {
        module: "MCSlotRecoveryFair",
        what: "the dead do not keep all slots",
        refines: None,
        states: 213,
        twins: &[Twin {
            what: "in the second pass nobody asks either",
            file: RECOVERY,
            old: r#"IF pc[p] = "PASS AGAIN" THEN Goes"#,
            new: r"IF FALSE THEN Goes",
            violates: "NotForeverFull",
        }],
    },
    Model {
        module: "MCSlotRecoveryInductive",
        what: "Inv leads to Inv from states in which it holds, of two contenders for two slots",
        refines: None,
        states: 4015,
        twins: &[Twin {
            what: "Inv does not say that what is recovered from is dead",
            file: RECOVERY,
            old: r#"/\ \A p \in Ids : pc[p] \in {"RECOVER", "SWEEP RECOVER"} => pc[about[p]] = "dead""#,
            new: r"/\ TRUE",
            violates: "Inv",
        }],
    },
];

pub(super) const LARGER: [Model; 4] = [
    Model {
        module: "MCSlotSemaphoreOfFour",
        what: "four contenders for three slots",
        refines: None,
        states: 63014,
        twins: &[UNWRITTEN_IS_FREE, DIRECTORY_LEFT],
    },
    Model {
        module: "MCSlotSemaphoreFairOfThree",
        what: "attempts and releases of three end",
        refines: None,
        states: 6808,
        twins: &[Twin { violates: TEMPORAL, ..NEED_NOT_GO_ON }],
    },
    Model {
        module: "MCSlotSemaphoreInductiveOfThree",
        what: "Inv leads to Inv from every state in which it holds, of three for two slots",
        refines: None,
        states: 2776,
        twins: &[FREES_FIRST],
    },
    Model {
        module: "MCSlotRecoveryOfThree",
        what: "three contenders for two slots, one of which may be killed",
        refines: None,
        states: 22228,
        twins: &[OWNER_IS_DEAD, TAKES_ANYBODYS],
    },
];
