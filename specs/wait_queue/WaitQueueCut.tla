------------------------------ MODULE WaitQueueCut -----------------------------
(* Cutting in line: who may not wait asks everybody before it to leave, and each of them learns of it when it asks    *)
(* for its turn. Nobody loses its place by that: who cuts in waits until each of them has left.                       *)
EXTENDS WaitQueueLeave

(* Of everybody before me, the nearest first, take the mark. *)
AsksNext(p, places) ==
    IF places = {} THEN Waits(p)
    ELSE /\ aim' = [aim EXCEPT ![p] = Max(places)]
         /\ todo' = [todo EXCEPT ![p] = places \ {Max(places)}]
         /\ whom' = [whom EXCEPT ![p] = NoProc]
         /\ then' = [then EXCEPT ![p] = "cut"]
         /\ Goes(p, "cut look")

CutBegin(p) ==
    /\ pc[p] = "cut"
    /\ Begins(p, Queue)
    /\ Goes(p, "cut ends")
    /\ UNCHANGED <<disk, mine, awaits, meeting, ahead, joins>>

CutEnd(p, shown) ==
    /\ pc[p] = "cut ends"
    /\ Ends(p)
    /\ AsksNext(p, Before(shown, mine[p]))
    /\ UNCHANGED <<disk, mine, awaits, ahead, joins>>

CutLookBegin(p) ==
    /\ pc[p] = "cut look"
    /\ IF line[aim[p]] = "none"
       THEN AsksNext(p, todo[p]) /\ UNCHANGED reading
       ELSE Begins(p, aim[p]) /\ Goes(p, "cut look ends") /\ UNCHANGED meeting
    /\ UNCHANGED <<disk, mine, awaits, ahead, joins>>

CutLookEnd(p, q) ==
    /\ pc[p] = "cut look ends"
    /\ Ends(p)
    /\ IF q = NoProc
       THEN AsksNext(p, todo[p])
       ELSE Goes(p, "cut ask") /\ whom' = [whom EXCEPT ![p] = q] /\ UNCHANGED <<todo, aim, then>>
    /\ UNCHANGED <<disk, mine, awaits, ahead, joins>>

CutAsk(p) ==
    /\ pc[p] = "cut ask"
    /\ mark' = [mark EXCEPT ![whom[p]] = IF line[aim[p]] = whom[p] THEN FALSE ELSE @]
    /\ AsksNext(p, todo[p])
    /\ UNCHANGED <<queue, door, flag, line, reading, mine, awaits, ahead, joins>>

(* 1 STAY: my mark is there, or I was asked to leave, and do. *)
Stay(p) ==
    /\ pc[p] = "turn" /\ Cutting
    /\ IF mark[p] THEN Goes(p, "stays") /\ UNCHANGED ahead ELSE Goes(p, "unmark") /\ NotAhead(p)
    /\ UNCHANGED <<disk, reading, mine, awaits, meeting, joins>>

(* Who holds asks for its turn now and then, and leaves when it is asked to, or when it likes. *)
StayHolding(p) ==
    /\ pc[p] = "holding" /\ Cutting
    /\ IF mark[p] THEN Goes(p, "again") /\ UNCHANGED ahead ELSE Goes(p, "unmark") /\ NotAhead(p)
    /\ UNCHANGED <<disk, reading, mine, awaits, meeting, joins>>

AgainBegin(p) ==
    /\ pc[p] = "again"
    /\ Begins(p, Queue)
    /\ Goes(p, "again ends")
    /\ UNCHANGED <<disk, mine, awaits, meeting, ahead, joins>>

AgainEnd(p, shown) ==
    /\ pc[p] = "again ends" /\ mine[p] \in shown /\ Before(shown, mine[p]) = {}
    /\ Ends(p)
    /\ (Goes(p, "holding") /\ UNCHANGED ahead) \/ (Goes(p, "unmark") /\ NotAhead(p))
    /\ UNCHANGED <<disk, mine, awaits, meeting, joins>>
===============================================================================
