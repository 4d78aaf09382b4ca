----------------------------- MODULE TraceCheck -----------------------------
(* Whether what the code does is a behaviour of Check: fast_lock under the  *)
(* check policy, call by call, as the module CheckCode tells it. A call of  *)
(* the lock beneath is a step of the policy where the lock takes effect by  *)
(* it, and otherwise none: then nothing may change here. Who owns the lock  *)
(* is read off the disk after every step.                                   *)
EXTENDS Check, CheckCode, Sequences

CONSTANTS StepsAt, DiskAt, HoldersAt  \* what CheckCode says, worked out once

VARIABLE at  \* the number of the code's state

OwnerDir == <<"lock", "owner">>
BuildDir == <<"lock", "build">>
Leaf(id) == <<"lock", "owner", id>>
Proposed(id) == <<"lock", "build", id, "owner">>

OwnerOn(disk) ==
    LET owners == {id \in Ids : Leaf(id) \in disk}
    IN IF owners = {} THEN NoOne ELSE CHOOSE id \in owners : TRUE

Stutters == UNCHANGED vars

Looks(e) ==
    LET p == e.who
    IN IF pc[p] \in {"idle", "AGAIN"} THEN Begin(p)
       ELSE IF e.saw = {} THEN pc[p] \in Trying /\ Stutters
       ELSE \E id \in e.saw : Told(p, id)

Samples(e) ==
    LET p == e.who
    IN CASE e.deed = "begin" -> pc[p] = "SWEEP" /\ Stutters
         [] e.saw = {} -> SweepNone(p)
         [] OTHER -> \E id \in e.saw : Sweep(p, id)

Asks(e) == about[e.who] = e.path[1] /\ (e.answer = "Dead" <=> pc[e.path[1]] = "dead") /\ Ask(e.who)

Removes(e) ==
    LET p == e.who
    IN IF pc[p] = "HOLD" THEN e.path = Leaf(p) /\ Unlock(p)
       ELSE e.path = Leaf(about[p]) /\ Recover(p)

(* What the lock does besides. An attempt that ends while it tries comes to nothing. *)
Works(e) ==
    /\ e.call \in {"ensure_dir", "create_file", "create_dir", "rename", "exists", "discard_file", "discard_dir",
                   "put_aside"}
    /\ IF pc[e.who] \in Trying /\ e.said # "" THEN Fail(e.who) ELSE Stutters

TraceInit == Init /\ at \in CodeStarts

TraceNext ==
    \E e \in StepsAt[at] :
        /\ at' = e.to
        /\ CASE e.deed = "crash" -> Crash(e.who)
             [] e.call = "any" /\ e.path = OwnerDir -> Looks(e)
             [] e.call = "any" /\ e.path = BuildDir -> Samples(e)
             [] e.call = "liveness" -> Asks(e)
             [] e.call \in {"remove_file", "remove_dir"} -> Removes(e)
             [] e.call = "rename" /\ e.path = Proposed(e.who) /\ e.answer = "ok" -> Take(e.who)
             [] OTHER -> Works(e)
        /\ owner' = OwnerOn(DiskAt[at'])
        /\ HoldersAt[at'] \subseteq Holders'
=============================================================================
