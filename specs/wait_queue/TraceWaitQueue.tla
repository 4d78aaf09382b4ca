---------------------------- MODULE TraceWaitQueue ----------------------------
(* Whether what the code does is a behaviour of WaitQueue: the module WaitQueueCode, which is made by a run of the   *)
(* simulator, holds the states of the code and its steps, each one call with its path and its answer.                *)
EXTENDS WaitQueue, WaitQueueCode, Sequences

CONSTANTS StepsAt, DiskAt, HoldersAt  \* what WaitQueueCode says, worked out once

VARIABLE at  \* the number of the code's state

(* ------------------------------------------------ What is on disk ------------------------------------------------ *)

Root == <<"lock">>
Mark == IF ReadWrite THEN "alone" ELSE IF Cutting THEN "stay" ELSE "waits"
PlaceNames == <<"1", "1-shared", "2", "2-shared", "3", "3-shared", "4", "4-shared">>
PlaceDir(n) == Root \o <<PlaceNames[n - 1]>>
PlaceOf(name) ==
    IF \E n \in Places : PlaceNames[n - 1] = name THEN CHOOSE n \in Places : PlaceNames[n - 1] = name ELSE NoPlace
DoorDir == Root \o <<"door">>
FlagDir(p) == DoorDir \o <<p>>

Ticketed == {n \in Places : IsTicket(n)}
MarkOf(dir, p) == IF mark[p] THEN {dir \o <<p, Mark>>} ELSE {}

Disk ==
    (IF queue THEN {Root} ELSE {}) \cup (IF door THEN {DoorDir} ELSE {})
    \cup {FlagDir(p) : p \in Flags}
    \cup UNION {{FlagDir(p) \o <<p>>} \cup MarkOf(FlagDir(p), p) : p \in {q \in Procs : flag[q] = "whole"}}
    \cup {PlaceDir(n) : n \in Taken}
    \cup UNION {{PlaceDir(n) \o <<line[n]>>} \cup MarkOf(PlaceDir(n), line[n]) : n \in Ticketed}

(* ----------------------------------------------------- Calls ----------------------------------------------------- *)

Mine(p) == PlaceDir(mine[p])
Theirs(p) == PlaceDir(aim[p])

(* The method and the path of the call that comes next. *)
Asked(p) ==
    CASE pc[p] = "idle" -> <<"ensure_dir", Root>>
      [] pc[p] = "enter door" -> <<"ensure_dir", DoorDir>>
      [] pc[p] = "enter flag" -> <<"ensure_dir", FlagDir(p)>>
      [] pc[p] = "enter leaf" -> <<"ensure_dir", FlagDir(p) \o <<p>>>>
      [] pc[p] = "enter mark" -> <<"ensure_dir", FlagDir(p) \o <<p, Mark>>>>
      [] pc[p] \in {"look", "look ends", "numbers", "numbers end", "line", "line ends", "share ends"} -> <<"list", Root>>
      [] pc[p] = "ticket" -> <<"rename", FlagDir(p)>>
      [] pc[p] = "withdraw" /\ HaveMarks -> <<"discard_dir", FlagDir(p) \o <<p, Mark>>>>
      [] pc[p] \in {"withdraw", "withdraw leaf"} -> <<"discard_dir", FlagDir(p) \o <<p>>>>
      [] pc[p] = "withdraw flag" -> <<"discard_dir", FlagDir(p)>>
      [] pc[p] \in {"cut", "cut ends", "again", "again ends"} -> <<"list", Root>>
      [] pc[p] \in {"cut look", "cut look ends"} -> <<"any", Theirs(p)>>
      [] pc[p] = "cut ask" -> <<"discard_dir", Theirs(p) \o <<whom[p], Mark>>>>
      [] pc[p] \in {"turn", "holding"} /\ Cutting -> <<"exists", Mine(p) \o <<p, Mark>>>>
      [] pc[p] \in {"turn", "stays"} -> <<"list", IF awaits[p] = {} THEN Root ELSE DoorDir>>
      [] pc[p] = "door ends" -> <<"list", DoorDir>>
      [] pc[p] \in {"door sample", "door sample ends"} -> <<"any", DoorDir>>
      [] pc[p] \in {"door ask", "meet ask"} -> <<"liveness", <<whom[p]>>>>
      [] pc[p] = "door unmark" -> <<"discard_dir", FlagDir(whom[p]) \o <<whom[p], Mark>>>>
      [] pc[p] = "door leaf" -> <<"discard_dir", FlagDir(whom[p]) \o <<whom[p]>>>>
      [] pc[p] = "door flag" -> <<"discard_dir", FlagDir(whom[p])>>
      [] pc[p] \in {"meet", "meet ends"} -> <<"any", Theirs(p)>>
      [] pc[p] \in {"meet empty", "meet place"} -> <<"discard_dir", Theirs(p)>>
      [] pc[p] = "meet unmark" -> <<"discard_dir", Theirs(p) \o <<whom[p], Mark>>>>
      [] pc[p] = "meet leaf" -> <<"discard_dir", Theirs(p) \o <<whom[p]>>>>
      [] pc[p] = "alone" -> <<"exists", Theirs(p) \o <<whom[p], Mark>>>>
      [] pc[p] = "notice" -> <<"discard_dir", Mine(p) \o <<p, Mark>>>>
      [] pc[p] = "share" -> <<"remove_dir", Mine(p) \o <<p, Mark>>>>
      [] pc[p] = "holding" /\ Downgrades /\ p \notin Sharers /\ mark[p] -> <<"list", Root>>
      [] pc[p] \in {"holding", "unmark"} /\ HasMark(p) -> <<"remove_dir", Mine(p) \o <<p, Mark>>>>
      [] pc[p] \in {"holding", "unmark", "remove"} -> <<"remove_dir", Mine(p) \o <<p>>>>
      [] pc[p] = "remove place" -> <<"discard_dir", Mine(p)>>
      [] pc[p] \in {"sweep", "sweep ends"} -> <<"any", Root>>
      [] pc[p] = "tidy" -> <<"discard_dir", DoorDir>>
      [] pc[p] = "tidy queue" -> <<"discard_dir", Root>>
      [] OTHER -> <<"no call", <<>>>>

PlacesIn(saw) == {PlaceOf(name) : name \in saw} \ {NoPlace}

(* A listing that ends shows what the code was answered. *)
Shows(p, saw) ==
    IF pc[p] = "door ends"
    THEN saw \in Shown(p) /\ ListingEnds(p, saw)
    ELSE PlacesIn(saw) \in Shown(p) /\ ListingEnds(p, PlacesIn(saw))

Picks(p, saw) ==
    LET one == IF pc[p] = "sweep ends" THEN IF saw = {} THEN NoPlace ELSE PlaceOf(CHOOSE name \in saw : TRUE)
               ELSE IF saw = {} THEN NoProc ELSE CHOOSE name \in saw : TRUE
    IN one \in ShownOne(p) /\ SampleEnds(p, one)

Takes(p, e) ==
    /\ <<e.call, e.path>> = Asked(p)
    /\ pc[p] = "ticket" => e.onto = Mine(p)
    /\ pc[p] \in {"door ask", "meet ask"} => (e.answer = "Dead") = (pc[whom[p]] = "dead")
    /\ IF e.deed = "begin" THEN EnterQueue(p) \/ Call(p)
       ELSE IF pc[p] \in InListing THEN Shows(p, e.saw)
       ELSE IF pc[p] \in InSample THEN Picks(p, e.saw)
       ELSE EnterQueue(p) \/ Call(p)

Dies(p) == IF pc[p] = "idle" THEN UNCHANGED vars ELSE Crash(p)

TraceInit == Init /\ at \in CodeStarts

TraceNext ==
    \E e \in StepsAt[at] :
        /\ at' = e.to
        /\ IF e.deed = "crash" THEN Dies(e.who) ELSE e.deed \in {"call", "begin"} /\ Takes(e.who, e)
        /\ Disk' = DiskAt[at']
        /\ {p \in Procs : pc'[p] = "holding"} = HoldersAt[at']
=============================================================================
