------------------------------- MODULE GlockD -------------------------------
(* glockd: a lock server, its clients, and the network between them.        *)
(*                                                                          *)
(* GlockDServer is the server, the code of kernel/src/glockd.rs and the     *)
(* files beside it, whose steps have the same names. This module adds what  *)
(* clients and networks do, as sim/src/network has it, and says what holds. *)
(*                                                                          *)
(* A client asks for one thing at a time. What it sends and what it is told *)
(* takes any time on its way, and is lost where its connection breaks. That *)
(* a connection is lost is noticed by either side first, or late.           *)
EXTENDS GlockDServer

CONSTANTS
    Asks,      \* what clients ask for: "get", "lock", "release", "stray", "join", "part", "back", "ping"
    Born,      \* the sessions that clients may begin with
    Heir,      \* of each session the one that its client may have after it, or itself
    Signs,     \* whether a client that can be reached shows a sign of life as it is asked, or never
    Commands,  \* how often each client asks for something, beside "ping"
    Quits, Breaks, Cuts, Ends, Ticks
               \* how often clients go, connections break, less is read than has come, the server dies, and time passes

VARIABLES
    there,     \* of each session where its client is: "unborn", "away", "here", "gone"
    asked,     \* of each what its client asked and was not answered
    sent,      \* of each when that was
    confirmed, \* of each when the last line was sent that was answered
    mine,      \* of each which locks its client takes for its own, with the fence it was told
    joined,    \* of each the shared locks that its client takes for its own
    lost,      \* of each what its client held when its last connection was lost
    chances,   \* of each how often its client may ask
    up,        \* of each what is on the way to the server
    down,      \* of each what is on the way to the client
    broken,    \* of each whether its connection is broken, which neither side need notice
    server,    \* what GlockDServer says
    now,       \* what time it is
    left       \* what may still happen

clients == <<there, asked, sent, confirmed, mine, joined, lost, chances>>
vars == <<clients, up, down, broken, server, now, left>>

Nowhere == [n \in Names |-> NoFence]

(****************************************************************************)
(* Clients.                                                                 *)
(****************************************************************************)

Connect(s) ==
    /\ there[s] = "away"
    /\ there' = [there EXCEPT ![s] = "here"]
    /\ confirmed' = [confirmed EXCEPT ![s] = now]
    /\ server' = Enter(server, s, now)
    /\ UNCHANGED <<asked, sent, mine, joined, lost, chances, up, down, broken, now, left>>

Serves(s) == server.known[s] = "here"

(* What it may ask next. *)
MayAsk(s, kind, n) ==
    CASE kind \in {"get", "lock", "stray"} -> mine[s][n] = NoFence
      [] kind = "release" -> mine[s][n] # NoFence
      [] kind = "join" -> n \notin joined[s]
      [] kind = "part" -> n \in joined[s]
      [] kind = "back" -> mine[s][n] = NoFence /\ lost[s][n] > 0

HasUseForPing(s) == "ping" \in Asks /\ confirmed[s] < now /\ \E n \in Names : mine[s][n] # NoFence

Sends(s, ask) ==
    /\ asked' = [asked EXCEPT ![s] = ask]
    /\ sent' = [sent EXCEPT ![s] = now]
    /\ up' = IF Serves(s) /\ ~broken[s] THEN [up EXCEPT ![s] = ask] ELSE up
    /\ UNCHANGED <<there, confirmed, left, down, broken, server, now>>

(* A lock is its own until it asks for its release. *)
Say(s, kind, n) ==
    /\ there[s] = "here" /\ asked[s] = Nothing /\ chances[s] > 0 /\ MayAsk(s, kind, n)
    /\ Sends(s, <<kind, n, IF kind = "back" THEN lost[s][n] ELSE 0>>)
    /\ chances' = [chances EXCEPT ![s] = @ - 1]
    /\ mine' = IF kind = "release" THEN [mine EXCEPT ![s] = [@ EXCEPT ![n] = NoFence]] ELSE mine
    /\ joined' = IF kind = "part" THEN [joined EXCEPT ![s] = @ \ {n}] ELSE joined
    /\ lost' = IF kind = "back" THEN [lost EXCEPT ![s] = [@ EXCEPT ![n] = NoFence]] ELSE lost

Ping(s) ==
    /\ there[s] = "here" /\ asked[s] = Nothing /\ HasUseForPing(s)
    /\ Sends(s, <<"ping", "", 0>>)
    /\ UNCHANGED <<mine, joined, lost, chances>>

(* Whoever had an answer may be sure for so long, counted from when it sent what was answered. *)
Hear(s) ==
    /\ there[s] = "here" /\ down[s] # Nothing
    /\ LET kind == asked[s][1]
           n == asked[s][2]
           yes == down[s][1] = "yes"
       IN /\ mine' = IF yes /\ kind \in {"get", "lock", "back"}
                     THEN [mine EXCEPT ![s] = [@ EXCEPT ![n] = down[s][2]]] ELSE mine
          /\ joined' = IF yes /\ kind = "join" THEN [joined EXCEPT ![s] = @ \union {n}] ELSE joined
    /\ confirmed' = [confirmed EXCEPT ![s] = IF sent[s] > @ THEN sent[s] ELSE @]
    /\ asked' = [asked EXCEPT ![s] = Nothing]
    /\ sent' = [sent EXCEPT ![s] = 0]
    /\ down' = [down EXCEPT ![s] = Nothing]
    /\ UNCHANGED <<there, lost, chances, left, up, broken, server, now>>

(* Its client has this connection no more, and may have another, knowing what it had. *)
Goes(s, remembered) ==
    /\ there' = [q \in Sessions |-> IF q = s THEN "gone" ELSE IF q = Heir[s] THEN "away" ELSE there[q]]
    /\ lost' = [q \in Sessions |-> IF q = s THEN Nowhere ELSE IF q = Heir[s] THEN remembered ELSE lost[q]]
    /\ chances' = [q \in Sessions |-> IF q = s THEN 0 ELSE IF q = Heir[s] THEN chances[s] ELSE chances[q]]
    /\ asked' = [asked EXCEPT ![s] = Nothing]
    /\ sent' = [sent EXCEPT ![s] = 0]
    /\ confirmed' = [confirmed EXCEPT ![s] = 0]
    /\ mine' = [mine EXCEPT ![s] = Nowhere]
    /\ joined' = [joined EXCEPT ![s] = {}]
    /\ down' = [down EXCEPT ![s] = Nothing]

Quit(s) ==
    /\ left.quits > 0 /\ there[s] = "here"
    /\ left' = [left EXCEPT !.quits = @ - 1]
    /\ Goes(s, Nowhere)
    /\ UNCHANGED <<up, broken, server, now>>

ClientNotices(s) ==
    /\ there[s] = "here" /\ (broken[s] \/ (~Serves(s) /\ down[s] = Nothing))
    /\ Goes(s, [n \in Names |-> IF mine[s][n] # NoFence THEN mine[s][n] ELSE lost[s][n]])
    /\ UNCHANGED <<left, up, broken, server, now>>

(****************************************************************************)
(* The network, the server's end of it, and time.                           *)
(****************************************************************************)

Break(s) ==
    /\ left.breaks > 0 /\ there[s] = "here" /\ Serves(s) /\ ~broken[s]
    /\ left' = [left EXCEPT !.breaks = @ - 1]
    /\ broken' = [broken EXCEPT ![s] = TRUE]
    /\ up' = [up EXCEPT ![s] = Nothing]
    /\ down' = [down EXCEPT ![s] = Nothing]
    /\ UNCHANGED <<clients, server, now>>

Reaches(s) == there[s] = "here" /\ Serves(s) /\ ~broken[s]

(* Each is told its answer, where it can be reached. *)
Tells(told) ==
    down' = [s \in Sessions |->
        IF \E t \in told : t[1] = s /\ Reaches(s) THEN (CHOOSE t \in told : t[1] = s)[2] ELSE down[s]]

(* One of the ways that a step of the server may go. *)
Takes(come) == server' = come.to /\ Tells(come.told)

Read(s) ==
    /\ Serves(s) /\ ~broken[s] /\ up[s] # Nothing
    /\ up' = [up EXCEPT ![s] = Nothing]
    /\ \E come \in Answers(Hears(server, s, now), s, up[s], now) : Takes(come)
    /\ UNCHANGED <<clients, broken, now, left>>

(* Less is read than has come, cut anywhere. What has no end yet is no line, and a sign of life all the same. *)
Cut(s) ==
    /\ left.cuts > 0 /\ Serves(s) /\ ~broken[s] /\ up[s] # Nothing
    /\ left' = [left EXCEPT !.cuts = @ - 1]
    /\ \E come \in {To(Hears(server, s, now), {})} : Takes(come)
    /\ UNCHANGED <<clients, up, broken, now>>

(* An end is proof that the client is gone, and a break is none. *)
ServerNotices(s) ==
    /\ Serves(s)
    /\ IF broken[s] THEN Hello \/ there[s] # "here" ELSE there[s] # "here" /\ up[s] = Nothing
    /\ server' = IF broken[s] THEN Loss(server, s) ELSE Disconnect(server, s)
    /\ UNCHANGED <<clients, up, down, broken, now, left>>

Work ==
    /\ server.chores # << >>
    /\ \E come \in Step(server) : Takes(come)
    /\ UNCHANGED <<clients, up, broken, now, left>>

(* The server dies, and is started again with what it had persisted. *)
Restart ==
    /\ left.ends > 0
    /\ left' = [left EXCEPT !.ends = @ - 1]
    /\ server' = Restarted(server, now)
    /\ up' = [s \in Sessions |-> Nothing]
    /\ UNCHANGED <<clients, down, broken, now>>

Tick ==
    /\ left.ticks > 0
    /\ left' = [left EXCEPT !.ticks = @ - 1]
    /\ now' = now + 1
    /\ LET shown == IF Hello /\ Signs THEN {s \in Sessions : Reaches(s)} ELSE {} IN
       /\ \E come \in Time(server, shown, now + 1) : Takes(come)
       /\ up' = [s \in Sessions |-> IF s \in Silent(server, shown, now + 1) THEN Nothing ELSE up[s]]
    /\ UNCHANGED <<clients, broken>>

(****************************************************************************)
(* The whole.                                                               *)
(****************************************************************************)

Init ==
    /\ there = [s \in Sessions |-> IF s \in Born THEN "away" ELSE "unborn"]
    /\ asked = [s \in Sessions |-> Nothing]
    /\ sent = [s \in Sessions |-> 0]
    /\ confirmed = [s \in Sessions |-> 0]
    /\ mine = [s \in Sessions |-> Nowhere]
    /\ joined = [s \in Sessions |-> {}]
    /\ lost = [s \in Sessions |-> Nowhere]
    /\ chances = [s \in Sessions |-> IF s \in Born THEN Commands ELSE 0]
    /\ left = [quits |-> Quits, breaks |-> Breaks, cuts |-> Cuts, ends |-> Ends, ticks |-> Ticks]
    /\ up = [s \in Sessions |-> Nothing]
    /\ down = [s \in Sessions |-> Nothing]
    /\ broken = [s \in Sessions |-> FALSE]
    /\ server = Start
    /\ now = 0

OfOne(s) ==
    \/ Connect(s) \/ Ping(s) \/ Hear(s) \/ Quit(s) \/ ClientNotices(s) \/ Break(s) \/ Read(s) \/ Cut(s)
    \/ ServerNotices(s)
    \/ \E kind \in Asks \ {"ping"}, n \in Names : Say(s, kind, n)

Next == Work \/ Restart \/ Tick \/ \E s \in Sessions : there[s] # "unborn" /\ OfOne(s)

Spec == Init /\ [][Next]_vars

(****************************************************************************)
(* What holds.                                                              *)
(****************************************************************************)

(* Who takes the lock for its own, and may. *)
IsSure(s, n) ==
    there[s] = "here" /\ mine[s][n] # NoFence /\ (Hello => now < confirmed[s] + Silence)

Sure(n) == {s \in Sessions : IsSure(s, n)}

MutualExclusion == \A n \in Names : Cardinality(Sure(n)) <= 1

(* Whoever is sure holds it, but where the server was started anew and has not heard all yet. *)
SureOnesHold ==
    server.stage \in {"claiming", "granting"} \/ \A n \in Names : \A s \in Sure(n) : Holds(server, s, n)

(* Nobody holds who is known to be gone, once what is to be done is done. *)
IsKnown(s) == server.known[s] \in {"here", "lost"}

NoOrphan ==
    server.chores = << >> => \A n \in Names :
        /\ server.locks[n].holder = NoOne \/ IsKnown(server.locks[n].holder)
        /\ \A s \in server.locks[n].sharers : IsKnown(s)

(* Whoever stands in line is there, and waits for somebody. *)
LinesMove == \A n \in Names :
    /\ \A i \in DOMAIN server.locks[n].line : Serves(server.locks[n].line[i])
    /\ server.stage = "none" /\ server.locks[n].line # << >> => server.locks[n].holder # NoOne

(* No fence that anybody knows is larger than the last one that was given, also by earlier runs. *)
FencesGrow == \A s \in Sessions, n \in Names : mine[s][n] <= server.last /\ lost[s][n] <= server.last

(****************************************************************************)
(* Why it holds.                                                            *)
(****************************************************************************)

(* Inv is inductive: it holds at the beginning, and each step from a state where it holds leads to one where it holds,
   if GraceTime is no shorter than Silence. Who takes a lock for its own, or is about to be told that it has it, holds it as
   long as the server knows it. The server hears of it no sooner than it sends, and so forgets it no sooner than it gives
   up by its own clock. After the server's end nobody is granted anything until all that were granted before have given
   up. *)
IsTold(s, n) ==
    down[s] # Nothing /\ down[s][1] = "yes" /\ asked[s][1] \in {"get", "lock", "back"} /\ asked[s][2] = n

Believes(s, n) == there[s] = "here" /\ (mine[s][n] # NoFence \/ IsTold(s, n))

Until(s) == (IF down[s] # Nothing /\ sent[s] > confirmed[s] THEN sent[s] ELSE confirmed[s]) + Silence

WhoBelievesHolds == \A s \in Sessions, n \in Names : (Believes(s, n) /\ IsKnown(s)) => Holds(server, s, n)

(* One that the server does not know has given up, or will before the server grants anything. *)
TheForgottenGiveUp == \A s \in Sessions, n \in Names : (Believes(s, n) /\ ~IsKnown(s)) =>
    Hello /\ (Until(s) <= now \/ (server.stage = "claiming" /\ Until(s) <= server.ends))

OneIsSure == \A n \in Names : Cardinality({s \in Sessions : Believes(s, n) /\ (Hello => now < Until(s))}) <= 1

ServerHearsLater == Hello => \A s \in Sessions :
    /\ confirmed[s] <= now /\ sent[s] <= now /\ server.heard[s] <= now
    /\ IsKnown(s) => confirmed[s] <= server.heard[s] /\ now < server.heard[s] + Silence
    /\ (IsKnown(s) /\ (down[s] # Nothing \/ server.waits[s] # Nothing)) => sent[s] <= server.heard[s]

(* A command is in one place: on the way there, with the server, or answered; or lost. *)
EachAskIsInOnePlace == \A s \in Sessions :
    /\ up[s] # Nothing => Serves(s) /\ server.waits[s] = Nothing /\ down[s] = Nothing /\ ~broken[s]
    /\ server.waits[s] # Nothing => Serves(s) /\ down[s] = Nothing
    /\ down[s] # Nothing => there[s] = "here" /\ asked[s] # Nothing
    /\ (there[s] = "here" /\ up[s] # Nothing) => asked[s] = up[s]
    /\ (there[s] = "here" /\ server.waits[s] # Nothing) =>
         asked[s] # Nothing /\ asked[s][1] = server.waits[s][1] /\ asked[s][2] = server.waits[s][2]
    /\ (asked[s] # Nothing /\ asked[s][1] \in {"get", "lock", "release", "stray", "back"}) => mine[s][asked[s][2]] = NoFence
    /\ (asked[s] # Nothing \/ mine[s] # Nowhere) => there[s] = "here"
    /\ there[s] \in {"unborn", "away"} => server.known[s] = "no"

(* What is left of one that is gone is being seen to, and nobody waits for what is nobody's. *)
ServerSeesToAll ==
    /\ \A n \in Names : LET lock == server.locks[n] IN
         /\ lock.holder # NoOne => server.known[lock.holder] # "no"
         /\ \A s \in lock.sharers : server.known[s] # "no"
         /\ \A i \in DOMAIN lock.line : LET wait == server.waits[lock.line[i]] IN
              wait # Nothing /\ wait[1] = "lock" /\ wait[2] = n
         /\ \A i, j \in DOMAIN lock.line : i # j => lock.line[i] # lock.line[j]
         /\ (server.stage = "none" /\ lock.line # << >>) => lock.holder # NoOne
         /\ server.stage \in {"claiming", "granting"} => lock.holder = NoOne
    /\ \A s \in Sessions : server.known[s] = "leaving" => \E i \in DOMAIN server.chores : server.chores[i] = <<"release", s>>
    /\ \A s \in Sessions : server.known[s] = "lost" => Hello /\ broken[s]
    /\ server.stage = "claiming" => server.ends > now
    /\ server.stage \in {"granting", "settling"} => \E i \in DOMAIN server.chores : server.chores[i] = <<"settle">>

FencesAreKnown ==
    /\ Fence(server.epoch) <= server.last /\ server.last < Fence(server.epoch + 1)
    /\ FencesGrow
    /\ \A n \in Names : server.locks[n].fence <= server.last
    /\ \A s \in Sessions : down[s] # Nothing => down[s][2] <= server.last

Inv ==
    /\ EachAskIsInOnePlace
    /\ ServerHearsLater
    /\ ServerSeesToAll
    /\ WhoBelievesHolds
    /\ TheForgottenGiveUp
    /\ OneIsSure
    /\ FencesAreKnown

(* What the clients of one lock see of it is a lock: nobody comes by it but from nobody. Whoever is not sure any more
   has given it up, and the server may take longer to know. *)
SureOf == UNION {Sure(n) : n \in Names}

Abstract == INSTANCE Lock WITH
    Ids <- Sessions, NoOne <- NoOne, dead <- {},
    owner <- IF SureOf = {} THEN NoOne ELSE CHOOSE s \in SureOf : TRUE

Refines == Abstract!Spec
=============================================================================
