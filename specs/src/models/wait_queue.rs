//! The models of `wait_queue`: its doorway, and its three admission rules.

use super::{Model, Twin};

const JOIN: &str = "WaitQueueJoin.tla";
const TURN: &str = "WaitQueueTurn.tla";
const ADMISSION: &str = "WaitQueueAdmission.tla";
const WHOLE: &str = "WaitQueue.tla";
const LEAVE: &str = "WaitQueueLeave.tla";
const CUT: &str = "WaitQueueCut.tla";

const DOOR_PASSED: Twin = Twin {
    what: "nobody waits for those in the door",
    file: JOIN,
    old: r"/\ awaits' = [awaits EXCEPT ![p] = Procs]",
    new: r"/\ awaits' = [awaits EXCEPT ![p] = {}]",
    violates: "Inv",
};

const BLIND_READER: Twin = Twin {
    what: "a reader looks at no writer before it",
    file: TURN,
    old: r"THEN BehindNoWriter(p, {place \in before : ~Shares(place)})",
    new: r"THEN BehindNoWriter(p, {})",
    violates: "Refines",
};

const CUTTER_HOLDS: Twin = Twin {
    what: "who cuts in holds beside whom it has asked to leave",
    file: TURN,
    old: r"    /\ LET before == Before(shown, mine[p]) IN
       IF mine[p]",
    new: r"    /\ LET before == IF p \in Cutters THEN {} ELSE Before(shown, mine[p]) IN
       IF mine[p]",
    violates: "Refines",
};

pub(super) const MODELS: [Model; 8] = [
    Model {
        module: "MCFairLock",
        what: "one slot and two contenders, of which one may die",
        refines: None,
        states: 3560,
        twins: &[DOOR_PASSED],
    },
    Model {
        module: "MCRwLock",
        what: "a writer that goes on as a reader, and a reader",
        refines: None,
        states: 5157,
        twins: &[BLIND_READER],
    },
    Model {
        module: "MCRwLockOfThree",
        what: "in line a reader, a writer that goes on as a reader, and a reader",
        refines: None,
        states: 9134,
        twins: &[Twin {
            what: "a reader takes every writer before it for one that shares",
            file: ADMISSION,
            old: r"    /\ IF line[aim[p]] = whom[p] /\ mark[whom[p]]",
            new: r"    /\ IF line[aim[p]] # whom[p] /\ mark[whom[p]]",
            violates: "Refines",
        }],
    },
    Model {
        module: "MCFairLockServed",
        what: "whoever stands in line is served at last",
        refines: None,
        states: 5624,
        twins: &[Twin {
            what: "who leaves keeps its ticket in line",
            file: LEAVE,
            old: r#"       THEN /\ line' = [line EXCEPT ![mine[p]] = "empty"]"#,
            new: r"       THEN /\ line' = [line EXCEPT ![mine[p]] = p]",
            violates: "Served",
        }],
    },
    Model {
        module: "MCWaitQueueInductive",
        what: "Inv leads to Inv, whatever one contender is at, from states in which it holds",
        refines: None,
        states: 2080,
        twins: &[
            Twin {
                what: "Inv does not say what a listing of the line has seen",
                file: WHOLE,
                old: r"LineIsShown == \A p \in Procs : pc[p]",
                new: r"LineIsShown == \A p \in {} : pc[p]",
                violates: "Inv",
            },
            DOOR_PASSED,
        ],
    },
    Model {
        module: "MCReaderInductive",
        what: "Inv leads to Inv, whatever a reader is at, with a writer beside it",
        refines: None,
        states: 15846,
        twins: &[Twin {
            what: "a reader looks at the nearest writer before it only",
            file: TURN,
            old: r#"[] then[p] = "look" /\ todo[p] = {} ->"#,
            new: r#"[] then[p] = "look" ->"#,
            violates: "Inv",
        }],
    },
    Model {
        module: "MCWriterInductive",
        what: "Inv leads to Inv, whatever a writer is at that may go on as a reader, with a reader beside it",
        refines: None,
        states: 11174,
        twins: &[Twin {
            what: "a writer looks at no reader before it",
            file: TURN,
            old: r"       ELSE BehindNobody(p, before)",
            new: r"       ELSE BehindNobody(p, {place \in before : ~Shares(place)})",
            violates: "Inv",
        }],
    },
    Model {
        module: "MCCutIn",
        what: "one cuts in, and another leaves only when it is asked to",
        refines: None,
        states: 5241,
        twins: &[
            Twin {
                what: "who holds does not look whether it was asked to leave",
                file: CUT,
                old: r#"IF mark[p] THEN Goes(p, "again")"#,
                new: r#"IF TRUE THEN Goes(p, "again")"#,
                violates: "Learned",
            },
            Twin {
                what: "who cuts in once only is served, which is not promised",
                file: "MCCutIn.tla",
                old: r"SF_vars(CutAgain(p)) /\ ",
                new: "",
                violates: "CutterServed",
            },
            CUTTER_HOLDS,
        ],
    },
];

pub(super) const LARGER: [Model; 4] = [
    Model {
        module: "MCFairLockOfThree",
        what: "one slot and three contenders, of which one may die",
        refines: None,
        states: 35138,
        twins: &[DOOR_PASSED],
    },
    Model {
        module: "MCFairSemaphore",
        what: "two slots and three contenders",
        refines: None,
        states: 96772,
        twins: &[DOOR_PASSED],
    },
    Model {
        module: "MCRwLockFromEmpty",
        what: "a writer that goes on as a reader, and two readers, from the empty disk",
        refines: None,
        states: 231_851,
        twins: &[Twin { violates: "Inv", ..BLIND_READER }],
    },
    Model {
        module: "MCCutInOfThree",
        what: "one cuts in, and two others leave only when they are asked to, or like to",
        refines: None,
        states: 340_596,
        twins: &[Twin { violates: "Inv", ..CUTTER_HOLDS }],
    },
];
