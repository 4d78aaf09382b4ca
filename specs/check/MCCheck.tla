------------------------------ MODULE MCCheck ------------------------------
(* Three contenders, of which one may be killed.                            *)
EXTENDS Check

MCIds == {"A1", "B1", "C1"}
MCHeir == [id \in MCIds |-> id]
=============================================================================
