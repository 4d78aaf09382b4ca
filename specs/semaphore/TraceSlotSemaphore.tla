------------------------- MODULE TraceSlotSemaphore -------------------------
(* Whether what the code does is a behaviour of SlotSemaphore: the          *)
(* semaphore over locks of one file, call by call, as the module            *)
(* SlotSemaphoreCode tells it.                                              *)
EXTENDS SlotSemaphore, SlotSemaphoreCode, Sequences, TLC

CONSTANTS StepsAt, DiskAt, WrittenAt, HoldersAt  \* what SlotSemaphoreCode says, worked out once

VARIABLE at  \* the number of the code's state

Pool == <<"pool">>
File(s) == <<"pool", ToString(s)>>

(* The call of each step. *)
Matches(e) ==
    LET p == e.who
    IN CASE pc[p] = "idle" -> e.call = "ensure_dir" /\ e.path = Pool
         [] pc[p] \in {"LOOK", "FIND"} -> e.call = "read" /\ e.path = File(slot[p])
         [] pc[p] = "START" -> e.call = "below"
         [] pc[p] \in {"PASS", "PASS AGAIN"} -> e.call = "create_file" /\ e.path = File(slot[p])
         [] pc[p] = "WRITE" -> e.call = "create_file" /\ e.deed = "call" /\ e.path = File(slot[p])
         [] pc[p] = "REMOVE" -> e.call = "remove_file" /\ e.path = File(slot[p])
         [] pc[p] = "TIDY" -> e.call = "discard_dir" /\ e.path = Pool

(* What chance picked counts from 0. *)
Picks(e) == pc[e.who] = "START" => slot'[e.who] = (CHOOSE s \in 1..Slots : ToString(s - 1) = e.answer)

TraceInit == Init /\ at \in CodeStarts

TraceNext ==
    \E e \in StepsAt[at] :
        /\ at' = e.to
        /\ e.deed \in {"call", "begin"}
        /\ Matches(e)
        /\ Step(e.who)
        /\ Picks(e)
        /\ stands' = (Pool \in DiskAt[at'])
        /\ \A s \in 1..Slots :
             /\ (owner'[s] # NoOne) = (File(s) \in DiskAt[at'])
             /\ Reads(s)' # NoOne => <<File(s), Reads(s)'>> \in WrittenAt[at']
        /\ Holders' = HoldersAt[at']
=============================================================================
