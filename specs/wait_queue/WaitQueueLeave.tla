---------------------------- MODULE WaitQueueLeave ----------------------------
(* Leaving a wait queue. The numbers are those of the code's steps.                                                   *)
EXTENDS WaitQueueDisk

(* Who has begun to leave is ahead of nobody any more. *)
NotAhead(p) == ahead' = [q \in Procs |-> IF q = p THEN {} ELSE ahead[q] \ {p}]

MayLeave(p) == pc[p] = "holding" /\ ~Cutting /\ (Downgrades /\ HasMark(p) => ~mark[p])

(* 1 UNMARK *)
Unmark(p) ==
    /\ HasMark(p) /\ (MayLeave(p) \/ pc[p] = "unmark")
    /\ mark' = [mark EXCEPT ![p] = IF HasTicket(p) THEN FALSE ELSE @]
    /\ NotAhead(p)
    /\ Goes(p, "remove")
    /\ UNCHANGED <<queue, door, flag, line, reading, mine, awaits, meeting, joins>>

(* 2 REMOVE my ticket, and its place. *)
Remove(p) ==
    /\ pc[p] = "remove" \/ (~HasMark(p) /\ (MayLeave(p) \/ pc[p] = "unmark"))
    /\ IF HasTicket(p)
       THEN /\ line' = [line EXCEPT ![mine[p]] = "empty"]
            /\ reading' = Noted(reading, mine[p], {}, {p})
            /\ Goes(p, "remove place")
       ELSE UNCHANGED <<line, reading>> /\ Goes(p, "idle")
    /\ NotAhead(p)
    /\ UNCHANGED <<queue, door, flag, mark, mine, awaits, meeting, joins>>

RemovePlace(p) ==
    /\ pc[p] = "remove place"
    /\ RemovesPlace(mine[p])
    /\ mine' = [mine EXCEPT ![p] = NoPlace]
    /\ Goes(p, IF Slots = 1 THEN "tidy" ELSE "sweep")
    /\ UNCHANGED <<queue, door, flag, mark, awaits, meeting, ahead, joins>>

(* 3 SWEEP: meet one in line, whichever chance picks; it may pick the door, and meet nobody. *)
SweepBegin(p) ==
    /\ pc[p] = "sweep"
    /\ IF queue
       THEN Begins(p, Queue) /\ Goes(p, "sweep ends")
       ELSE UNCHANGED reading /\ Goes(p, "tidy")
    /\ UNCHANGED <<disk, mine, awaits, meeting, ahead, joins>>

SweepEnd(p, place) ==
    /\ pc[p] = "sweep ends"
    /\ Ends(p)
    /\ IF place = NoPlace THEN Goes(p, "tidy") /\ UNCHANGED <<aim, then>> ELSE Meets(p, place, "sweep")
    /\ UNCHANGED <<disk, mine, awaits, todo, whom, ahead, joins>>

(* 4 TIDY: the door, then the queue. *)
TidyDoor(p) ==
    /\ pc[p] = "tidy"
    /\ RemovesDoor
    /\ Goes(p, "tidy queue")
    /\ UNCHANGED <<queue, flag, line, mark, mine, awaits, meeting, ahead, joins>>

TidyQueue(p) ==
    /\ pc[p] = "tidy queue"
    /\ RemovesQueue
    /\ Forgets(p)
    /\ Goes(p, "idle")
    /\ UNCHANGED <<door, flag, line, mark, ahead, joins>>
===============================================================================
