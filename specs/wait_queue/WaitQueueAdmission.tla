-------------------------- MODULE WaitQueueAdmission --------------------------
(* The admission rules of kernel/src/wait_queue/admission.rs: for whom of those before it p waits, and the marks by   *)
(* which p shows the others that its turn has come, or that it shares.                                                *)
EXTENDS WaitQueueDisk

Holding(p) == Goes(p, "holding") /\ UNCHANGED meeting

AmongFirst(p, before) ==
    IF Slots > 1 /\ Cardinality(before) < Slots THEN Goes(p, "notice") /\ UNCHANGED meeting
    ELSE IF Cardinality(before) < Slots THEN Holding(p)
    ELSE IF Slots = 1 \/ Cardinality(before) > Slots
    THEN Meets(p, Max(before), "wait") /\ UNCHANGED <<todo, whom>>
    ELSE Meets(p, Min(before), "meet next") /\ todo' = [todo EXCEPT ![p] = before \ {Min(before)}] /\ UNCHANGED whom

BehindNoWriter(p, writers) ==
    IF writers = {} THEN Holding(p)
    ELSE Meets(p, Max(writers), "look") /\ todo' = [todo EXCEPT ![p] = writers \ {Max(writers)}] /\ UNCHANGED whom

BehindNobody(p, before) ==
    IF before = {} THEN Holding(p) ELSE Meets(p, Max(before), "wait") /\ UNCHANGED <<todo, whom>>

(* Where several hold, those behind me see that I have noticed. *)
Notice(p) ==
    /\ pc[p] = "notice"
    /\ mark' = [mark EXCEPT ![p] = FALSE]
    /\ Goes(p, "holding")
    /\ UNCHANGED <<queue, door, flag, line, reading, mine, awaits, meeting, ahead, joins>>

(* A reader looks whether the writer before it, who is the only one, shares. *)
Alone(p) ==
    /\ pc[p] = "alone"
    /\ IF line[aim[p]] = whom[p] /\ mark[whom[p]]
       THEN Waits(p)
       ELSE EndsMeeting(p) /\ Goes(p, "holding")
    /\ UNCHANGED <<disk, reading, mine, awaits, ahead, joins>>

(* A writer that holds asks for its turn once more, and shares from then on. *)
ShareBegin(p) ==
    /\ pc[p] = "holding" /\ Downgrades /\ p \notin Sharers /\ mark[p]
    /\ Begins(p, Queue)
    /\ Goes(p, "share ends")
    /\ UNCHANGED <<disk, mine, awaits, meeting, ahead, joins>>

ShareEnd(p, shown) ==
    /\ pc[p] = "share ends" /\ mine[p] \in shown /\ Before(shown, mine[p]) = {}
    /\ Ends(p)
    /\ Goes(p, "share")
    /\ UNCHANGED <<disk, mine, awaits, meeting, ahead, joins>>

Share(p) ==
    /\ pc[p] = "share"
    /\ mark' = [mark EXCEPT ![p] = FALSE]
    /\ Goes(p, "holding")
    /\ UNCHANGED <<queue, door, flag, line, reading, mine, awaits, meeting, ahead, joins>>
===============================================================================
