------------------------- MODULE MCFastLockInductive ------------------------
(* From every state in which Inv holds, and not from the first only, each   *)
(* step leads to one in which it holds: Inv is inductive. A1 takes the      *)
(* step, whatever it is at. B1 is about to move, holds the lock, or is dead *)
(* and left a proposal whole, or taken back, or none: what Inv tells apart. *)
(* Calls act where they walked to.                                          *)
EXTENDS FastLock

MCIds == {"A1", "B1"}
MCHeir == [id \in MCIds |-> id]
Mover == "A1"
Standing == {"MOVE", "HOLD", "dead"}

(* What may stand in `owner` and in a proposal. *)
OwnerShapes ==
    LET inside == {p \in Ids : pc[p] \in Inside} IN
    IF inside # {} THEN {{OwnerDir} \union {Leaf(p) : p \in inside}}
    ELSE {{}, {OwnerDir}} \union {{OwnerDir, Leaf(p)} : p \in {p \in Ids : pc[p] = "dead"}}
Settled == Inside \union Freeing \union {"idle", "BUILD lock", "BUILD build", "BUILD proposal", "BUILD owner", "LOOK"}
Whole(id) == {Proposal(id), Proposed(id), ProposedLeaf(id)}
TakenBack(id) == {Proposal(id), Gone(id), GoneLeaf(id)}
ProposalShapes(id) ==
    IF id # Mover THEN {{}} \union (IF pc[id] = "HOLD" THEN {} ELSE {Whole(id)})
                            \union (IF pc[id] = "dead" THEN {TakenBack(id)} ELSE {})
    ELSE {{}, {Proposal(id)}, {Proposal(id), Gone(id)}, TakenBack(id)} \union
        (IF pc[id] \in Settled THEN {} ELSE {Whole(id), Whole(id) \union TakenBack(id)} \union
            (IF pc[id] = "MOVE" THEN {} ELSE {{Proposal(id), Proposed(id)}}))

Listings(p) ==
    IF pc[p] # "LOOK" THEN {NoListing}
    ELSE {list \in [dir : {OwnerDir, Nowhere}, stood : SUBSET Owners, fleeting : SUBSET Ids] :
            /\ list.dir = OwnerDir => OwnerDir \in tree
            /\ list.stood \subseteq Names(tree, list.dir)
            /\ list.stood \intersect list.fleeting = {}}

(* The states of Inv: each variable in turn, and what Inv says of it at once. That it holds in all of them is checked. *)
Anything ==
    /\ pc \in [Ids -> Alive \union {"dead"}]
    /\ pc["B1"] \in Standing /\ pc[Mover] # "dead"
    /\ \A p \in Cleaners : pc[p] \in Cleaning \union {"idle"}
    /\ Cardinality({p \in Ids : pc[p] \in Inside}) <= 1
    /\ left = Crashes - Cardinality({p \in Ids : pc[p] = "dead"}) /\ left >= 0
    /\ about \in [Ids -> Ids]
    /\ \A p \in Ids : about[p] = p \/ pc[p] \in Cleaning \union Freeing
    /\ OnlyTheDeadAreRecovered
    /\ \E owner \in OwnerShapes, a \in ProposalShapes("A1"), b \in ProposalShapes("B1") :
         IF owner \union a \union b = {} THEN tree \in {{}, {LockDir}, {LockDir, BuildDir}}
         ELSE tree = owner \union a \union b \union {LockDir, BuildDir}
    /\ ProposalsArePending
    /\ leads = [id \in Ids |-> Ahead]
    /\ \E list \in Listings(Mover) : listing = [id \in Ids |-> IF id = Mover THEN list ELSE NoListing]

OneMoves == Begins(Mover) \/ GoesOn(Mover) \/ Crash(Mover) \/ \E id \in Ids : Recover(Mover, id)
=============================================================================
