//! The models of `fast_lock`.

use super::{Model, Twin};

const FILE: &str = "FastLock.tla";

const MOVE_REPLACES: Twin = Twin {
    what: "MOVE replaces a directory that holds a leaf",
    file: FILE,
    old: r"IF MayMove(tree, Proposed(p), OwnerDir)",
    new: r"IF Proposed(p) \in tree",
    violates: "OneOwner",
};

const LIVING_RECOVERED: Twin = Twin {
    what: "the living are recovered from",
    file: FILE,
    old: r#"/\ pc[id] = "dead" /\"#,
    new: r#"/\ pc[id] # "unborn" /\"#,
    violates: "NotDispossessed",
};

const UNLOCK_LEAVES: Twin = Twin {
    what: "an unlock leaves the directories",
    file: FILE,
    old: r#"IF Target(p) \in tree THEN Goes(p, "FREE owner")"#,
    new: r"IF Target(p) \in tree THEN Rests(p)",
    violates: "NothingLeftBehind",
};

const EMPTIED_IN_PLACE: Twin = Twin {
    what: "a proposal is emptied where it stands, and not moved aside",
    file: FILE,
    old: r#""CLEAR leaf again"} -> GoneLeaf(about[p])"#,
    new: r#""CLEAR leaf again"} -> ProposedLeaf(about[p])"#,
    violates: "NotDispossessed",
};

pub(super) const MODELS: [Model; 4] = [
    Model {
        module: "MCFastLock",
        what: "two contenders, of which one may be killed",
        refines: Some("Abstract"),
        states: 1572,
        twins: &[
            MOVE_REPLACES,
            LIVING_RECOVERED,
            UNLOCK_LEAVES,
            Twin {
                what: "an abstract lock that nobody can give back",
                file: "Lock.tla",
                old: r"GiveBack(p) == owner = p /\",
                new: r"GiveBack(p) == FALSE /\",
                violates: "Abstract",
            },
        ],
    },
    Model {
        module: "MCFastLockCleaned",
        what: "a contender, and a cleaner that takes back its proposals",
        refines: Some("Abstract"),
        states: 452,
        twins: &[EMPTIED_IN_PLACE],
    },
    Model {
        module: "MCFastLockFair",
        what: "attempts end, holders give back, the dead do not keep the lock",
        refines: None,
        states: 1572,
        twins: &[Twin {
            what: "who comes by a dead owner now and then need not recover it",
            file: FILE,
            old: "SF_vars(",
            new: "WF_vars(",
            violates: "DeadOwnersGo",
        }],
    },
    Model {
        module: "MCFastLockInductive",
        what: "Inv leads to Inv, whatever one contender is at, from states in which it holds",
        refines: None,
        states: 2548,
        twins: &[
            Twin {
                what: "Inv does not ask for an empty `gone` before ASIDE",
                file: FILE,
                old: r#"pc[p] \in {"CLEAR gone", "ASIDE"} /\ GoneLeaf(p) \notin tree)"#,
                new: r#"pc[p] \in {"CLEAR gone", "ASIDE"})"#,
                violates: "Inv",
            },
            Twin {
                what: "who comes to recover does not look who is dead",
                file: FILE,
                old: r#"Recover(p, id) == p \notin Cleaners /\ pc[id] = "dead""#,
                new: r#"Recover(p, id) == p \notin Cleaners /\ pc[id] = "HOLD""#,
                violates: "Inv",
            },
        ],
    },
];

pub(super) const LARGER: [Model; 3] = [
    Model {
        module: "MCFastLockOfThree",
        what: "three contenders, of which two may be killed",
        refines: None,
        states: 17363,
        twins: &[Twin { violates: "Inv", ..LIVING_RECOVERED }, UNLOCK_LEAVES],
    },
    Model {
        module: "MCFastLockOfFour",
        what: "four contenders, of which one may be killed",
        refines: None,
        states: 215_635,
        twins: &[MOVE_REPLACES],
    },
    Model {
        module: "MCFastLockCleanedOfTwo",
        what: "two contenders, and a cleaner that takes back their proposals",
        refines: None,
        states: 35531,
        twins: &[Twin { violates: "Inv", ..EMPTIED_IN_PLACE }],
    },
];
