------------------------- MODULE TraceSlotRecovery -------------------------
(* Whether what the code does is a behaviour of SlotRecovery: the semaphore *)
(* over fast_lock under the check policy, call by call, as the module       *)
(* SlotRecoveryCode tells it. A call of the lock beneath is a step of the   *)
(* semaphore where the lock takes effect by it, and otherwise none: then    *)
(* nothing may change here. Who owns which slot is read off the disk after  *)
(* every step. A try in vain ends as it tidies the directory of its slot.   *)
EXTENDS SlotRecovery, SlotRecoveryCode, Sequences, TLC

CONSTANTS StepsAt, DiskAt, HoldersAt  \* what SlotRecoveryCode says, worked out once

VARIABLE at  \* the number of the code's state

Pool == <<"pool">>
SlotDir(s) == <<"pool", ToString(s)>>
OwnerDir(s) == SlotDir(s) \o <<"owner">>
BuildDir(s) == SlotDir(s) \o <<"build">>
Leaf(s, id) == OwnerDir(s) \o <<id>>

OwnerOn(disk, s) ==
    LET owners == {id \in Ids : Leaf(s, id) \in disk}
    IN IF owners = {} THEN NoOne ELSE CHOOSE id \in owners : TRUE

Stutters == UNCHANGED vars

(* Who has a slot is looked for, or a try begins with a look. *)
Looks(e) ==
    LET p == e.who
    IN CASE pc[p] = "AGAIN" -> Again(p)
         [] pc[p] = "LOOK" /\ e.deed = "call" -> Look(p)
         [] pc[p] = "LOOK" -> Stutters
         [] pc[p] \in Trying /\ e.saw = {} -> Stutters
         [] pc[p] \in Trying -> \E id \in e.saw : Told(p, id)
         [] OTHER -> FALSE

Samples(e) ==
    LET p == e.who
    IN CASE e.deed = "begin" -> pc[p] = "SWEEP" /\ Stutters
         [] e.saw = {} -> SweepNone(p)
         [] OTHER -> \E id \in e.saw : Sweep(p, id)

Asks(e) ==
    /\ about[e.who] = e.path[1] /\ (e.answer = "Dead" <=> pc[e.path[1]] = "dead")
    /\ IF pc[e.who] = "ASK" THEN Ask(e.who) ELSE SweepAsk(e.who)

Removes(e) ==
    LET p == e.who
    IN CASE pc[p] \in {"HOLD", "FIND"} -> e.path = Leaf(slot[p], p) /\ Find(p)
         [] pc[p] = "RECOVER" -> e.path = Leaf(slot[p], about[p]) /\ Recover(p)
         [] pc[p] = "SWEEP RECOVER" -> e.path = Leaf(slot[p], about[p]) /\ SweepRecover(p)
         [] OTHER -> FALSE

(* What the lock of a slot does besides; of one that was asked for, or is being given back. *)
WorksAt(p, path) == IF pc[p] \in {"HOLD", "TIDY"} THEN Len(path) > 1 ELSE SubSeq(path, 1, 2) = SlotDir(slot[p])

Works(e) ==
    LET p == e.who
    IN /\ pc[p] \in Trying \union {"HOLD", "RECOVER", "AGAIN", "SWEEP", "SWEEP RECOVER", "TIDY"}
       /\ Len(e.path) > 1 /\ WorksAt(p, e.path)
       /\ e.call \in {"ensure_dir", "create_file", "create_dir", "rename", "exists", "discard_file", "discard_dir",
                      "put_aside"}
       /\ IF pc[p] \in Trying /\ e.call = "discard_dir" /\ e.path = SlotDir(slot[p]) THEN Fail(p) ELSE Stutters

(* What chance picks counts from 0. *)
Picks(e) ==
    /\ \E s \in 1..Slots : Start(e.who, s)
    /\ ToString(slot'[e.who] - 1) = e.answer

TraceInit == Init /\ at \in CodeStarts

TraceNext ==
    \E e \in StepsAt[at] :
        /\ at' = e.to
        /\ CASE e.deed = "crash" -> Crash(e.who)
             [] e.call = "ensure_dir" /\ e.path = Pool -> Make(e.who)
             [] e.call = "discard_dir" /\ e.path = Pool -> Tidy(e.who)
             [] e.call = "below" -> Picks(e)
             [] e.call = "any" /\ e.path = OwnerDir(slot[e.who]) -> Looks(e)
             [] e.call = "any" /\ e.path = BuildDir(slot[e.who]) -> Samples(e)
             [] e.call = "liveness" -> Asks(e)
             [] e.call = "remove_file" -> Removes(e)
             [] e.call = "rename" /\ e.onto = OwnerDir(slot[e.who]) /\ e.answer = "ok" -> Take(e.who)
             [] OTHER -> Works(e)
        /\ \A s \in 1..Slots : owner'[s] = OwnerOn(DiskAt[at'], s)
        /\ HoldersAt[at'] \subseteq Holders'
=============================================================================
