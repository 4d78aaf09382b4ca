------------------------- MODULE MCGlockDInductive -------------------------
(* From states in which Inv holds, and not from the first only, each step   *)
(* leads to one in which it holds. `A1` takes the step, whatever it is at,  *)
(* or the server or time does; `B1` is at what Inv tells apart.             *)
EXTENDS GlockD

CONSTANTS Ones, Others  \* what `A1` and `B1` may be at, worked out once

VARIABLE fresh  \* whether no step was taken

MCHeir == [s \in Sessions |-> s]

Name == CHOOSE n \in Names : TRUE
AtTime == 2
Old == Fence(1) + 1
Given == Fence(2) + 1

(* What one is at: where its client is, what the server knows of it, its connection, its command and where that is, what
   it takes for its own, and when it was confirmed, sent its command, and was heard. *)
Sit(there_, known, cut, ask, where, has, times) ==
    [there |-> there_, known |-> known, cut |-> cut, ask |-> ask, where |-> where, has |-> has, confirmed |-> times[1],
     sent |-> times[2], heard |-> times[3]]

Quiet(has, cut, times) == Sit("here", "here", cut, Nothing, "nowhere", has, times)
Asking(kind, where, cut, times) == Sit("here", "here", cut, <<kind, Name, Old>>, where, FALSE, times)
Forgotten(known, cut, has, times) == Sit("here", known, cut, Nothing, "nowhere", has, times)
Gone(known, cut, where, kind) == Sit("gone", known, cut, <<kind, Name, Old>>, where, FALSE, <<0, 0, 1>>)

Heard == {<<0, 1, 1>>, <<1, 1, 1>>, <<1, 2, 2>>, <<2, 1, 2>>}
Unheard == {<<0, 1, 0>>, <<0, 2, 0>>, <<2, 1, 0>>}

Here ==
    {Quiet(has, cut, times) : has \in BOOLEAN, cut \in BOOLEAN, times \in Heard} \union
    {Asking(kind, "up", FALSE, <<1, 2, 1>>) : kind \in {"get", "lock", "release", "stray", "back"}} \union
    {Asking(kind, "server", cut, times) : kind \in {"lock", "back"}, cut \in BOOLEAN, times \in Heard} \union
    {Asking(kind, "yes", FALSE, times) : kind \in {"get", "lock", "release", "back"}, times \in Heard} \union
    {Asking("lock", where, where = "lost", <<1, 1, h>>) : where \in {"no", "lost"}, h \in 1..2}
Unknown ==
    {Forgotten("lost", TRUE, has, times) : has \in BOOLEAN, times \in Heard} \union
    {Forgotten(known, known = "leaving", has, times) : known \in {"leaving", "no"}, has \in BOOLEAN, times \in Unheard} \union
    {Sit("here", "no", FALSE, <<"lock", Name, 0>>, where, FALSE, times) : where \in {"yes", "lost"}, times \in Unheard}
Away ==
    {Sit("away", "no", FALSE, Nothing, "nowhere", FALSE, <<0, 0, 0>>)} \union
    {Gone("here", FALSE, where, kind) : where \in {"up", "server"}, kind \in {"lock", "back"}} \union
    {Gone("here", FALSE, "up", "release")} \union
    {Gone("here", cut, "nowhere", "lock") : cut \in BOOLEAN} \union
    {Gone(known, cut, "nowhere", "lock") : known \in {"leaving", "no"}, cut \in BOOLEAN} \union
    {Gone("lost", TRUE, "nowhere", "lock")}
AnyOne == Here \union Unknown \union Away

(* Of who takes no step: one of each that Inv tells apart. *)
SomeOther ==
    {Quiet(TRUE, FALSE, <<c, 0, 2>>) : c \in {0, 2}} \union
    {Asking("release", "up", FALSE, <<1, 2, 1>>), Asking("lock", "yes", FALSE, <<0, 2, 2>>)} \union
    {Asking(kind, "server", FALSE, <<1, 1, 1>>) : kind \in {"lock", "back"}} \union
    {Forgotten("lost", TRUE, TRUE, <<1, 0, 1>>)} \union
    {Forgotten(known, TRUE, TRUE, <<c, 0, 0>>) : known \in {"leaving", "no"}, c \in {0, 2}} \union
    {Sit("here", "no", FALSE, <<"lock", Name, 0>>, "yes", FALSE, <<0, 2, 0>>)} \union
    {Gone("leaving", TRUE, "nowhere", "lock"), Sit("away", "no", FALSE, Nothing, "nowhere", FALSE, <<0, 0, 0>>)}

Of(one, other) == [s \in Sessions |-> IF s = "A1" THEN one ELSE other]

OnTheWay(sit, where) == IF sit.where = where THEN sit.ask ELSE Nothing
AskedOf(sit) == IF sit.there = "here" THEN sit.ask ELSE Nothing
WaitsOf(sit) == IF sit.where = "server" THEN Append(sit.ask, AtTime + 1) ELSE Nothing
ToldTo(sit) == CASE sit.where = "yes" -> Yes(Given) [] sit.where = "no" -> No [] OTHER -> Nothing
MineOf(sit) == [n \in Names |-> IF sit.has THEN IF sit.known = "no" THEN Old ELSE Given ELSE NoFence]

Lines(at) ==
    LET waiting == {s \in Sessions : at[s].where = "server" /\ at[s].ask[1] = "lock"} IN
    {line \in {<< >>, <<"A1">>, <<"B1">>, <<"A1", "B1">>, <<"B1", "A1">>} :
        Len(line) = Cardinality(waiting) /\ \A s \in waiting : \E i \in DOMAIN line : line[i] = s}

Leaving(at, s) == IF at[s].known = "leaving" THEN <<<<"release", s>>>> ELSE << >>
Settling(stage) == IF stage \in {"granting", "settling"} THEN <<<<"settle">>>> ELSE << >>
ChoresOf(at, stage) ==
    {Settling(stage) \o Leaving(at, "A1") \o Leaving(at, "B1"), Leaving(at, "A1") \o Settling(stage) \o Leaving(at, "B1")}

(* Whom the server has to have for the holder, which asks less than Inv. *)
MayHold(at, who, stage) ==
    /\ IF who = NoOne THEN TRUE ELSE stage \in {"none", "settling"} /\ at[who].known # "no"
    /\ \A s \in Sessions : (at[s].has /\ at[s].known \in {"here", "lost"}) => who = s

ServerWith(at, who, line, stage, ends, chores) ==
    [known |-> [s \in Sessions |-> at[s].known],
     heard |-> [s \in Sessions |-> at[s].heard],
     waits |-> [s \in Sessions |-> WaitsOf(at[s])],
     locks |-> [n \in Names |-> [holder |-> who, fence |-> IF who = NoOne THEN 0 ELSE Given, line |-> line, sharers |-> {}]],
     last |-> Given,
     stage |-> stage,
     ends |-> ends,
     epoch |-> 2,
     since |-> IF stage = "none" THEN 2 ELSE 1,
     chores |-> chores]

Anything ==
    /\ fresh = TRUE
    /\ now = AtTime
    /\ left = [quits |-> 1, breaks |-> 1, cuts |-> 1, ends |-> 1, ticks |-> 1]
    /\ chances = Of(1, 0)
    /\ joined = Of({}, {})
    /\ lost = Of([n \in Names |-> Old], Nowhere)
    /\ \E one \in Ones, other \in Others, who \in Sessions \union {NoOne}, stage \in {"none", "claiming", "granting", "settling"} :
         LET at == Of(one, other) IN
         /\ MayHold(at, who, stage)
         /\ there = Of(one.there, other.there)
         /\ asked = Of(AskedOf(one), AskedOf(other))
         /\ sent = Of(one.sent, other.sent)
         /\ confirmed = Of(one.confirmed, other.confirmed)
         /\ mine = Of(MineOf(one), MineOf(other))
         /\ up = Of(OnTheWay(one, "up"), OnTheWay(other, "up"))
         /\ down = Of(ToldTo(one), ToldTo(other))
         /\ broken = Of(one.cut, other.cut)
         /\ \E line \in Lines(at), ends \in IF stage = "claiming" THEN 3..4 ELSE {0}, chores \in ChoresOf(at, stage) :
              server = ServerWith(at, who, line, stage, ends, chores)
    /\ Inv

OneMoves == fresh /\ fresh' = FALSE /\ (OfOne("A1") \/ Work \/ Restart \/ Tick)
============================================================================
