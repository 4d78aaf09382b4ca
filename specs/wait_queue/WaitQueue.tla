------------------------------ MODULE WaitQueue ------------------------------
(* The wait queue of kernel/src/wait_queue.rs under its admission rules: contenders stand in line, each looks at     *)
(* those before it, and who comes late overtakes nobody.                                                             *)
(*                                                                                                                   *)
(* Everything in a queue is a directory. `<queue>/door/p/p` says that p is about to take a number, and `<queue>/n/p` *)
(* is the ticket of p. To join, p puts up its flag in the door (ENTER), reads the line (LOOK), and renames its flag  *)
(* to the number after the highest (TICKET). So p stands in the door for as long as it has a number in mind and no   *)
(* ticket, and then in the line: who looks into the door and then along the line sees it in one of them. To have its *)
(* turn, p waits for those whom it finds in the door after its TICKET (DOOR), reads the line (LINE), and asks its    *)
(* admission rule about those before it. Who has to wait MEETs the one it waits for, and removes a dead one.         *)
(*                                                                                                                   *)
(* Each action is one call, named as the step of the code that makes it. A listing is two actions, for entries come  *)
(* and go while it is under way: it shows all that stood from its beginning to its end, and of the others any. That  *)
(* a call walks to its directory before it takes effect needs no action: nothing but what is of the dead is ever     *)
(* named by anybody else than its owner, and nobody moves that any more.                                             *)
(*                                                                                                                   *)
(* Not here: leases, cutting in, calls that fail for no reason on disk, and the limit to how many numbers one join   *)
(* tries, which is higher than the numbers here.                                                                     *)
EXTENDS Integers, FiniteSets

CONSTANTS
    Procs,      \* Processes, each with its id. One may die; who comes after it is another, with another id.
    NoProc,     \* None of them.
    Sharers,    \* The readers among them. Nobody, unless the rule is that of readers and writers.
    Slots,      \* How many hold at once; 0 for the rule of readers and writers.
    Last,       \* The highest number.
    Joins,      \* How often each of them joins; 0 for no end.
    Crashes,    \* How many of them may die.
    Downgrades, \* Whether writers go on as readers before they leave.
    Forgetful   \* Whether who waits forgets whom it saw in the door, and looks anew at its next turn.

ReadWrite == Slots = 0

(* A place is a number and whether its owner shares: a writer comes before a reader that has the same number. *)
Place(number, p) == 2 * number + (IF p \in Sharers THEN 1 ELSE 0)
Number(place) == place \div 2
Shares(place) == place % 2 = 1
Places == IF ReadWrite THEN 2 .. 2 * Last + 1 ELSE {2 * number : number \in 1 .. Last}
Before(set, place) == {other \in set : other < place}
Min(set) == CHOOSE least \in set : \A other \in set : least <= other
Max(set) == CHOOSE most \in set : \A other \in set : most >= other

(* The directories that are listed are the queue, its door, and the places. *)
Queue == 0
Door == 1
NoDir == -1
NoPlace == 0

(* One mark is enough for each rule: `waits` of everybody where several hold, `alone` of writers. *)
HasMark(p) == IF ReadWrite THEN p \notin Sharers ELSE Slots > 1
HaveMarks == ReadWrite \/ Slots > 1

VARIABLES
    queue, door, \* Whether these directories stand.
    flag,        \* Of each its flag in the door: "none", "bare" with nothing in it, or "whole".
    line,        \* What stands at each place: "none", "empty", or the ticket of somebody.
    mark,        \* Whether its mark stands, in its flag or its ticket.
    pc,          \* The call that comes next.
    reading,     \* The listing under way: of which directory, what stood all the time, and what came or went.
    mine,          \* The place that it tries to get, and then has.
    awaits,      \* Who of those in the door may still come before it: everybody until it has looked.
    todo,        \* The places that it has to meet in this turn.
    aim,         \* The place that it meets.
    whom,        \* Whom it found there, or in the door.
    then,        \* What it meets that one for.
    ahead,       \* Known to nobody: who had a ticket when it began to LOOK, and has not begun to leave since.
    joins        \* Known to nobody: how often it has joined, where that has an end.

disk == <<queue, door, flag, line, mark>>
meeting == <<todo, aim, whom, then>>
vars == <<queue, door, flag, line, mark, pc, reading, mine, awaits, todo, aim, whom, then, ahead, joins>>

Resting == [of |-> NoDir, stood |-> {}, fleeting |-> {}]

Init ==
    /\ queue = FALSE /\ door = FALSE
    /\ flag = [p \in Procs |-> "none"]
    /\ line = [place \in Places |-> "none"]
    /\ mark = [p \in Procs |-> FALSE]
    /\ pc = [p \in Procs |-> "idle"]
    /\ reading = [p \in Procs |-> Resting]
    /\ mine = [p \in Procs |-> NoPlace]
    /\ awaits = [p \in Procs |-> {}]
    /\ todo = [p \in Procs |-> {}]
    /\ aim = [p \in Procs |-> NoPlace]
    /\ whom = [p \in Procs |-> NoProc]
    /\ then = [p \in Procs |-> "nothing"]
    /\ ahead = [p \in Procs |-> {}]
    /\ joins = [p \in Procs |-> 0]

(* ----------------------------------------------- What is on disk ------------------------------------------------ *)

Flags == {p \in Procs : flag[p] # "none"}
Taken == {place \in Places : line[place] # "none"}
HasTicket(p) == mine[p] \in Places /\ line[mine[p]] = p
Stands(p) == HasTicket(p) /\ pc[p] \notin {"unmark", "remove"}
IsTicket(place) == line[place] \in Procs

Entries(dir) ==
    IF dir = Queue THEN Taken
    ELSE IF dir = Door THEN Flags
    ELSE IF IsTicket(dir) THEN {line[dir]} ELSE {}

(* Listings under way when entries of a directory come and go. *)
Noted(now, dir, came, went) ==
    [q \in Procs |-> IF now[q].of # dir THEN now[q] ELSE
        [of |-> dir, stood |-> now[q].stood \ went, fleeting |-> now[q].fleeting \cup came \cup went]]

(* Listings under way when their directory goes away: what comes to stand under its name is not in them. *)
Lost(now, dir) == [q \in Procs |-> IF now[q].of # dir THEN now[q] ELSE [now[q] EXCEPT !.of = NoDir]]

(* What a listing that ends now may show. *)
Shown(p) == {reading[p].stood \cup some : some \in SUBSET reading[p].fleeting}
(* The same of who wants one name only. The door, which a sweep may pick, is no place. *)
ShownOne(p) ==
    IF pc[p] = "sweep ends"
    THEN {NoPlace} \cup reading[p].stood \cup reading[p].fleeting
    ELSE reading[p].stood \cup reading[p].fleeting \cup (IF reading[p].stood = {} THEN {NoProc} ELSE {})

Begins(p, dir) == reading' = [reading EXCEPT ![p] = [of |-> dir, stood |-> Entries(dir), fleeting |-> {}]]
Ends(p) == reading' = [reading EXCEPT ![p] = Resting]

(* rmdir of a flag, of a place, of the door, of the queue: each of them, or nothing. *)
RemovesFlag(q) ==
    IF flag[q] = "bare"
    THEN flag' = [flag EXCEPT ![q] = "none"] /\ reading' = Noted(reading, Door, {}, {q})
    ELSE UNCHANGED <<flag, reading>>
RemovesPlace(place) ==
    IF line[place] = "empty"
    THEN line' = [line EXCEPT ![place] = "none"] /\ reading' = Lost(Noted(reading, Queue, {}, {place}), place)
    ELSE UNCHANGED <<line, reading>>
RemovesDoor ==
    IF door /\ Flags = {} THEN door' = FALSE /\ reading' = Lost(reading, Door) ELSE UNCHANGED <<door, reading>>
RemovesQueue ==
    IF queue /\ ~door /\ Taken = {}
    THEN queue' = FALSE /\ reading' = Lost(reading, Queue)
    ELSE UNCHANGED <<queue, reading>>

Goes(p, step) == pc' = [pc EXCEPT ![p] = step]

EndsMeeting(p) ==
    /\ todo' = [todo EXCEPT ![p] = {}]
    /\ aim' = [aim EXCEPT ![p] = NoPlace]
    /\ whom' = [whom EXCEPT ![p] = NoProc]
    /\ then' = [then EXCEPT ![p] = "nothing"]

Forgets(p) ==
    /\ EndsMeeting(p)
    /\ mine' = [mine EXCEPT ![p] = NoPlace]
    /\ awaits' = [awaits EXCEPT ![p] = {}]

(* ----------------------------------------------------- Join ------------------------------------------------------ *)

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
            /\ Goes(p, "turn")
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

Meets(p, place, why) ==
    /\ aim' = [aim EXCEPT ![p] = place]
    /\ then' = [then EXCEPT ![p] = why]
    /\ Goes(p, "meet")

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
    /\ pc[p] = "withdraw leaf" \/ pc[p] = "withdraw" /\ ~HaveMarks
    /\ flag' = [flag EXCEPT ![p] = IF @ = "whole" THEN "bare" ELSE @]
    /\ Goes(p, "withdraw flag")
    /\ UNCHANGED <<queue, door, line, mark, reading, mine, awaits, meeting, ahead, joins>>

WithdrawFlag(p) ==
    /\ pc[p] = "withdraw flag"
    /\ RemovesFlag(p)
    /\ Goes(p, "tidy")
    /\ UNCHANGED <<queue, door, line, mark, mine, awaits, meeting, ahead, joins>>

(* ----------------------------------------------------- Turn ------------------------------------------------------ *)

(* 5 WAIT is to come again. *)
Waits(p) == EndsMeeting(p) /\ Goes(p, "turn")

StillAwaited(p, left) == IF left # {} /\ Forgetful THEN Procs ELSE left

(* 2 DOOR: those who stood in it when I first looked, after my TICKET. *)
DoorBegin(p) ==
    /\ pc[p] = "turn" /\ awaits[p] # {}
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
    /\ pc[p] = "line" \/ pc[p] = "turn" /\ awaits[p] = {}
    /\ Begins(p, Queue)
    /\ Goes(p, "line ends")
    /\ UNCHANGED <<disk, mine, awaits, meeting, ahead, joins>>

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

LineEnd(p, shown) ==
    /\ pc[p] = "line ends"
    /\ Ends(p)
    /\ LET before == Before(shown, mine[p]) IN
       IF mine[p] \notin shown THEN Goes(p, "unmark") /\ UNCHANGED meeting
       ELSE IF ~ReadWrite THEN AmongFirst(p, before)
       ELSE IF p \in Sharers THEN BehindNoWriter(p, {place \in before : ~Shares(place)})
       ELSE BehindNobody(p, before)
    /\ UNCHANGED <<disk, mine, awaits, ahead, joins>>

(* Where several hold, those behind me see that I have noticed. *)
Notice(p) ==
    /\ pc[p] = "notice"
    /\ mark' = [mark EXCEPT ![p] = FALSE]
    /\ Goes(p, "holding")
    /\ UNCHANGED <<queue, door, flag, line, reading, mine, awaits, meeting, ahead, joins>>

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

(* ----------------------------------------------------- Leave ----------------------------------------------------- *)

(* Who has begun to leave is ahead of nobody any more. *)
NotAhead(p) == ahead' = [q \in Procs |-> IF q = p THEN {} ELSE ahead[q] \ {p}]

MayLeave(p) == pc[p] = "holding" /\ (Downgrades /\ HasMark(p) => ~mark[p])

(* 1 UNMARK *)
Unmark(p) ==
    /\ HasMark(p) /\ (MayLeave(p) \/ pc[p] = "unmark")
    /\ mark' = [mark EXCEPT ![p] = IF HasTicket(p) THEN FALSE ELSE @]
    /\ NotAhead(p)
    /\ Goes(p, "remove")
    /\ UNCHANGED <<queue, door, flag, line, reading, mine, awaits, meeting, joins>>

(* 2 REMOVE my ticket, and its place. *)
Remove(p) ==
    /\ pc[p] = "remove" \/ ~HasMark(p) /\ (MayLeave(p) \/ pc[p] = "unmark")
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

(* ---------------------------------------------------- The whole --------------------------------------------------- *)

Dead == {p \in Procs : pc[p] = "dead"}

Crash(p) ==
    /\ pc[p] \notin {"dead", "idle"} /\ Cardinality(Dead) < Crashes
    /\ Forgets(p)
    /\ Goes(p, "dead")
    /\ reading' = [reading EXCEPT ![p] = Resting]
    /\ NotAhead(p)
    /\ UNCHANGED <<disk, joins>>

(* The steps by the procedure they belong to; a listing ends with what it shows. Whether p is in a procedure at all is *)
(* asked first, for then a checker need not look into each of its steps.                                             *)
InJoin == {"enter door", "enter flag", "enter leaf", "enter mark", "look", "ticket", "numbers"}
InWithdraw == {"withdraw", "withdraw leaf", "withdraw flag"}
InDoor == {"turn", "door sample", "door ask", "door unmark", "door leaf", "door flag"}
InLine == {"turn", "line", "notice", "alone"}
InMeeting == {"meet", "meet empty", "meet ask", "meet unmark", "meet leaf", "meet place"}
InHolding == {"holding", "share"}
InLeave == {"holding", "unmark", "remove", "remove place", "sweep", "tidy", "tidy queue"}
InListing == {"look ends", "numbers end", "door ends", "line ends", "share ends"}
InSample == {"door sample ends", "meet ends", "sweep ends"}

Join(p) ==
    \/ EnterDoor(p) \/ EnterFlag(p) \/ EnterLeaf(p) \/ EnterMark(p) \/ LookBegin(p) \/ Ticket(p) \/ NumbersBegin(p)
Withdraw(p) == WithdrawMark(p) \/ WithdrawLeaf(p) \/ WithdrawFlag(p)
LookAtDoor(p) ==
    DoorBegin(p) \/ DoorSampleBegin(p) \/ DoorAsk(p) \/ DoorUnmark(p) \/ DoorLeaf(p) \/ DoorFlag(p)
LookAlongLine(p) == LineBegin(p) \/ Notice(p) \/ Alone(p)
Meet(p) == MeetBegin(p) \/ MeetEmpty(p) \/ MeetAsk(p) \/ MeetUnmark(p) \/ MeetLeaf(p) \/ MeetPlace(p)
Downgrade(p) == ShareBegin(p) \/ Share(p)
Leave(p) == Unmark(p) \/ Remove(p) \/ RemovePlace(p) \/ SweepBegin(p) \/ TidyDoor(p) \/ TidyQueue(p)

ListingEnds(p, shown) ==
    LookEnd(p, shown) \/ NumbersEnd(p, shown) \/ DoorEnd(p, shown) \/ LineEnd(p, shown) \/ ShareEnd(p, shown)
SampleEnds(p, one) == DoorSampleEnd(p, one) \/ MeetEnd(p, one) \/ SweepEnd(p, one)

(* What p does without a listing's end, once it has begun; beginning is its own affair. *)
Call(p) ==
    \/ pc[p] \in InJoin /\ Join(p)
    \/ pc[p] \in InWithdraw /\ Withdraw(p)
    \/ pc[p] \in InDoor /\ LookAtDoor(p)
    \/ pc[p] \in InLine /\ LookAlongLine(p)
    \/ pc[p] \in InMeeting /\ Meet(p)
    \/ pc[p] \in InHolding /\ Downgrade(p)
    \/ pc[p] \in InLeave /\ Leave(p)

GoOn(p) ==
    \/ Call(p)
    \/ pc[p] \in InListing /\ \E shown \in Shown(p) : ListingEnds(p, shown)
    \/ pc[p] \in InSample /\ \E one \in ShownOne(p) : SampleEnds(p, one)

Next == \E p \in Procs : pc[p] # "dead" /\ (EnterQueue(p) \/ GoOn(p) \/ Crash(p))
Spec == Init /\ [][Next]_vars
FairSpec == Spec /\ \A p \in Procs : WF_vars(GoOn(p))

(* --------------------------------------------------- Properties --------------------------------------------------- *)

Holders == {p \in Procs : pc[p] \in {"holding", "share ends", "share"}}
IsReader(p) == p \in Sharers \/ ReadWrite /\ HasTicket(p) /\ ~mark[p]

(* At most so many hold; of readers and writers a writer holds alone. *)
Admitted ==
    IF ReadWrite THEN \A p \in Holders : ~IsReader(p) => Holders = {p} ELSE Cardinality(Holders) <= Slots

(* Of those who had their tickets when p began to look, there are fewer left than may hold; of readers and writers    *)
(* the refinement says the same.                                                                                     *)
InOrder == ReadWrite \/ \A p \in Holders : Cardinality(ahead[p]) < Slots

(* Nobody removes the ticket of one that lives, so that nobody finds itself out of the line. *)
TicketsStay == \A p \in Procs : Stands(p) \/ mine[p] = NoPlace \/ pc[p] \in {"ticket", "remove", "remove place"}

(* What an abstract lock that serves in order of arrival calls these. *)
Status == [p \in Procs |->
    IF p \in Holders THEN IF p \notin Sharers /\ IsReader(p) THEN "sharing" ELSE "holding"
    ELSE IF pc[p] \in {"look ends", "ticket"} THEN "coming"
    ELSE IF Stands(p) THEN "waiting" ELSE "away"]
=============================================================================
