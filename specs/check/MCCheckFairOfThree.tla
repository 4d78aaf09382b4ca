------------------------- MODULE MCCheckFairOfThree --------------------------
(* Three contenders, of which two may be killed, and what comes about in    *)
(* time. For TLC, without symmetry, which would hide some of it.            *)
EXTENDS Check

MCHeir == [id \in Ids |-> id]
=============================================================================
