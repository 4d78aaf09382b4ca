----------------------------- MODULE WaitQueueDisk ----------------------------
(* What a wait queue is made of: what it depends on, what stands on disk, what a listing of it shows, and what each   *)
(* process knows. The procedures are WaitQueueJoin, WaitQueueTurn and WaitQueueLeave; WaitQueue is the whole.         *)
EXTENDS Integers, FiniteSets

CONSTANTS
    Procs,      \* Processes, each with its id. One may die; who comes after it is another, with another id.
    NoProc,     \* None of them.
    Sharers,    \* The readers among them. Nobody, unless the rule is that of readers and writers.
    Slots,      \* How many hold at once; 0 for the rule of readers and writers.
    Last,       \* The highest number.
    Joins,      \* How often each of them joins; 0 for no end.
    Crashes,    \* How many of them may die.
    Cutters,    \* Those of them that cut in, where one holds at a time; where there are any, each can be asked to leave.
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

Cutting == Cutters # {}

(* One mark is enough for each rule: `waits` of everybody where several hold, `alone` of writers, `stay` of everybody     *)
(* where some cut in.                                                                                                     *)
HasMark(p) == IF ReadWrite THEN p \notin Sharers ELSE Slots > 1 \/ Cutting
HaveMarks == ReadWrite \/ Slots > 1 \/ Cutting

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

Meets(p, place, why) ==
    /\ aim' = [aim EXCEPT ![p] = place]
    /\ then' = [then EXCEPT ![p] = why]
    /\ Goes(p, "meet")

(* 5 WAIT is to come again. *)
Waits(p) == EndsMeeting(p) /\ Goes(p, "turn")
===============================================================================
