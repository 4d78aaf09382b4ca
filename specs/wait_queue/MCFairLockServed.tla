--------------------------- MODULE MCFairLockServed ---------------------------
(* Whoever stands in line is served at last, if all go on that have begun: a crash of one does not block the others. *)
EXTENDS MCWaitQueue

Served == \A p \in Procs : Status[p] = "waiting" ~> Status[p] # "waiting"
=============================================================================
