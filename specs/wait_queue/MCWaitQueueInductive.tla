------------------------- MODULE MCWaitQueueInductive -------------------------
(* From states in which Inv holds, and not from the first only, each step leads to one in which it holds. One slot   *)
(* and two numbers. `a` takes the step, whatever it is at; `b` stands at one of the steps that Inv tells apart, or   *)
(* died, with what may be left of it.                                                                                *)
EXTENDS MCWaitQueue

Of(first, second) == [p \in Procs |-> IF p = "a" THEN first ELSE second]
Other(p) == IF p = "a" THEN "b" ELSE "a"

Steps == BeforeDoor \cup (InDoorway \ {"enter mark"}) \cup (Meetings \ {"meet unmark"}) \cup
    {"enter leaf", "withdraw", "withdraw flag", "turn", "door ends", "door ask", "door leaf", "door flag", "line",
     "line ends", "holding", "remove place"}
Standing == {"idle", "look ends", "ticket", "turn", "line ends", "holding", "dead"}

HasMine(p) == pc[p] \in {"ticket", "remove place"} \/ IsInLine(p)
Mines(p) == IF HasMine(p) THEN Places ELSE {NoPlace}
Reasons(p) == IF pc[p] \in Meetings THEN {"wait", "withdraw"} ELSE {"nothing"}
Aims(p) == IF pc[p] \notin Meetings THEN {NoPlace} ELSE IF then[p] = "wait" THEN Before(Places, mine[p]) ELSE Places
Met(p) == IF pc[p] \in {"door ask", "door leaf", "door flag", "meet ask", "meet leaf", "meet place"}
          THEN Other(p) ELSE NoProc
FlagsOf(p) ==
    IF IsComing(p) THEN {"whole"}
    ELSE IF pc[p] = "enter leaf" THEN {"bare"}
    ELSE IF pc[p] = "withdraw" THEN {"none", "whole"}
    ELSE IF pc[p] = "withdraw flag" THEN {"none", "bare"}
    ELSE IF pc[p] = "dead" THEN {"none", "bare", "whole"}
    ELSE {"none"}
Awaited(p) ==
    IF pc[p] = "turn" THEN {{}, {Other(p)}, Procs}
    ELSE IF pc[p] \in {"door ends", "door ask", "door leaf", "door flag"} THEN {{Other(p)}, Procs}
    ELSE {{}}
Listing(dirs, names) ==
    {list \in [of : dirs, stood : SUBSET names, fleeting : SUBSET names] : list.stood \cap list.fleeting = {}}
Readings(p) ==
    IF pc[p] \in {"look ends", "line ends", "numbers end"} THEN Listing({Queue}, Places)
    ELSE IF pc[p] = "door ends" THEN Listing({Door, NoDir}, {Other(p)})
    ELSE IF pc[p] = "meet ends" THEN Listing({aim[p], NoDir}, {Other(p)})
    ELSE {Resting}

(* Each variable in turn, and what Inv says of it at once. *)
Anything ==
    /\ \E first \in Steps, second \in Standing : pc = Of(first, second)
    /\ \E first \in Reasons("a"), second \in Reasons("b") : then = Of(first, second)
    /\ \E first \in Mines("a"), second \in Mines("b") : mine = Of(first, second)
    /\ \E first \in Aims("a"), second \in Aims("b") : aim = Of(first, second)
    /\ whom = Of(Met("a"), Met("b"))
    /\ OnlyTheDeadAreRemoved
    /\ \E first \in FlagsOf("a"), second \in FlagsOf("b") : flag = Of(first, second)
    /\ line \in [Places -> {"none", "empty"} \cup Procs]
    /\ door \in BOOLEAN /\ queue \in BOOLEAN
    /\ \E first \in Awaited("a"), second \in Awaited("b") : awaits = Of(first, second)
    /\ EachTicketIsHeld /\ FewStandBefore
    /\ \E first \in Readings("a"), second \in Readings("b") : reading = Of(first, second)
    /\ Inv
    /\ mark = Of(FALSE, FALSE) /\ todo = Of({}, {}) /\ ahead = Of({}, {}) /\ joins = Of(0, 0)

(* All but what nobody knows. *)
View == <<queue, door, flag, line, pc, reading, mine, awaits, aim, whom, then>>

OneMoves == LET p == "a" IN EnterQueue(p) \/ GoOn(p) \/ Crash(p)
===============================================================================
