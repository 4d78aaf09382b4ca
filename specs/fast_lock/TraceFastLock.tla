--------------------------- MODULE TraceFastLock ---------------------------
(* Whether what the code does is a behaviour of FastLock: the module        *)
(* FastLockCode, which is made by a run of the checker, holds the states of *)
(* the code and its steps, each one call with its path and its answer.      *)
(*                                                                          *)
(* The code runs under the check policy. What that looks at besides, who is *)
(* alive and which proposals there are, changes nothing here; what it does  *)
(* about it is a recovery.                                                  *)
EXTENDS FastLock, FastLockCode

CONSTANTS StepsAt, DiskAt, HoldersAt  \* what FastLockCode says, worked out once

VARIABLE at  \* the number of the code's state

Calls(p) ==
    CASE pc[p] = "LOOK" -> <<OwnerDir, {"any"}>>
      [] pc[p] = "BUILD lock" -> <<LockDir, {"ensure_dir"}>>
      [] pc[p] = "BUILD build" -> <<BuildDir, {"ensure_dir"}>>
      [] pc[p] = "BUILD proposal" -> <<Proposal(p), {"ensure_dir"}>>
      [] pc[p] = "BUILD owner" -> <<Proposed(p), {"ensure_dir"}>>
      [] pc[p] = "SIGN" -> <<ProposedLeaf(p), {"create_file", "create_dir"}>>
      [] pc[p] = "MOVE" -> <<Proposed(p), {"rename"}>>
      [] pc[p] = "VERIFY" -> <<Leaf(p), {"exists"}>>
      [] pc[p] = "TIDY proposal" -> <<Proposal(p), {"discard_dir"}>>
      [] pc[p] \in {"TIDY build", "TIDY build cleaned"} -> <<BuildDir, {"discard_dir"}>>
      [] pc[p] = "WITHDRAW leaf" -> <<Leaf(p), {"discard_file", "discard_dir"}>>
      [] pc[p] \in {"WITHDRAW owner", "FREE owner"} -> <<OwnerDir, {"discard_dir"}>>
      [] pc[p] \in {"CLEAR leaf", "CLEAR leaf again"} -> <<GoneLeaf(about[p]), {"discard_file", "discard_dir"}>>
      [] pc[p] \in {"CLEAR gone", "CLEAR gone again"} -> <<Gone(about[p]), {"discard_dir"}>>
      [] pc[p] = "ASIDE" -> <<Proposed(about[p]), {"put_aside"}>>
      [] pc[p] = "TIDY cleaned" -> <<Proposal(about[p]), {"discard_dir"}>>
      [] pc[p] \in {"TIDY lock cleaned", "FREE lock"} -> <<LockDir, {"discard_dir"}>>
      [] pc[p] \in {"HOLD", "REMOVE"} -> <<Leaf(about[p]), {"remove_file", "remove_dir"}>>

Steps(e) ==
    /\ IsUnderWay(e.who)
    /\ e.deed = "call" /\ e.path = Calls(e.who)[1] /\ e.call \in Calls(e.who)[2]
    /\ e.saw \in Seen(e.who)
    /\ e.walked \in Walked(e.who)
    /\ Step(e.who, e.saw, e.walked)

Attempts(e) == e.call = "any" /\ e.path = OwnerDir /\ Look(e.who)

Rest == UNCHANGED vars

(* The id that a cleaner, or the policy, turns to. *)
TurnsTo(e) ==
    CASE e.call = "liveness" /\ e.answer = "Dead" -> Recover(e.who, e.path[1])
      [] e.call = "liveness" /\ e.who \in Cleaners -> Clean(e.who, e.path[1])
      [] e.call = "any" /\ e.path = BuildDir /\ e.who \in Cleaners /\ e.saw # {} ->
            \E id \in e.saw : Clean(e.who, id)
      [] e.call = "liveness" \/ (e.call = "any" /\ e.path = BuildDir) -> Rest
      [] OTHER -> FALSE

TraceInit == Init /\ at \in CodeStarts

TraceNext ==
    \E e \in StepsAt[at] :
        /\ at' = e.to
        /\ CASE e.deed = "crash" -> Crash(e.who)
             [] e.deed \in {"call", "begin"} /\ pc[e.who] = "idle" -> Attempts(e) \/ TurnsTo(e)
             [] e.deed \in {"call", "begin"} /\ pc[e.who] # "idle" -> Steps(e)
             [] OTHER -> FALSE
        /\ tree' = DiskAt[at']
        /\ Holders' = HoldersAt[at']
=============================================================================
