------------------------------ MODULE MCGrace ------------------------------
(* Two contenders, of which one may be killed.                              *)
EXTENDS Grace

MCIds == {"A1", "B1"}
MCHeir == [id \in MCIds |-> id]
=============================================================================
