//! The models of the grace policy.

use super::{Model, Twin};

const FILE: &str = "Grace.tla";

const OLD_IS_DEAD: Twin = Twin {
    what: "whoever is noticed for longer than the grace is taken for dead",
    file: FILE,
    old: r#"IF pc[about[p]] = "dead" THEN Goes(p, "RECOVER""#,
    new: r#"IF TRUE THEN Goes(p, "RECOVER""#,
    violates: "Inv",
};

const RECOVERER_OWNS: Twin = Twin {
    what: "whoever recovers takes the lock for its own, and does not try again",
    file: FILE,
    old: r#"Goes(p, "AGAIN", p, "none")"#,
    new: r#"Goes(p, "HOLD", p, "none")"#,
    violates: "NotDispossessed",
};

pub(super) const MODELS: [Model; 2] = [
    Model {
        module: "MCGrace",
        what: "two contenders that ask about each other after a quiet time, of which one may be killed",
        refines: Some("Abstract"),
        states: 5071,
        twins: &[
            OLD_IS_DEAD,
            RECOVERER_OWNS,
            Twin {
                what: "the dead go although the clock stands still, which is not promised",
                file: FILE,
                old: r"/\ WF_vars(Tick)",
                new: r"/\ TRUE",
                violates: "DeadOwnersGo",
            },
        ],
    },
    Model {
        module: "MCGraceInductive",
        what: "Inv leads to Inv from every state in which it holds, however clocks go",
        refines: None,
        states: 6220,
        twins: &[Twin {
            what: "who is asked about may be forgotten, and another recovered from",
            file: FILE,
            old: r#"THEN Goes(p, "RECOVER", about[p], "none")"#,
            new: r#"THEN Goes(p, "RECOVER", p, "none")"#,
            violates: "Inv",
        }],
    },
];

pub(super) const LARGER: [Model; 1] = [Model {
    module: "MCGraceOfThree",
    what: "three contenders that ask about each other after a quiet time, of which two may be killed",
    refines: None,
    states: 313_555,
    twins: &[OLD_IS_DEAD, RECOVERER_OWNS],
}];
