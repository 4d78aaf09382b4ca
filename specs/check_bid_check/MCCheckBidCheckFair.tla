------------------------ MODULE MCCheckBidCheckFair ------------------------
(* The same, and what comes about in time. A bid can be read at last.       *)
EXTENDS CheckBidCheck

MCIds == {"A1", "B1"}
MCHeir == [id \in MCIds |-> id]
=============================================================================
