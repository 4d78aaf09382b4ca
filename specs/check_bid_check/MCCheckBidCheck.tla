-------------------------- MODULE MCCheckBidCheck --------------------------
(* Two contenders, of which one may be killed.                              *)
EXTENDS CheckBidCheck

MCIds == {"A1", "B1"}
MCHeir == [id \in MCIds |-> id]
=============================================================================
