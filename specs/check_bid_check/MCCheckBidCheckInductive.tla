---------------------- MODULE MCCheckBidCheckInductive ----------------------
(* From every state in which Inv holds, and not from the first only, each   *)
(* step leads to one in which it holds: Inv is inductive.                   *)
EXTENDS CheckBidCheck

MCIds == {"A1", "B1"}
MCHeir == [id \in MCIds |-> id]

Steps == Checking \union {"idle", "dead", "TIDY", "WRITE", "FILL", "BID", "WITHDRAW", "WITHDRAW new", "HOLD"}

Entries == {New("A1"), Bid("A1"), New("B1"), Bid("B1")}

Todos(p) ==
    IF pc[p] \in {"CHALLENGE", "ASK", "REMOVE", "TIDY"} THEN SUBSET Matters(p, Entries) ELSE {{}}

Listings(p) ==
    IF pc[p] # "CHECK" THEN {NoListing}
    ELSE {[stood |-> stood, fleeting |-> fleeting] :
            stood \in SUBSET Matters(p, folder), fleeting \in SUBSET Matters(p, Entries)}

(* The first parts only name the values to try. *)
Anything ==
    /\ pc \in [Ids -> Steps]
    /\ left \in 0..Crashes
    /\ bidding \in [Ids -> BOOLEAN]
    /\ folder \in SUBSET Entries
    /\ whole \in SUBSET Ids
    /\ \A p \in Ids : EntriesOK(p)
    /\ about \in [Ids -> Ids]
    /\ \E a \in Todos("A1"), b \in Todos("B1") : todo = [p \in Ids |-> IF p = "A1" THEN a ELSE b]
    /\ \E a \in Listings("A1"), b \in Listings("B1") : listing = [p \in Ids |-> IF p = "A1" THEN a ELSE b]
    /\ Inv
=============================================================================
