----------------------------- MODULE WaitQueueTurn ----------------------------
(* Asking for a turn: wait for those in the door, look along the line, and meet the one to wait for. The numbers are  *)
(* those of the code's steps.                                                                                         *)
EXTENDS WaitQueueAdmission

StillAwaited(p, left) == IF left # {} /\ Forgetful THEN Procs ELSE left

(* 1 STAY comes first where some cut in. *)
AsksForTurn(p) == pc[p] = IF Cutting THEN "stays" ELSE "turn"

(* 2 DOOR: those who stood in it when I first looked, after my TICKET. *)
DoorBegin(p) ==
    /\ AsksForTurn(p) /\ awaits[p] # {}
    /\ IF door
       THEN Begins(p, Door) /\ Goes(p, "door ends") /\ UNCHANGED awaits
       ELSE UNCHANGED reading /\ awaits' = [awaits EXCEPT ![p] = {}] /\ Goes(p, "line")
    /\ UNCHANGED <<disk, mine, meeting, ahead, joins>>

DoorEnd(p, shown) ==
    /\ pc[p] = "door ends"
    /\ Ends(p)
    /\ LET left == (shown \cap awaits[p]) \ {p} IN
       /\ awaits' = [awaits EXCEPT ![p] = left]
       /\ IF left = {} THEN Goes(p, "line") /\ UNCHANGED whom
          ELSE IF Cardinality(left) = 1
          THEN whom' = [whom EXCEPT ![p] = CHOOSE q \in left : TRUE] /\ Goes(p, "door ask")
          ELSE UNCHANGED whom /\ Goes(p, "door sample")
    /\ UNCHANGED <<disk, mine, todo, aim, then, ahead, joins>>

(* Of several, whichever chance picks of those who stand there now. *)
DoorSampleBegin(p) ==
    /\ pc[p] = "door sample"
    /\ IF door
       THEN Begins(p, Door) /\ Goes(p, "door sample ends") /\ UNCHANGED <<awaits, meeting>>
       ELSE UNCHANGED reading /\ Waits(p) /\ awaits' = [awaits EXCEPT ![p] = StillAwaited(p, @)]
    /\ UNCHANGED <<disk, mine, ahead, joins>>

DoorSampleEnd(p, q) ==
    /\ pc[p] = "door sample ends"
    /\ Ends(p)
    /\ IF q \in awaits[p]
       THEN whom' = [whom EXCEPT ![p] = q] /\ Goes(p, "door ask") /\ UNCHANGED <<awaits, todo, aim, then>>
       ELSE Waits(p) /\ awaits' = [awaits EXCEPT ![p] = StillAwaited(p, @)]
    /\ UNCHANGED <<disk, mine, ahead, joins>>

DoorAsk(p) ==
    /\ pc[p] = "door ask"
    /\ IF pc[whom[p]] = "dead"
       THEN Goes(p, IF HaveMarks THEN "door unmark" ELSE "door leaf") /\ UNCHANGED <<awaits, meeting>>
       ELSE Waits(p) /\ awaits' = [awaits EXCEPT ![p] = StillAwaited(p, @)]
    /\ UNCHANGED <<disk, reading, mine, ahead, joins>>

DoorUnmark(p) ==
    /\ pc[p] = "door unmark"
    /\ mark' = [mark EXCEPT ![whom[p]] = IF flag[whom[p]] = "whole" THEN FALSE ELSE @]
    /\ Goes(p, "door leaf")
    /\ UNCHANGED <<queue, door, flag, line, reading, mine, awaits, meeting, ahead, joins>>

DoorLeaf(p) ==
    /\ pc[p] = "door leaf"
    /\ flag' = [flag EXCEPT ![whom[p]] = IF @ = "whole" /\ ~mark[whom[p]] THEN "bare" ELSE @]
    /\ Goes(p, "door flag")
    /\ UNCHANGED <<queue, door, line, mark, reading, mine, awaits, meeting, ahead, joins>>

DoorFlag(p) ==
    /\ pc[p] = "door flag"
    /\ RemovesFlag(whom[p])
    /\ awaits' = [awaits EXCEPT ![p] = StillAwaited(p, @ \ {whom[p]})]
    /\ Waits(p)
    /\ UNCHANGED <<queue, door, line, mark, mine, ahead, joins>>

(* 3 LINE: list it, and ask the rule. *)
LineBegin(p) ==
    /\ pc[p] = "line" \/ (AsksForTurn(p) /\ awaits[p] = {})
    /\ Begins(p, Queue)
    /\ Goes(p, "line ends")
    /\ UNCHANGED <<disk, mine, awaits, meeting, ahead, joins>>

LineEnd(p, shown) ==
    /\ pc[p] = "line ends"
    /\ Ends(p)
    /\ LET before == Before(shown, mine[p]) IN
       IF mine[p] \notin shown THEN Goes(p, "unmark") /\ UNCHANGED meeting
       ELSE IF ~ReadWrite THEN AmongFirst(p, before)
       ELSE IF p \in Sharers THEN BehindNoWriter(p, {place \in before : ~Shares(place)})
       ELSE BehindNobody(p, before)
    /\ UNCHANGED <<disk, mine, awaits, ahead, joins>>

(* 4 MEET who stands at a place, for whatever it is. *)
MeetBegin(p) ==
    /\ pc[p] = "meet"
    /\ IF line[aim[p]] = "none"
       THEN Goes(p, "meet empty") /\ UNCHANGED reading
       ELSE Goes(p, "meet ends") /\ Begins(p, aim[p])
    /\ UNCHANGED <<disk, mine, awaits, meeting, ahead, joins>>

MeetEnd(p, q) ==
    /\ pc[p] = "meet ends"
    /\ Ends(p)
    /\ IF q = NoProc
       THEN Goes(p, "meet empty") /\ UNCHANGED whom
       ELSE Goes(p, "meet ask") /\ whom' = [whom EXCEPT ![p] = q]
    /\ UNCHANGED <<disk, mine, awaits, todo, aim, then, ahead, joins>>

(* What follows when nobody is there any more, and when somebody is. *)
MetNobody(p) ==
    CASE then[p] = "withdraw" -> Goes(p, "withdraw") /\ UNCHANGED <<awaits, meeting>>
      [] then[p] = "sweep" -> Goes(p, "tidy") /\ UNCHANGED <<awaits, meeting>>
      [] OTHER -> Waits(p) /\ UNCHANGED awaits

MetSomebody(p) ==
    CASE then[p] \in {"withdraw", "sweep"} -> MetNobody(p)
      [] then[p] = "meet next" /\ todo[p] # {} ->
            /\ Meets(p, Min(todo[p]), "meet next")
            /\ todo' = [todo EXCEPT ![p] = @ \ {Min(@)}]
            /\ whom' = [whom EXCEPT ![p] = NoProc]
            /\ UNCHANGED awaits
      [] then[p] = "look" /\ todo[p] = {} -> Goes(p, "alone") /\ UNCHANGED <<awaits, meeting>>
      [] OTHER -> Waits(p) /\ UNCHANGED awaits

MeetEmpty(p) ==
    /\ pc[p] = "meet empty"
    /\ RemovesPlace(aim[p])
    /\ MetNobody(p)
    /\ UNCHANGED <<queue, door, flag, mark, mine, ahead, joins>>

MeetAsk(p) ==
    /\ pc[p] = "meet ask"
    /\ IF pc[whom[p]] = "dead"
       THEN Goes(p, IF HaveMarks THEN "meet unmark" ELSE "meet leaf") /\ UNCHANGED <<awaits, meeting>>
       ELSE MetSomebody(p)
    /\ UNCHANGED <<disk, reading, mine, ahead, joins>>

MeetUnmark(p) ==
    /\ pc[p] = "meet unmark"
    /\ mark' = [mark EXCEPT ![whom[p]] = IF line[aim[p]] = whom[p] THEN FALSE ELSE @]
    /\ Goes(p, "meet leaf")
    /\ UNCHANGED <<queue, door, flag, line, reading, mine, awaits, meeting, ahead, joins>>

MeetLeaf(p) ==
    /\ pc[p] = "meet leaf"
    /\ IF line[aim[p]] = whom[p] /\ ~mark[whom[p]]
       THEN /\ line' = [line EXCEPT ![aim[p]] = "empty"]
            /\ reading' = Noted(reading, aim[p], {}, {whom[p]})
       ELSE UNCHANGED <<line, reading>>
    /\ Goes(p, "meet place")
    /\ UNCHANGED <<queue, door, flag, mark, mine, awaits, meeting, ahead, joins>>

MeetPlace(p) ==
    /\ pc[p] = "meet place"
    /\ RemovesPlace(aim[p])
    /\ MetNobody(p)
    /\ UNCHANGED <<queue, door, flag, mark, mine, ahead, joins>>
===============================================================================
