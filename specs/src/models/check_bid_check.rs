//! The models of `check_bid_check`.

use super::{Model, Twin};
use crate::tlc::TEMPORAL;

const FILE: &str = "CheckBidCheck.tla";

const ONE_LOOK: Twin = Twin {
    what: "nobody looks again after its bid",
    file: FILE,
    old: "/\\ bidding' = [bidding EXCEPT ![p] = TRUE]\n    /\\ Goes(p, \"CHECK AGAIN\")",
    new: "/\\ bidding' = bidding\n    /\\ Goes(p, \"HOLD\")",
    violates: "MutualExclusion",
};

const UNREAD_IS_NONE: Twin = Twin {
    what: "a bid that cannot be read is taken for none",
    file: FILE,
    old: r"/\ e \in folder /\ Retreats(p)",
    new: r"/\ e \in folder /\ Onwards(p, todo[p] \ {e})",
    violates: "MutualExclusion",
};

const RETREAT_LEAVES: Twin = Twin {
    what: "who retreats leaves its bid",
    file: FILE,
    old: r#"IF bidding[p] THEN "WITHDRAW" ELSE "idle""#,
    new: r#"IF bidding[p] THEN "idle" ELSE "idle""#,
    violates: "NothingLeftBehind",
};

pub(super) const MODELS: [Model; 4] = [
    Model {
        module: "MCCheckBidCheck",
        what: "two contenders, of which one may be killed; a bid may come to be one that cannot be read",
        refines: Some("Abstract"),
        states: 507,
        twins: &[
            ONE_LOOK,
            UNREAD_IS_NONE,
            Twin {
                what: "whoever bids is taken for dead",
                file: FILE,
                old: r#"/\ IF pc[about[p]] = "dead""#,
                new: r#"/\ IF pc[about[p]] # "unborn""#,
                violates: "NotDispossessed",
            },
            RETREAT_LEAVES,
        ],
    },
    Model {
        module: "MCCheckBidCheckOfThree",
        what: "three contenders",
        refines: Some("Abstract"),
        states: 8848,
        twins: &[Twin {
            what: "of those that are in the way only one is challenged",
            file: FILE,
            old: r"CASE e \notin folder -> Onwards(p, todo[p] \ {e})",
            new: r"CASE e \notin folder -> Onwards(p, {})",
            violates: "MutualExclusion",
        }],
    },
    Model {
        module: "MCCheckBidCheckFair",
        what: "attempts end, and the dead block nobody for ever",
        refines: None,
        states: 507,
        twins: &[Twin {
            what: "somebody holds at last, which is not promised: two that bid together may both retreat, for ever",
            file: "MCCheckBidCheckFair.cfg",
            old: "PROPERTIES AttemptsEnd",
            new: "PROPERTIES SomebodyHolds AttemptsEnd",
            violates: "SomebodyHolds",
        }],
    },
    Model {
        module: "MCCheckBidCheckInductive",
        what: "Inv leads to Inv from every state in which it holds",
        refines: None,
        states: 1008,
        twins: &[Twin {
            what: "of a listing that is under way, what stood all the time may be missed",
            file: FILE,
            old: r"/\ Onwards(p, listing[p].stood \union fleeting)",
            new: r"/\ Onwards(p, fleeting)",
            violates: "Inv",
        }],
    },
];

pub(super) const LARGER: [Model; 2] = [
    Model {
        module: "MCCheckBidCheckOfFour",
        what: "four contenders, of which one may be killed; a bid may come to be one that cannot be read",
        refines: None,
        states: 1_637_608,
        twins: &[ONE_LOOK, Twin { violates: "Inv", ..UNREAD_IS_NONE }, Twin { violates: "Inv", ..RETREAT_LEAVES }],
    },
    Model {
        module: "MCCheckBidCheckFairOfThree",
        what: "of three attempts end, and the dead block nobody for ever",
        refines: None,
        states: 23095,
        twins: &[Twin {
            what: "somebody holds at last, which is not promised: two that bid together may both retreat, for ever",
            file: "MCCheckBidCheckFairOfThree.cfg",
            old: "PROPERTIES AttemptsEnd",
            new: "PROPERTIES SomebodyHolds AttemptsEnd",
            violates: TEMPORAL,
        }],
    },
];
