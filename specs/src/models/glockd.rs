//! The models of glockd: a server, its clients, and the network between them.

use super::{Model, Twin};

const SERVER: &str = "GlockDServer.tla";
const WHOLE: &str = "GlockD.tla";

const RELEASED_BY_ANYBODY: Twin = Twin {
    what: "a lock is released by its name, whoever asks",
    file: SERVER,
    old: "    IF Holds(g, s, n)\n    THEN Serve(",
    new: "    IF g.locks[n].holder # NoOne\n    THEN Serve(",
    violates: "SureOnesHold",
};

const GONE_IN_LINE: Twin = Twin {
    what: "who goes stays in line",
    file: SERVER,
    old: r"LAMBDA s : s \notin gone)",
    new: "LAMBDA s : TRUE)",
    violates: "LinesMove",
};

const GONE_SHARES: Twin = Twin {
    what: "a holder of a shared lock that goes is counted still",
    file: SERVER,
    old: r"Unshared(IF n \in names THEN Released(g.locks[n]) ELSE g.locks[n], s)",
    new: r"IF n \in names THEN Released(g.locks[n]) ELSE g.locks[n]",
    violates: "NoOrphan",
};

const COUNTS_FROM_ANSWER: Twin = Twin {
    what: "a client counts its time from the answer",
    file: WHOLE,
    old: "IF sent[s] > @ THEN sent[s] ELSE @",
    new: "now",
    violates: "SureOnesHold",
};

const NO_GRACE: Twin = Twin {
    what: "a server goes on at once after an unclean end",
    file: SERVER,
    old: "Machine(g.epoch + 1, g.since, at, FALSE)",
    new: "Machine(g.epoch + 1, g.epoch + 1, at, TRUE)",
    violates: "SureOnesHold",
};

const SHORT_GRACE: Twin = Twin {
    what: "the time of grace is over before holders know that their locks are lost",
    file: SERVER,
    old: "at + GraceTime",
    new: "at + 1",
    violates: "SureOnesHold",
};

const SERVES_NOBODY: Twin = Twin {
    what: "a release serves nobody",
    file: SERVER,
    old: r"Released(g.locks[n])]], {n}, {<<s, Yes(0)>>})",
    new: r"Released(g.locks[n])]], {}, {<<s, Yes(0)>>})",
    violates: "Inv",
};

pub(super) const MODELS: [Model; 6] = [
    Model {
        module: "MCGlockD",
        what: "two clients that stand in line for a lock, one of which goes",
        refines: Some("Abstract"),
        states: 3451,
        twins: &[
            RELEASED_BY_ANYBODY,
            GONE_IN_LINE,
            Twin {
                what: "where a holder is gone, nobody in line is served",
                file: SERVER,
                old: "names, {})\n\n(* A claim is good",
                new: "{}, {})\n\n(* A claim is good",
                violates: "LinesMove",
            },
        ],
    },
    Model {
        module: "MCGlockDShared",
        what: "two clients that share a lock, and a connection that breaks",
        refines: Some("Abstract"),
        states: 1236,
        twins: &[GONE_SHARES],
    },
    Model {
        module: "MCGlockDBreak",
        what: "two clients, a connection that breaks, and time; no sign of life comes through",
        refines: Some("Abstract"),
        states: 5945,
        twins: &[
            Twin {
                what: "a broken connection is taken for a client that is gone",
                file: WHOLE,
                old: "THEN Loss(server, s) ELSE",
                new: "THEN Disconnect(server, s) ELSE",
                violates: "SureOnesHold",
            },
            Twin {
                what: "a client is taken for gone before it can know",
                file: SERVER,
                old: r#"g.known[s] = "here" /\ at >= g.heard[s] + Silence}"#,
                new: r#"g.known[s] = "here" /\ at >= g.heard[s] + 1}"#,
                violates: "SureOnesHold",
            },
            COUNTS_FROM_ANSWER,
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
        module: "MCGlockDRestart",
        what: "a server that dies, its holder who comes back, and another who waits",
        refines: Some("Abstract"),
        states: 3617,
        twins: &[
            Twin {
                what: "a server knows nothing of its last run",
                file: SERVER,
                old: "Machine(g.epoch + 1, g.since, at, FALSE)",
                new: "Start",
                violates: "SureOnesHold",
            },
            Twin {
                what: "a run has the number of the one before it",
                file: SERVER,
                old: "Machine(g.epoch + 1, g.since, at, FALSE)",
                new: "Machine(g.epoch, g.since, at, FALSE)",
                violates: "FencesGrow",
            },
            NO_GRACE,
            SHORT_GRACE,
        ],
    },
    Model {
        module: "MCGlockDTwoNames",
        what: "two clients, two locks, a command that is cut, and Inv from the beginning",
        refines: None,
        states: 2566,
        twins: &[
            Twin {
                what: "what is read is a line, whether it has an end or not",
                file: WHOLE,
                old: "{To(Hears(server, s, now), {})}",
                new: "Answers(Hears(server, s, now), s, up[s], now)",
                violates: "Inv",
            },
            Twin {
                what: "of all that one held who is gone, one lock is released",
                file: SERVER,
                old: r"    LET names == {n \in Names : Holds(g, s, n)} IN",
                new: r"    LET held == {n \in Names : Holds(g, s, n)}
           names == {CHOOSE n \in Names : n \in held \/ held = {}} IN",
                violates: "Inv",
            },
            SERVES_NOBODY,
        ],
    },
    Model {
        module: "MCGlockDInductive",
        what: "Inv leads to Inv, whatever one client, the server, or time does, from states in which it holds",
        refines: None,
        states: 27214,
        twins: &[Twin {
            what: "Inv does not say that who is forgotten gives up before anything is granted",
            file: WHOLE,
            old: "    /\\ TheForgottenGiveUp\n",
            new: "",
            violates: "SureOnesHold",
        }],
    },
];

pub(super) const LARGER: [Model; 5] = [
    Model {
        module: "MCGlockDOfThree",
        what: "three clients that stand in line for a lock, one of which goes",
        refines: None,
        states: 137_969,
        twins: &[Twin { violates: "Inv", ..RELEASED_BY_ANYBODY }, Twin { violates: "Inv", ..GONE_IN_LINE }],
    },
    Model {
        module: "MCGlockDSharedOfThree",
        what: "three clients that share a lock, and a connection that breaks",
        refines: None,
        states: 6093,
        twins: &[GONE_SHARES],
    },
    Model {
        module: "MCGlockDTwoNamesOfThree",
        what: "three clients, two locks, and a command that is cut",
        refines: None,
        states: 11487,
        twins: &[Twin { violates: "LinesMove", ..SERVES_NOBODY }],
    },
    Model {
        module: "MCGlockDBreakOfThree",
        what: "three clients, a connection that breaks, and time; no sign of life comes through",
        refines: None,
        states: 42142,
        twins: &[Twin { violates: "Inv", ..COUNTS_FROM_ANSWER }],
    },
    Model {
        module: "MCGlockDRestartOfThree",
        what: "a server that dies, its holder who comes back, and two others who wait",
        refines: None,
        states: 61674,
        twins: &[Twin { violates: "Inv", ..SHORT_GRACE }, Twin { violates: "Inv", ..NO_GRACE }],
    },
];
