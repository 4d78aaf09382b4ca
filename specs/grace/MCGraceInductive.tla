------------------------- MODULE MCGraceInductive -------------------------
(* From every state in which Inv holds, and not from the first only, each   *)
(* step leads to one in which it holds: Inv is inductive. No time is quiet  *)
(* enough to wait for here, which is the same as any clock.                 *)
EXTENDS Grace

MCIds == {"A1", "B1"}
MCHeir == [id \in MCIds |-> id]

Plain == {"idle", "dead", "TRY", "TRY AGAIN", "AGAIN", "HOLD", "FORGET", "SWEEP"}

AboutOne == {"FORGET me", "NOTICE", "IN USE", "DELAY", "TOUCH", "ASK", "RECOVER", "FORGET owner", "CLEAN"}

(* The first parts only name the values to try. *)
Anything ==
    /\ owner \in Ids \union {NoOne}
    /\ pc \in [Ids -> Plain \union AboutOne \union {"AGE", "AGE now"}]
    /\ about \in [Ids -> Ids]
    /\ \A p \in Ids : pc[p] \in Plain => about[p] = p
    /\ left \in 0..Crashes
    /\ Inv
    /\ goal \in [Ids -> {"none", "DELAY", "TOUCH", "CLEAN"}]
    /\ \A p \in Ids : (goal[p] # "none") = (pc[p] \in {"AGE", "AGE now"})
    /\ met \in [Ids -> {{}, Ids}]
    /\ \A p \in Ids : (met[p] # {}) = (pc[p] \in Trying)
    /\ quiet \in [Ids -> {0, 1}]
    /\ read = [p \in Ids |-> IF pc[p] = "AGE now" THEN 1 ELSE 0]
    /\ young = [p \in Ids |-> FALSE]
=============================================================================
