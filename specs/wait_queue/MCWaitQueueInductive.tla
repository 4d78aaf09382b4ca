------------------------- MODULE MCWaitQueueInductive -------------------------
(* From states in which Inv holds, and not from the first only, each step leads to one in which it holds. Two        *)
(* numbers, and one slot or the rule of readers and writers. `a` takes the step, whatever it is at; `b` stands at    *)
(* one of the steps that Inv tells apart, or died, with what may be left of it. What came or went during a listing   *)
(* is in it or not: all that did not stand is taken to have, so that the most can be shown.                          *)
EXTENDS MCWaitQueue

Of(first, second) == [p \in Procs |-> IF p = "a" THEN first ELSE second]
Other(p) == IF p = "a" THEN "b" ELSE "a"

Unmarking == {"enter mark", "withdraw leaf", "door unmark", "meet unmark", "unmark", "remove"}
Steps == BeforeDoor \cup (InDoorway \ Unmarking) \cup (Meetings \ Unmarking) \cup
    {"enter leaf", "withdraw", "withdraw flag", "turn", "door ends", "door ask", "door leaf", "door flag", "line",
     "line ends", "holding", "remove place"}
StepsToShare == Unmarking \cup {"sweep", "sweep ends", "alone", "share ends", "share"}
Standing == {"idle", "look ends", "ticket", "turn", "line ends", "holding", "dead"}
StandingToShare == {"alone", "meet ends", "remove"}

(* Who reads has no mark, and who writes looks at nobody's. *)
IsOfReaders(step) == step = "alone"
IsOfWriters(step) == step \in {"enter mark", "remove", "share ends", "share"}
May(p, step) == ReadWrite => ~IF p \in Sharers THEN IsOfWriters(step) ELSE IsOfReaders(step)

HasMine(p) == pc[p] \in {"ticket", "remove place"} \/ IsInLine(p)
Mines(p) == IF HasMine(p) THEN {place \in Places : Shares(place) = (p \in Sharers)} ELSE {NoPlace}
TicketsOf(p) ==
    IF IsInLine(p) THEN {mine[p]}
    ELSE IF pc[p] = "dead" /\ flag[p] = "none" THEN {NoPlace} \cup {place \in Places : Shares(place) = (p \in Sharers)}
    ELSE {NoPlace}
Empties == {{}} \cup {{place} : place \in {aim["a"], mine["a"]} \cap Places}
Reasons(p) ==
    IF pc[p] = "alone" THEN {"look"}
    ELSE IF pc[p] \notin Meetings THEN {"nothing"}
    ELSE IF ~ReadWrite THEN {"wait", "withdraw"}
    ELSE {"withdraw", "sweep", IF p \in Sharers THEN "look" ELSE "wait"}
Aims(p) ==
    IF then[p] = "nothing" THEN {NoPlace}
    ELSE IF then[p] = "wait" THEN Before(Places, mine[p])
    ELSE IF then[p] = "look" THEN {place \in Before(Places, mine[p]) : ~Shares(place)}
    ELSE {place \in Places : Number(place) = 1}
Todos(p) == IF then[p] = "look" THEN SUBSET {place \in Before(Places, aim[p]) : ~Shares(place)} ELSE {{}}
Met(p) == IF pc[p] \in {"door ask", "door unmark", "door leaf", "door flag", "meet ask", "meet unmark", "meet leaf",
                       "meet place", "alone"}
          THEN Other(p) ELSE NoProc
FlagsOf(p) ==
    IF IsComing(p) THEN {"whole"}
    ELSE IF pc[p] = "enter leaf" THEN {"bare"}
    ELSE IF pc[p] = "withdraw" THEN {"none", "whole"}
    ELSE IF pc[p] = "withdraw leaf" THEN {"none", "whole"}
    ELSE IF pc[p] = "withdraw flag" THEN {"none", "bare"}
    ELSE IF pc[p] = "dead" THEN {"none", "bare", "whole"}
    ELSE {"none"}
Awaited(p) ==
    IF pc[p] = "turn" THEN {{}, {Other(p)}, Procs}
    ELSE IF pc[p] \in {"door ends", "door ask", "door unmark", "door leaf", "door flag"} THEN {{Other(p)}, Procs}
    ELSE {{}}
Listing(dirs, names, there) ==
    {[of |-> dir, stood |-> some, fleeting |-> names \ some] : dir \in dirs, some \in SUBSET there}
Seen(p) == IF p = "a" THEN Taken ELSE Taken \cap {mine["a"]}
Readings(p) ==
    IF pc[p] \in {"look ends", "line ends", "numbers end", "share ends", "sweep ends"} THEN Listing({Queue}, Places, Seen(p))
    ELSE IF pc[p] = "door ends" THEN Listing({Door, NoDir}, {Other(p)}, Flags \ {p})
    ELSE IF pc[p] = "meet ends" THEN Listing({aim[p], NoDir}, {Other(p)}, {line[aim[p]]} \cap Procs)
    ELSE {Resting}
Marks(p) ==
    IF ~HasMark(p) \/ pc[p] = "remove" THEN {FALSE} ELSE IF IsInLine(p) \/ pc[p] = "dead" THEN BOOLEAN ELSE {IsComing(p)}

(* Where nobody looks whether they stand, directories do for what is in them. *)
AtDoor == {"enter flag", "turn", "tidy"}
AtQueue == {"enter door", "sweep", "tidy queue"}

(* Each variable in turn, and what Inv says of it at once. *)
Anything ==
    /\ \E first \in Steps \cup IF ReadWrite THEN StepsToShare ELSE {},
          second \in Standing \cup IF ReadWrite THEN StandingToShare ELSE {} :
         May("a", first) /\ May("b", second) /\ (second = "dead" => Crashes > 0) /\ pc = Of(first, second)
    /\ \E first \in Reasons("a"), second \in Reasons("b") : then = Of(first, second)
    /\ \E first \in Mines("a"), second \in Mines("b") : mine = Of(first, second)
    /\ \E first \in Aims("a"), second \in Aims("b") : aim = Of(first, second)
    /\ \E first \in Todos("a"), second \in Todos("b") : todo = Of(first, second)
    /\ whom = Of(Met("a"), Met("b"))
    /\ OnlyTheDeadAreRemoved
    /\ \E first \in FlagsOf("a"), second \in FlagsOf("b") : flag = Of(first, second)
    /\ \E first \in TicketsOf("a"), second \in TicketsOf("b"), empty \in Empties :
         line = [place \in Places |->
             IF place = first THEN "a" ELSE IF place = second THEN "b" ELSE IF place \in empty THEN "empty" ELSE "none"]
    /\ door \in {Flags # {}, Flags # {} \/ pc["a"] \in AtDoor}
    /\ queue \in {door \/ Taken # {}, door \/ Taken # {} \/ pc["a"] \in AtQueue}
    /\ \E first \in Awaited("a"), second \in Awaited("b") : awaits = Of(first, second)
    /\ EachTicketIsHeld /\ FewStandBefore
    /\ \E first \in Marks("a"), second \in Marks("b") : mark = Of(first, second)
    /\ NobodyIsAloneBefore
    /\ \E first \in Readings("a"), second \in Readings("b") : reading = Of(first, second)
    /\ Inv
    /\ ahead = Of({}, {}) /\ joins = Of(0, 0)

(* All but what nobody knows. *)
View == <<queue, door, flag, line, mark, pc, reading, mine, awaits, todo, aim, whom, then>>

OneMoves == LET p == "a" IN EnterQueue(p) \/ GoOn(p) \/ Crash(p)
===============================================================================
