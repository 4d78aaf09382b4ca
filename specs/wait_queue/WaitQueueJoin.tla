----------------------------- MODULE WaitQueueJoin ----------------------------
(* Joining a wait queue: into the door, and out of it into the line. The numbers are those of the code's steps.       *)
EXTENDS WaitQueueDisk

(* 1 ENTER: the queue, the door, my flag, the directory in it, and its mark. *)
EnterQueue(p) ==
    /\ pc[p] = "idle" /\ (Joins > 0 => joins[p] < Joins)
    /\ queue' = TRUE
    /\ joins' = [joins EXCEPT ![p] = IF Joins = 0 THEN 0 ELSE @ + 1]
    /\ Goes(p, "enter door")
    /\ UNCHANGED <<door, flag, line, mark, reading, mine, awaits, meeting, ahead>>

EnterDoor(p) ==
    /\ pc[p] = "enter door"
    /\ IF queue THEN door' = TRUE /\ Goes(p, "enter flag") ELSE UNCHANGED door /\ Goes(p, "withdraw")
    /\ UNCHANGED <<queue, flag, line, mark, reading, mine, awaits, meeting, ahead, joins>>

EnterFlag(p) ==
    /\ pc[p] = "enter flag"
    /\ IF door
       THEN flag' = [flag EXCEPT ![p] = "bare"] /\ reading' = Noted(reading, Door, {p}, {}) /\ Goes(p, "enter leaf")
       ELSE UNCHANGED <<flag, reading>> /\ Goes(p, "withdraw")
    /\ UNCHANGED <<queue, door, line, mark, mine, awaits, meeting, ahead, joins>>

EnterLeaf(p) ==
    /\ pc[p] = "enter leaf"
    /\ flag' = [flag EXCEPT ![p] = "whole"]
    /\ Goes(p, IF HasMark(p) THEN "enter mark" ELSE "look")
    /\ UNCHANGED <<queue, door, line, mark, reading, mine, awaits, meeting, ahead, joins>>

EnterMark(p) ==
    /\ pc[p] = "enter mark"
    /\ mark' = [mark EXCEPT ![p] = TRUE]
    /\ Goes(p, "look")
    /\ UNCHANGED <<queue, door, flag, line, reading, mine, awaits, meeting, ahead, joins>>

(* 2 LOOK: the highest number in line, and one more is mine. *)
LookBegin(p) ==
    /\ pc[p] = "look"
    /\ Begins(p, Queue)
    /\ ahead' = [ahead EXCEPT ![p] = {q \in Procs : Stands(q)}]
    /\ Goes(p, "look ends")
    /\ UNCHANGED <<disk, mine, awaits, meeting, joins>>

LookEnd(p, shown) ==
    /\ pc[p] = "look ends"
    /\ Ends(p)
    /\ LET first == IF shown = {} THEN 1 ELSE Number(Max(shown)) + 1 IN
       IF first <= Last
       THEN mine' = [mine EXCEPT ![p] = Place(first, p)] /\ Goes(p, "ticket") /\ UNCHANGED ahead
       ELSE UNCHANGED mine /\ Goes(p, "numbers") /\ ahead' = [ahead EXCEPT ![p] = {}]
    /\ UNCHANGED <<disk, awaits, meeting, joins>>

(* 3 TICKET: rename my flag to my place. Where somebody stands there, the next one. *)
Ticket(p) ==
    /\ pc[p] = "ticket"
    /\ IF ~IsTicket(mine[p])
       THEN /\ flag' = [flag EXCEPT ![p] = "none"]
            /\ line' = [line EXCEPT ![mine[p]] = p]
            /\ LET came == IF line[mine[p]] = "none" THEN {mine[p]} ELSE {} IN
               reading' = Noted(Noted(Lost(reading, mine[p]), Door, {}, {p}), Queue, came, {})
            /\ awaits' = [awaits EXCEPT ![p] = Procs]
            /\ Goes(p, IF p \in Cutters THEN "cut" ELSE "turn")
            /\ UNCHANGED <<mine, ahead>>
       ELSE /\ UNCHANGED <<flag, line, reading, awaits>>
            /\ IF Number(mine[p]) < Last
               THEN mine' = [mine EXCEPT ![p] = @ + 2] /\ UNCHANGED <<pc, ahead>>
               ELSE mine' = [mine EXCEPT ![p] = NoPlace] /\ Goes(p, "numbers") /\ ahead' = [ahead EXCEPT ![p] = {}]
    /\ UNCHANGED <<queue, door, mark, meeting, joins>>

(* Where no number is left, the first in line is met, for the line has to become empty. *)
NumbersBegin(p) ==
    /\ pc[p] = "numbers"
    /\ Begins(p, Queue)
    /\ Goes(p, "numbers end")
    /\ UNCHANGED <<disk, mine, awaits, meeting, ahead, joins>>

NumbersEnd(p, shown) ==
    /\ pc[p] = "numbers end"
    /\ Ends(p)
    /\ IF shown = {} THEN Goes(p, "withdraw") /\ UNCHANGED <<aim, then>> ELSE Meets(p, Min(shown), "withdraw")
    /\ UNCHANGED <<disk, mine, awaits, todo, whom, ahead, joins>>

(* 4 WITHDRAW: what is mine in the door. *)
WithdrawMark(p) ==
    /\ pc[p] = "withdraw" /\ HaveMarks
    /\ mark' = [mark EXCEPT ![p] = FALSE]
    /\ Goes(p, "withdraw leaf")
    /\ UNCHANGED <<queue, door, flag, line, reading, mine, awaits, meeting, ahead, joins>>

WithdrawLeaf(p) ==
    /\ pc[p] = "withdraw leaf" \/ (pc[p] = "withdraw" /\ ~HaveMarks)
    /\ flag' = [flag EXCEPT ![p] = IF @ = "whole" THEN "bare" ELSE @]
    /\ Goes(p, "withdraw flag")
    /\ UNCHANGED <<queue, door, line, mark, reading, mine, awaits, meeting, ahead, joins>>

WithdrawFlag(p) ==
    /\ pc[p] = "withdraw flag"
    /\ RemovesFlag(p)
    /\ Goes(p, "tidy")
    /\ UNCHANGED <<queue, door, line, mark, mine, awaits, meeting, ahead, joins>>
===============================================================================
