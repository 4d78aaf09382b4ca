--------------------- MODULE MCCheckBidCheckFairOfThree ----------------------
(* Three contenders, of which one may be killed, and what comes about in    *)
(* time. A listing is one step. For TLC, without symmetry, which would hide *)
(* some of it.                                                              *)
EXTENDS CheckBidCheck

MCHeir == [id \in Ids |-> id]
=============================================================================
