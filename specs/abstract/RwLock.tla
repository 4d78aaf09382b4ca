-------------------------------- MODULE RwLock --------------------------------
(* A lock for readers and writers that serves in the order of arrival, and nothing of how it does so. Readers hold   *)
(* together, a writer holds alone. A reader that came after a waiting writer waits behind it. A writer may go on as  *)
(* a reader: it shares from then on. See FairLock for what it is to come and to be ahead.                            *)
EXTENDS Integers, FiniteSets

CONSTANTS Procs, Readers
VARIABLES status, \* Of each process: "away", "coming", "waiting", "holding", or "sharing" of a writer that only reads.
          ahead   \* Who is ahead of it.

vars == <<status, ahead>>

Init == status = [p \in Procs |-> "away"] /\ ahead = [p \in Procs |-> {}]

Writers == Procs \ Readers
Holders == {p \in Procs : status[p] \in {"holding", "sharing"}}
HoldsAlone(p) == p \in Writers /\ status[p] = "holding"

Come(p) ==
    /\ status[p] = "away"
    /\ status' = [status EXCEPT ![p] = "coming"]
    /\ ahead' = [ahead EXCEPT ![p] = {q \in Procs : status[q] \in {"waiting", "holding", "sharing"}}]

Stand(p) ==
    /\ status[p] = "coming"
    /\ status' = [status EXCEPT ![p] = "waiting"]
    /\ ahead' = ahead

TakeAlone(p) ==
    /\ p \in Writers /\ status[p] = "waiting" /\ ahead[p] = {} /\ Holders = {}
    /\ status' = [status EXCEPT ![p] = "holding"]
    /\ ahead' = ahead

TakeShared(p) ==
    /\ p \in Readers /\ status[p] = "waiting"
    /\ \A q \in ahead[p] : q \in Readers \/ status[q] = "sharing"
    /\ \A q \in Holders : ~HoldsAlone(q)
    /\ status' = [status EXCEPT ![p] = "holding"]
    /\ ahead' = ahead

Share(p) ==
    /\ HoldsAlone(p)
    /\ status' = [status EXCEPT ![p] = "sharing"]
    /\ ahead' = ahead

Leave(p) ==
    /\ status[p] # "away"
    /\ status' = [status EXCEPT ![p] = "away"]
    /\ ahead' = [q \in Procs |-> IF q = p THEN {} ELSE ahead[q] \ {p}]

Next == \E p \in Procs : Come(p) \/ Stand(p) \/ TakeAlone(p) \/ TakeShared(p) \/ Share(p) \/ Leave(p)
Spec == Init /\ [][Next]_vars

Excludes == \A p \in Holders : HoldsAlone(p) => Holders = {p}
Served == \A p \in Procs : status[p] = "waiting" ~> status[p] # "waiting"
=============================================================================
