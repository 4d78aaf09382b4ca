---------------------------- MODULE TraceGrace ----------------------------
(* Whether what the code does is a behaviour of Grace: fast_lock under the  *)
(* grace policy, call by call, as the module GraceCode tells it. A call of  *)
(* the lock beneath is a step of the policy where the lock takes effect by  *)
(* it, and otherwise none: then nothing may change here. Who owns the lock, *)
(* and who is noticed, is read off the disk after every step.               *)
EXTENDS Grace, GraceCode, Sequences

CONSTANTS StepsAt, DiskAt, HoldersAt  \* what GraceCode says, worked out once

VARIABLE at  \* the number of the code's state

OwnerDir == <<"lock", "owner">>
BuildDir == <<"lock", "build">>
InUseDir == <<"lock", "in_use">>
Leaf(id) == <<"lock", "owner", id>>
Proposed(id) == <<"lock", "build", id, "owner">>
Noticed(id) == <<"lock", "in_use", id>>

OwnerOn(disk) ==
    LET owners == {id \in Ids : Leaf(id) \in disk}
    IN IF owners = {} THEN NoOne ELSE CHOOSE id \in owners : TRUE

Stutters == UNCHANGED vars

(* What is looked at in `owner`, in `build` and in `in_use`. *)
LooksAtOwner(e) ==
    LET p == e.who
    IN CASE pc[p] \in {"idle", "AGAIN"} -> Begin(p)
         [] pc[p] \in Trying -> IF e.saw = {} THEN Stutters ELSE \E id \in e.saw : Told(p, id)
         [] pc[p] = "IN USE" -> IF e.saw = {about[p]} THEN InUse(p) ELSE Stutters
         [] OTHER -> FALSE

LooksForTry(e) ==
    LET p == e.who
    IN CASE e.call = "any" /\ pc[p] = "SWEEP" -> IF e.saw = {} THEN Stutters ELSE \E id \in e.saw : SweepTry(p, id)
         [] e.call = "list" /\ pc[p] = "IN USE" -> IF about[p] \in e.saw THEN InUse(p) ELSE Stutters
         [] OTHER -> FALSE

LooksForNoticed(e) ==
    LET p == e.who
    IN /\ pc[p] = "SWEEP"
       /\ CASE e.deed = "begin" -> Stutters
            [] e.saw = {} -> SweepNone(p)
            [] OTHER -> \E id \in e.saw : SweepNoticed(p, id)

(* What is read of a stamp. The attempt of who finds somebody young ends with that. *)
ReadsStamp(e) ==
    LET p == e.who
    IN IF e.path = InUseDir
       THEN /\ pc[p] = "AGE now"
            /\ IF e.answer = "NotFound" THEN Gone(p) ELSE IF e.said = "" THEN Old(p) ELSE Young(p)
       ELSE e.path = Noticed(about[p]) /\ (e.answer = "NotFound" <=> quiet[about[p]] = 0) /\ Age(p)

Touches(e) ==
    LET p == e.who
    IN IF e.path = InUseDir
       THEN pc[p] = "AGE now" /\ (IF e.answer = "NotFound" THEN Gone(p) ELSE Stutters)
       ELSE e.path = Noticed(about[p]) /\ Touch(p)

Notices(e) == e.path = Noticed(about[e.who]) /\ (IF e.answer = "NotFound" THEN NoticeInVain(e.who) ELSE Notice(e.who))

Forgets(e) ==
    LET p == e.who
    IN CASE pc[p] = "FORGET me" -> e.path = Noticed(p) /\ ForgetMe(p)
         [] pc[p] = "FORGET" -> e.path = Noticed(p) /\ Forget(p)
         [] pc[p] = "FORGET owner" -> e.path = Noticed(about[p]) /\ ForgetOwner(p)
         [] pc[p] = "IN USE" -> e.path = Noticed(about[p]) /\ NotInUse(p)
         [] pc[p] = "CLEAN" -> e.path = Noticed(about[p]) /\ Clean(p)
         [] OTHER -> FALSE

Asks(e) == about[e.who] = e.path[1] /\ (e.answer = "Dead" <=> pc[e.path[1]] = "dead") /\ Ask(e.who)

Removes(e) ==
    LET p == e.who
    IN IF pc[p] = "HOLD" THEN e.path = Leaf(p) /\ Unlock(p)
       ELSE e.path = Leaf(about[p]) /\ Recover(p)

(* What the lock does besides, for who tries or ends a try, recovers, or takes a try back; and the directories around,
   which everybody makes and tidies up. *)
Works(e) ==
    LET p == e.who
        isLocks == e.call \in {"ensure_dir", "create_file", "rename", "exists", "discard_file", "discard_dir", "put_aside"}
        isAround == e.call \in {"ensure_dir", "discard_dir"} /\ e.path \in {InUseDir, OwnerDir, BuildDir, <<"lock">>}
        atWork == pc[p] \in Trying \union {"FORGET me", "RECOVER", "CLEAN", "HOLD"}
    IN CASE pc[p] = "NOTICE" /\ e.answer = "NotFound" -> e.path = InUseDir /\ NoticeInVain(p)
         [] pc[p] \in Trying /\ e.call = "discard_file" /\ e.path = Leaf(p) -> Fail(p)
         [] OTHER -> isLocks /\ (atWork \/ isAround) /\ Stutters

TraceInit == Init /\ at \in CodeStarts

TraceNext ==
    \E e \in StepsAt[at] :
        /\ at' = e.to
        /\ CASE e.deed = "crash" -> Crash(e.who)
             [] e.deed = "other" -> e.who = "nobody" /\ Tick
             [] e.call = "any" /\ e.path = OwnerDir -> LooksAtOwner(e)
             [] e.call \in {"any", "list"} /\ e.path = BuildDir -> LooksForTry(e)
             [] e.call = "any" /\ e.path = InUseDir -> LooksForNoticed(e)
             [] e.call = "modified" -> ReadsStamp(e)
             [] e.call = "touch" -> Touches(e)
             [] e.call = "create_dir" /\ e.path \in {Noticed(id) : id \in Ids} -> Notices(e)
             [] e.call = "discard_dir" /\ e.path \in {Noticed(id) : id \in Ids} -> Forgets(e)
             [] e.call = "pause" -> Delay(e.who)
             [] e.call \in {"below", "now"} -> pc[e.who] \in {"DELAY", "SWEEP"} /\ Stutters
             [] e.call = "liveness" -> Asks(e)
             [] e.call = "remove_file" -> Removes(e)
             [] e.call = "rename" /\ e.path = Proposed(e.who) /\ e.answer = "ok" -> Take(e.who)
             [] OTHER -> Works(e)
        /\ owner' = OwnerOn(DiskAt[at'])
        /\ \A id \in Ids : (quiet'[id] > 0) = (Noticed(id) \in DiskAt[at'])
        /\ HoldersAt[at'] \subseteq Holders'
=============================================================================
