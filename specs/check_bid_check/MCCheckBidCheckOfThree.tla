----------------------- MODULE MCCheckBidCheckOfThree -----------------------
(* Three contenders. A listing is one step.                                 *)
EXTENDS CheckBidCheck

MCIds == {"A1", "B1", "C1"}
MCHeir == [id \in MCIds |-> id]
=============================================================================
