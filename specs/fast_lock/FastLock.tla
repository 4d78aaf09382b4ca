------------------------------ MODULE FastLock ------------------------------
(* Fast lock: a mutex made by moving a prepared directory to where the lock *)
(* is. The code is kernel/src/fast_lock.rs, whose steps have the same names.*)
(*                                                                          *)
(*   lock/build/<id>/owner/<id>   a proposal: the lock as it will be        *)
(*   lock/build/<id>/gone/<id>    a proposal that was taken back            *)
(*   lock/owner/<id>              the lock is held by <id>                  *)
(*                                                                          *)
(* A contender looks at `owner`, builds a proposal with its leaf in it, and *)
(* moves it to `owner`, which the file system lets happen only while that   *)
(* is absent or empty. So there are never two leaves in it, and a leaf goes *)
(* only by its own name. A cleaner takes back a proposal at any time by     *)
(* moving it aside. Who is dead is recovered: its proposal is taken back,   *)
(* and its leaf removed.                                                    *)
(*                                                                          *)
(* One step here is one call of the code. A call first walks to its         *)
(* directory and then takes effect there. The walk matters only when that   *)
(* directory is moved, or replaced, in between, so it is the move that says *)
(* whose calls had walked there already (`W`); their effects follow the     *)
(* directory (`leads`). A listing takes two steps, and what comes or goes   *)
(* between them may be seen or not.                                         *)
EXTENDS Directories, FiniteSets

CONSTANTS
    Ids,      \* the processes, whose ids are names
    Born,     \* those of them that run from the beginning
    Heir,     \* of each process the one that its client goes on with after a crash, or itself
    Cleaners, \* those that clean instead of locking
    Crashes,  \* so many processes may be killed
    Splits    \* whether a call walks in a step of its own

VARIABLES
    tree,    \* the entries on disk
    pc,      \* of each process the step it takes next
    about,   \* of each process whose entries its steps are about
    leads,   \* of each process where its next call leads, if its directory was moved since it walked there
    listing, \* of each process what its listing has seen so far
    left     \* so many may still be killed

vars == <<tree, pc, about, leads, listing, left>>

LockDir == <<"lock">>
OwnerDir == <<"lock", "owner">>
BuildDir == <<"lock", "build">>
Leaf(id) == <<"lock", "owner", id>>
Proposal(id) == <<"lock", "build", id>>
Proposed(id) == <<"lock", "build", id, "owner">>
ProposedLeaf(id) == <<"lock", "build", id, "owner", id>>
Gone(id) == <<"lock", "build", id, "gone">>
GoneLeaf(id) == <<"lock", "build", id, "gone", id>>

(* A call that walked nowhere special yet, and one in a directory that is gone. *)
Ahead == << >>
Nowhere == <<"nowhere", "at all">>
NoListing == [dir |-> Ahead, stood |-> {}, fleeting |-> {}]

(* Where the next call of p goes, of those calls whose directory may be moved or replaced. *)
Path(p) ==
    CASE pc[p] = "SIGN" -> ProposedLeaf(p)
      [] pc[p] \in {"VERIFY", "WITHDRAW leaf"} -> Leaf(p)
      [] pc[p] \in {"HOLD", "REMOVE"} -> Leaf(about[p])
      [] pc[p] \in {"CLEAR leaf", "CLEAR leaf again"} -> GoneLeaf(about[p])
      [] OTHER -> Ahead

Target(p) == IF leads[p] = Ahead THEN Path(p) ELSE leads[p]

(* Somebody lists a directory that turns from `was` to `is`. *)
Notice(seen, was, is) ==
    LET before == Names(was, seen.dir)
        after == Names(is, seen.dir)
    IN [dir |-> IF seen.dir \in is THEN seen.dir ELSE Nowhere,
        stood |-> seen.stood \intersect after,
        fleeting |-> seen.fleeting \union (before \ after) \union ((after \ before) \ seen.stood)]

(* p leaves all as it is. *)
Looks(p) ==
    /\ tree' = tree
    /\ leads' = IF leads[p] = Ahead THEN leads ELSE [leads EXCEPT ![p] = Ahead]
    /\ listing' = IF listing[p] = NoListing THEN listing ELSE [listing EXCEPT ![p] = NoListing]

(* p makes or removes an entry, or leaves all as it is. *)
Changes(p, new) ==
    /\ tree' = new
    /\ leads' =
         IF \A q \in Ids : leads[q] = Ahead THEN leads
         ELSE [q \in Ids |->
            CASE q = p -> Ahead
              [] leads[q] \in {Ahead, Nowhere} -> leads[q]
              [] OTHER -> IF Parent(leads[q]) \in tree' THEN leads[q] ELSE Nowhere]
    /\ listing' =
         IF \A q \in Ids : listing[q].dir = Ahead THEN listing
         ELSE [q \in Ids |->
            CASE q = p -> NoListing
              [] listing[q].dir \in {Ahead, Nowhere} -> listing[q]
              [] OTHER -> Notice(listing[q], tree, tree')]

(* Whose calls may have walked into what a move takes away or replaces. *)
Walkers(p, from, to) ==
    {q \in Ids \ {p} :
        /\ Path(q) # Ahead
        /\ leads[q] = Ahead
        /\ Within(Parent(Path(q)), from) \/ (to \in tree /\ Parent(Path(q)) = to)}

Follows(path, from, to) ==
    CASE Within(Parent(path), from) -> Rebase(path, from, to)
      [] to \in tree /\ Parent(path) = to -> Nowhere
      [] OTHER -> path

(* p moves a directory into which the calls of W had walked. *)
Moves(p, from, to, W) ==
    /\ tree' = Move(tree, from, to)
    /\ leads' = [q \in Ids |->
         CASE q = p -> Ahead
           [] q \in W -> Follows(Path(q), from, to)
           [] leads[q] \in {Ahead, Nowhere} -> leads[q]
           [] OTHER -> Follows(leads[q], from, to)]
    /\ listing' = [q \in Ids |->
         CASE q = p -> NoListing
           [] listing[q].dir = to /\ to \in tree -> [listing[q] EXCEPT !.dir = Nowhere]
           [] OTHER -> listing[q]]

(* The sets of those that may have, where p moves a directory. *)
Walked(p) ==
    IF ~Splits THEN {{}}
    ELSE CASE pc[p] = "MOVE" /\ MayMove(tree, Proposed(p), OwnerDir) ->
                SUBSET Walkers(p, Proposed(p), OwnerDir)
           [] pc[p] = "ASIDE" /\ MayMove(tree, Proposed(about[p]), Gone(about[p])) ->
                SUBSET Walkers(p, Proposed(about[p]), Gone(about[p]))
           [] OTHER -> {{}}

Goes(p, step) == pc' = [pc EXCEPT ![p] = step] /\ UNCHANGED <<about, left>>

Rests(p) ==
    /\ pc' = [pc EXCEPT ![p] = "idle"]
    /\ about' = [about EXCEPT ![p] = p]
    /\ UNCHANGED left

(****************************************************************************)
(* Lock.                                                                    *)
(****************************************************************************)

(* 1 LOOK: a leaf in `owner` is the owner; the attempt ends. *)
Look(p) ==
    /\ pc[p] = "idle" /\ p \notin Cleaners
    /\ IF OwnerDir \in tree
       THEN /\ Goes(p, "LOOK")
            /\ listing' = [listing EXCEPT ![p] =
                 [dir |-> OwnerDir, stood |-> Names(tree, OwnerDir), fleeting |-> {}]]
            /\ UNCHANGED <<tree, leads>>
       ELSE Goes(p, "BUILD lock") /\ Looks(p)

(* What a listing may show of the entries; one of them, for there should be no more. *)
Seen(p) ==
    IF pc[p] # "LOOK" THEN {{}}
    ELSE (IF listing[p].stood = {} THEN {{}} ELSE {})
            \union {{id} : id \in listing[p].stood \union listing[p].fleeting}

Looked(p, seen) ==
    /\ Looks(p)
    /\ IF seen = {} THEN Goes(p, "BUILD lock") ELSE Rests(p)

(* 2 BUILD: the directories of the proposal, each in the one before. *)
Build(p, dir, next) ==
    /\ Changes(p, Make(tree, dir))
    /\ Goes(p, IF Stands(tree, Parent(dir)) THEN next ELSE "WITHDRAW leaf")

(* 3 SIGN: the leaf in it. *)
Sign(p) ==
    /\ Changes(p, Make(tree, Target(p)))
    /\ Goes(p, IF Stands(tree, Parent(Target(p))) THEN "MOVE" ELSE "WITHDRAW leaf")

(* 4 MOVE. *)
MoveIn(p, W) ==
    /\ IF MayMove(tree, Proposed(p), OwnerDir)
       THEN Moves(p, Proposed(p), OwnerDir, W) /\ Goes(p, "VERIFY")
       ELSE Looks(p) /\ Goes(p, "WITHDRAW leaf")

(* 5 VERIFY. *)
Verify(p) ==
    /\ Looks(p)
    /\ Goes(p, IF Target(p) \in tree THEN "TIDY proposal" ELSE "WITHDRAW leaf")

(* 6 TIDY, 7 HOLD. *)
Discard(p, dir, next) ==
    /\ Changes(p, RemoveEmpty(tree, dir))
    /\ Goes(p, next)

(* 8 WITHDRAW: and then it cleans up after itself. *)
WithdrawLeaf(p) ==
    /\ Changes(p, Remove(tree, Target(p)))
    /\ Goes(p, "WITHDRAW owner")

(****************************************************************************)
(* Unlock, and the second half of a recovery.                               *)
(****************************************************************************)

(* 1 REMOVE. *)
RemoveLeaf(p) ==
    /\ Changes(p, Remove(tree, Target(p)))
    /\ IF Target(p) \in tree THEN Goes(p, "FREE owner") ELSE Rests(p)

(* 2 TIDY. *)
FreeLock(p) ==
    /\ Changes(p, RemoveEmpty(tree, LockDir))
    /\ Rests(p)

(****************************************************************************)
(* Clean, by anybody at any time.                                           *)
(****************************************************************************)

Clean(p, id) ==
    /\ pc[p] = "idle"
    /\ pc' = [pc EXCEPT ![p] = "CLEAR leaf"]
    /\ about' = [about EXCEPT ![p] = id]
    /\ UNCHANGED <<tree, leads, listing, left>>

(* 1 CLEAR. *)
ClearLeaf(p, next) ==
    /\ Changes(p, Remove(tree, Target(p)))
    /\ Goes(p, next)

(* 2 ASIDE. *)
Aside(p, W) ==
    /\ LET from == Proposed(about[p])
           to == Gone(about[p])
       IN IF MayMove(tree, from, to)
          THEN Moves(p, from, to, W)
          ELSE Looks(p)
    /\ Goes(p, "CLEAR leaf again")

(* 3 CLEAR again, 4 TIDY. *)
TidyLockCleaned(p) ==
    /\ Changes(p, RemoveEmpty(tree, LockDir))
    /\ IF about[p] = p \/ p \in Cleaners THEN Rests(p) ELSE Goes(p, "REMOVE")

(****************************************************************************)
(* What anybody does.                                                       *)
(****************************************************************************)

(* Recover: clean, then unlock in the name of the dead. *)
Recover(p, id) == p \notin Cleaners /\ pc[id] = "dead" /\ Clean(p, id)

CleanAny(p) == p \in Cleaners /\ \E id \in Ids \ Cleaners : pc[id] # "unborn" /\ Clean(p, id)

Crash(p) ==
    /\ left > 0
    /\ pc[p] \notin {"dead", "unborn"}
    /\ left' = left - 1
    /\ pc' = [pc EXCEPT ![Heir[p]] = "idle", ![p] = "dead"]
    /\ about' = [about EXCEPT ![p] = p]
    /\ leads' = [leads EXCEPT ![p] = Ahead]
    /\ listing' = [listing EXCEPT ![p] = NoListing]
    /\ UNCHANGED tree

(* The next call of an attempt under way: the steps in their order, by the procedure that they belong to. That is      *)
(* asked first, for then a checker need not look into the steps of the others.                                         *)
Building == {"LOOK", "BUILD lock", "BUILD build", "BUILD proposal", "BUILD owner", "SIGN", "MOVE"}
Inside == {"VERIFY", "TIDY proposal", "TIDY build", "HOLD"}
Withdrawing == {"WITHDRAW leaf", "WITHDRAW owner"}
Cleaning == {"CLEAR leaf", "CLEAR gone", "ASIDE", "CLEAR leaf again", "CLEAR gone again", "TIDY cleaned",
             "TIDY build cleaned", "TIDY lock cleaned"}
Freeing == {"REMOVE", "FREE owner", "FREE lock"}

Builds(p, seen, W) ==
    CASE pc[p] = "LOOK" -> Looked(p, seen)
      [] pc[p] = "BUILD lock" -> Build(p, LockDir, "BUILD build")
      [] pc[p] = "BUILD build" -> Build(p, BuildDir, "BUILD proposal")
      [] pc[p] = "BUILD proposal" -> Build(p, Proposal(p), "BUILD owner")
      [] pc[p] = "BUILD owner" -> Build(p, Proposed(p), "SIGN")
      [] pc[p] = "SIGN" -> Sign(p)
      [] pc[p] = "MOVE" -> MoveIn(p, W)

IsInside(p) ==
    CASE pc[p] = "VERIFY" -> Verify(p)
      [] pc[p] = "TIDY proposal" -> Discard(p, Proposal(p), "TIDY build")
      [] pc[p] = "TIDY build" -> Discard(p, BuildDir, "HOLD")
      [] pc[p] = "HOLD" -> RemoveLeaf(p)

Withdraws(p) ==
    CASE pc[p] = "WITHDRAW leaf" -> WithdrawLeaf(p)
      [] pc[p] = "WITHDRAW owner" -> Discard(p, OwnerDir, "CLEAR leaf")

Cleans(p, W) ==
    CASE pc[p] = "CLEAR leaf" -> ClearLeaf(p, "CLEAR gone")
      [] pc[p] = "CLEAR gone" -> Discard(p, Gone(about[p]), "ASIDE")
      [] pc[p] = "ASIDE" -> Aside(p, W)
      [] pc[p] = "CLEAR leaf again" -> ClearLeaf(p, "CLEAR gone again")
      [] pc[p] = "CLEAR gone again" -> Discard(p, Gone(about[p]), "TIDY cleaned")
      [] pc[p] = "TIDY cleaned" -> Discard(p, Proposal(about[p]), "TIDY build cleaned")
      [] pc[p] = "TIDY build cleaned" -> Discard(p, BuildDir, "TIDY lock cleaned")
      [] pc[p] = "TIDY lock cleaned" -> TidyLockCleaned(p)

Frees(p) ==
    CASE pc[p] = "REMOVE" -> RemoveLeaf(p)
      [] pc[p] = "FREE owner" -> Discard(p, OwnerDir, "FREE lock")
      [] pc[p] = "FREE lock" -> FreeLock(p)

Step(p, seen, W) ==
    IF pc[p] \in Building THEN Builds(p, seen, W)
    ELSE IF pc[p] \in Inside THEN IsInside(p)
    ELSE IF pc[p] \in Withdrawing THEN Withdraws(p)
    ELSE IF pc[p] \in Cleaning THEN Cleans(p, W)
    ELSE pc[p] \in Freeing /\ Frees(p)

IsUnderWay(p) == pc[p] \notin {"idle", "dead", "unborn"}

GoesOn(p) ==
    IF pc[p] = "LOOK" THEN \E seen \in Seen(p) : Step(p, seen, {})
    ELSE IF pc[p] \in {"MOVE", "ASIDE"} THEN \E W \in Walked(p) : Step(p, {}, W)
    ELSE IsUnderWay(p) /\ Step(p, {}, {})

Begins(p) == Look(p) \/ CleanAny(p)

Init ==
    /\ tree = {}
    /\ pc = [p \in Ids |-> IF p \in Born THEN "idle" ELSE "unborn"]
    /\ about = [p \in Ids |-> p]
    /\ leads = [p \in Ids |-> Ahead]
    /\ listing = [p \in Ids |-> NoListing]
    /\ left = Crashes

Next ==
    \E p \in Ids : Begins(p) \/ GoesOn(p) \/ Crash(p) \/ \E id \in Ids : Recover(p, id)

(* Who has begun something goes on, and who comes by a dead one again and again recovers it some time. *)
Fairness ==
    /\ \A p \in Ids : WF_vars(GoesOn(p))
    /\ \A p \in Ids : WF_vars(Look(p))
    /\ \A id \in Ids : SF_vars(\E p \in Ids : Recover(p, id))

Spec == Init /\ [][Next]_vars /\ Fairness

(****************************************************************************)
(* What holds.                                                              *)
(****************************************************************************)

Holders == {p \in Ids : pc[p] = "HOLD"}

Owners == Names(tree, OwnerDir)

MutualExclusion == Cardinality(Holders) <= 1

(* Nobody takes the lock from a process that lives and was told that it has it. *)
NotDispossessed == \A p \in Holders : p \in Owners

OneOwner == Cardinality(Owners) <= 1

(* Nothing is left behind when all are at rest and nobody was killed. *)
NothingLeftBehind ==
    (left = Crashes /\ \A p \in Ids : pc[p] \in {"idle", "unborn"}) => tree = {}

(****************************************************************************)
(* Why it excludes.                                                         *)
(*                                                                          *)
(* Inv is inductive: it holds at the beginning, and each step from a state  *)
(* where it holds leads to one where it holds. It is said in the order of   *)
(* the argument. A MOVE brings in one leaf, its mover's, and takes effect   *)
(* only where there is none; so there are never two. A leaf that is in      *)
(* belongs to one that is inside, or died there, and whoever is inside has  *)
(* its leaf in: for a leaf is removed by its name only, by its owner, which *)
(* leaves with that, or by one that recovers from its owner's death. And a  *)
(* call that walked into a proposal before that was taken back goes aside   *)
(* with it: nothing leads it to `owner`, however late it takes effect.      *)
(****************************************************************************)

Alive == {"idle"} \union Building \union Inside \union Withdrawing \union Cleaning \union Freeing

MovesAreSigned == \A p \in Ids : (pc[p] = "MOVE" /\ Proposed(p) \in tree) => ProposedLeaf(p) \in tree

OwnersAreInside == \A id \in Owners : pc[id] \in Inside \union {"dead"}

InsideOwn == \A p \in Ids : pc[p] \in Inside => p \in Owners

OnlyTheDeadAreRecovered == \A p \in Ids :
    /\ (about[p] # p /\ p \notin Cleaners) => pc[about[p]] = "dead"
    /\ pc[p] = "REMOVE" => pc[about[p]] = "dead"

WalksLeadAside == \A p \in Ids :
    /\ leads[p] \in {Ahead} \union
         (CASE Path(p) = Ahead \/ pc[p] \in Inside -> {}
            [] pc[p] = "SIGN" -> {GoneLeaf(p), Nowhere}
            [] OTHER -> {Nowhere})
    /\ (leads[p] # Ahead /\ pc[p] \in {"SIGN", "CLEAR leaf"} /\ about[p] = p) => Proposed(p) \notin tree

(* A proposal stands while its owner is at it, or has died; and its owner has emptied `gone` before it goes ASIDE. *)
ProposalsArePending == \A p \in Ids : Proposed(p) \in tree =>
    \/ pc[p] \in {"SIGN", "MOVE", "WITHDRAW leaf", "WITHDRAW owner", "dead"}
    \/ about[p] = p /\ (pc[p] = "CLEAR leaf" \/ (pc[p] \in {"CLEAR gone", "ASIDE"} /\ GoneLeaf(p) \notin tree))

(* Entries that have a meaning, and what a listing of `owner` may have seen. *)
IsKnown(path) ==
    \/ path \in {LockDir, OwnerDir, BuildDir}
    \/ \E id \in Ids : path \in {Leaf(id), Proposal(id), Proposed(id), ProposedLeaf(id), Gone(id), GoneLeaf(id)}

Lists(p) ==
    IF pc[p] # "LOOK" THEN listing[p] = NoListing
    ELSE /\ listing[p].dir = Nowhere \/ (listing[p].dir = OwnerDir /\ OwnerDir \in tree)
         /\ listing[p].stood \subseteq Names(tree, listing[p].dir)
         /\ listing[p].fleeting \subseteq Ids \ listing[p].stood

TypeOK ==
    /\ \A path \in tree : IsKnown(path) /\ Stands(tree, Parent(path))
    /\ \A p \in Ids : pc[p] \in {"dead", "unborn"} \union (IF p \in Cleaners THEN {"idle"} \union Cleaning ELSE Alive)
    /\ \A p \in Ids : about[p] = p \/ (about[p] \in Ids /\ pc[p] \in Cleaning \union Freeing)
    /\ \A p \in Ids : Lists(p)
    /\ left = Crashes - Cardinality({p \in Ids : pc[p] = "dead"})

Inv ==
    /\ TypeOK
    /\ MovesAreSigned
    /\ OneOwner
    /\ OwnersAreInside
    /\ InsideOwn
    /\ OnlyTheDeadAreRecovered
    /\ WalksLeadAside
    /\ ProposalsArePending

NoOne == "no one"

Abstract == INSTANCE Lock WITH
    owner <- IF Owners = {} THEN NoOne ELSE CHOOSE id \in Owners : TRUE,
    dead <- {p \in Ids : pc[p] = "dead"}

Refines == Abstract!Spec

(* Each attempt ends, and a holder that goes on gives the lock back. *)
AttemptsEnd == \A p \in Ids : pc[p] = "LOOK" ~> pc[p] \in {"idle", "HOLD", "dead"}
HoldersGiveBack == \A p \in Ids : pc[p] = "HOLD" ~> pc[p] # "HOLD"

(* The dead do not keep the lock. *)
DeadOwnersGo == \A p \in Ids : (pc[p] = "dead" /\ p \in Owners) ~> p \notin Owners
=============================================================================
