---------------------------- MODULE GlockDServer ----------------------------
(* The server of glockd, as the machine that it is in kernel/src/glockd:    *)
(* each step is a function of what it was, and says what it may be then and *)
(* what it tells to whom. The steps have the names of the code.             *)
(*                                                                          *)
(*   known   of each session: "no"; "here"; "lost", not served any more and *)
(*           not yet known to be gone; "leaving", with a chore to be done   *)
(*   heard   of each when it gave a sign of life                            *)
(*   waits   of each the command that is not answered yet, and until when   *)
(*   locks   of each name its holder, the fence of that grant, who stands   *)
(*           in line, and the holders of the shared lock of that name       *)
(*   last    the last fence that was given                                  *)
(*   stage   of the time of grace: "none", "claiming", "granting", and      *)
(*           "settling" while claims are answered and lines are served      *)
(*   ends    when claiming ends                                             *)
(*   epoch   the number of the run, from 1                                  *)
(*   since   the first run whose grants may have holders                    *)
(*   chores  what is yet to be done, first the first                        *)
(*                                                                          *)
(* Not here: what is sent ahead, limits, rights, names of clients, dumps.   *)
EXTENDS Integers, Sequences, FiniteSets

CONSTANTS
    Sessions,  \* the connections that there may be
    Names,     \* the names of locks
    Hello,     \* whether clients show signs of life, and lose their locks on their own clocks
    Wait,      \* how long a client waits in line
    Silence,   \* how long it may be silent
    GraceTime  \* how long after an unclean end holders may ask for what was theirs

NoOne == "no one"
Nothing == << >>
NoFence == 0 - 1

(* A fence begins with the number of the run. *)
Width == 100
Fence(epoch) == epoch * Width
EpochOf(fence) == fence \div Width

Yes(fence) == <<"yes", fence>>
No == <<"no", 0>>

Free == [holder |-> NoOne, fence |-> 0, line |-> << >>, sharers |-> {}]

(* A server that begins at a time, after an unclean end or as the first one. *)
Machine(number, first, at, isFirst) ==
    [known |-> [s \in Sessions |-> "no"],
     heard |-> [s \in Sessions |-> 0],
     waits |-> [s \in Sessions |-> Nothing],
     locks |-> [n \in Names |-> Free],
     last |-> Fence(number),
     stage |-> IF isFirst THEN "none" ELSE "claiming",
     ends |-> IF isFirst THEN 0 ELSE at + GraceTime,
     epoch |-> number,
     since |-> first,
     chores |-> << >>]

Start == Machine(1, 1, 0, TRUE)
Restarted(g, at) == Machine(g.epoch + 1, g.since, at, FALSE)

(* What comes of a step. *)
To(g, told) == [to |-> g, told |-> told]

Holds(g, s, n) == g.locks[n].holder = s

(****************************************************************************)
(* Granting.                                                                *)
(****************************************************************************)

(* Where several are granted in one step they may be so in any order. *)
Ranks(names) ==
    IF Cardinality(names) <= 1 THEN {[n \in names |-> 1]}
    ELSE {r \in [names -> 1..Cardinality(names)] : \A m, n \in names : m # n => r[m] # r[n]}

Held(lock, s, fence) == [lock EXCEPT !.holder = s, !.fence = fence]

(* Gives each lock that nobody holds to who has waited longest for it. *)
Serve(g, names, told) ==
    LET free == {n \in names : g.locks[n].holder = NoOne /\ g.locks[n].line # << >>}
        first(n) == Head(g.locks[n].line)
    IN {To([g EXCEPT
              !.locks = [n \in Names |->
                  IF n \in free THEN Held([g.locks[n] EXCEPT !.line = Tail(g.locks[n].line)], first(n), g.last + rank[n])
                  ELSE g.locks[n]],
              !.last = g.last + Cardinality(free),
              !.waits = [s \in Sessions |-> IF \E n \in free : first(n) = s THEN Nothing ELSE g.waits[s]]],
           told \union {<<first(n), Yes(g.last + rank[n])>> : n \in free}) : rank \in Ranks(free)}

Grant(g, s, n) ==
    [g EXCEPT !.locks = [g.locks EXCEPT ![n] = Held(g.locks[n], s, g.last + 1)], !.last = g.last + 1]

(****************************************************************************)
(* One command at a time: answer.rs.                                        *)
(****************************************************************************)

Tell(g, s, word) == {To(g, {<<s, word>>})}

Get(g, s, n) ==
    IF g.locks[n].holder = NoOne /\ g.stage = "none" THEN Tell(Grant(g, s, n), s, Yes(0))
    ELSE Tell(g, s, IF Holds(g, s, n) THEN Yes(0) ELSE No)

(* What was claimed has its holder once claims are granted, and who stands in line is served after that. *)
IsFree(g, n) ==
    g.locks[n].holder = NoOne /\ (g.stage = "none" \/ (g.stage = "settling" /\ g.locks[n].line = << >>))

Lock(g, s, n, at) ==
    CASE Holds(g, s, n) -> Tell(g, s, Yes(g.locks[n].fence))
      [] IsFree(g, n) -> Tell(Grant(g, s, n), s, Yes(g.last + 1))
      [] OTHER -> {To([g EXCEPT
            !.locks = [g.locks EXCEPT ![n] = [g.locks[n] EXCEPT !.line = Append(g.locks[n].line, s)]],
            !.waits = [g.waits EXCEPT ![s] = <<"lock", n, 0, at + Wait>>]], {})}

Released(lock) == [lock EXCEPT !.holder = NoOne, !.fence = 0]

Release(g, s, n) ==
    IF Holds(g, s, n)
    THEN Serve([g EXCEPT !.locks = [g.locks EXCEPT ![n] = Released(g.locks[n])]], {n}, {<<s, Yes(0)>>})
    ELSE Tell(g, s, No)

SharedGet(g, s, n) ==
    IF g.stage # "none" THEN Tell(g, s, No)
    ELSE Tell([g EXCEPT !.locks = [g.locks EXCEPT ![n] = [g.locks[n] EXCEPT !.sharers = g.locks[n].sharers \union {s}]]],
              s, Yes(0))

Unshared(lock, s) == [lock EXCEPT !.sharers = lock.sharers \ {s}]

SharedRelease(g, s, n) ==
    IF s \in g.locks[n].sharers
    THEN Tell([g EXCEPT !.locks = [g.locks EXCEPT ![n] = Unshared(g.locks[n], s)]], s, Yes(0))
    ELSE Tell(g, s, No)

(* 1 CLAIM, of grace.rs: it is answered with the others. *)
Claim(g, s, n, fence) ==
    IF g.stage # "claiming" THEN Tell(g, s, No)
    ELSE {To([g EXCEPT !.waits = [g.waits EXCEPT ![s] = <<"back", n, fence, 0>>]], {})}

Answers(g, s, ask, at) ==
    LET n == ask[2] IN
    CASE ask[1] = "get" -> Get(g, s, n)
      [] ask[1] = "lock" -> Lock(g, s, n, at)
      [] ask[1] \in {"release", "stray"} -> Release(g, s, n)
      [] ask[1] = "join" -> SharedGet(g, s, n)
      [] ask[1] = "part" -> SharedRelease(g, s, n)
      [] ask[1] = "back" -> Claim(g, s, n, ask[3])
      [] ask[1] = "ping" -> Tell(g, s, Yes(0))

(* What is read is a sign of life. *)
Hears(g, s, at) == IF Hello THEN [g EXCEPT !.heard = [g.heard EXCEPT ![s] = at]] ELSE g

Enter(g, s, at) == Hears([g EXCEPT !.known = [g.known EXCEPT ![s] = "here"]], s, at)

(****************************************************************************)
(* Who is gone, and when nothing is heard: glockd.rs and alarms.rs.         *)
(****************************************************************************)

Claims(g, s) == g.waits[s] # Nothing /\ g.waits[s][1] = "back"

(* They are served no more. What they hold is left. *)
Part(g, gone) ==
    [g EXCEPT
        !.locks = [n \in Names |->
            [g.locks[n] EXCEPT !.line = SelectSeq(g.locks[n].line, LAMBDA s : s \notin gone)]],
        !.waits = [s \in Sessions |-> IF s \in gone THEN Nothing ELSE g.waits[s]]]

Orders(some) ==
    IF some = {} THEN {<< >>}
    ELSE {o \in [1..Cardinality(some) -> some] : \A i, j \in DOMAIN o : i # j => o[i] # o[j]}

(* They are gone, in this order, and what they leave behind is to be seen to. *)
Leave(g, order) ==
    LET gone == {order[i] : i \in DOMAIN order}
        claims == SelectSeq(order, LAMBDA s : Claims(g, s))
    IN [Part(g, gone) EXCEPT
          !.known = [s \in Sessions |-> IF s \in gone THEN "leaving" ELSE g.known[s]],
          !.heard = [s \in Sessions |-> IF s \in gone THEN 0 ELSE g.heard[s]],
          !.chores = g.chores \o [i \in DOMAIN claims |-> <<"forget", claims[i]>>]
                              \o [i \in DOMAIN order |-> <<"release", order[i]>>]]

Disconnect(g, s) == Leave(g, <<s>>)

(* A broken connection is no proof that the client is gone. *)
Loss(g, s) ==
    IF Hello /\ \E n \in Names : Holds(g, s, n) \/ s \in g.locks[n].sharers
    THEN [Part(g, {s}) EXCEPT !.known = [g.known EXCEPT ![s] = "lost"]]
    ELSE Disconnect(g, s)

Silent(g, shown, at) ==
    IF ~Hello THEN {} ELSE {s \in Sessions \ shown : g.known[s] = "here" /\ at >= g.heard[s] + Silence}

Expired(g, at) == {s \in Sessions : g.known[s] = "lost" /\ at >= g.heard[s] + Silence}

Late(g, at) == {s \in Sessions : g.waits[s] # Nothing /\ g.waits[s][1] = "lock" /\ g.waits[s][4] <= at}

(* Time has passed. These have shown that they are there, as they were asked. *)
Time(g, shown, at) ==
    LET silent == Silent(g, shown, at)
        late == Late(g, at) \ silent
        isOver == g.stage = "claiming" /\ g.ends <= at
    IN {To([Part(Leave(g, order), late) EXCEPT
              !.heard = [s \in Sessions |->
                  CASE s \in shown -> at [] s \in silent \union Expired(g, at) -> 0 [] OTHER -> g.heard[s]],
              !.stage = IF isOver THEN "granting" ELSE g.stage,
              !.ends = IF isOver THEN 0 ELSE g.ends,
              !.chores = IF isOver THEN Append(Leave(g, order).chores, <<"settle">>) ELSE Leave(g, order).chores],
           {<<s, No>> : s \in late}) : order \in Orders(silent \union Expired(g, at))}

(****************************************************************************)
(* What may take long, done in pieces: chores.rs and grace.rs.              *)
(****************************************************************************)

ReleaseSome(g, s) ==
    LET names == {n \in Names : Holds(g, s, n)} IN
    Serve([g EXCEPT
             !.locks = [n \in Names |->
                 Unshared(IF n \in names THEN Released(g.locks[n]) ELSE g.locks[n], s)],
             !.known = [g.known EXCEPT ![s] = "no"]], names, {})

(* A claim is good whose fence is of a run that was not settled. *)
Claimants(g, n) ==
    {s \in Sessions : Claims(g, s) /\ g.waits[s][2] = n /\ EpochOf(g.waits[s][3]) \in g.since..(g.epoch - 1)}

Best(g, n) == CHOOSE s \in Claimants(g, n) : \A q \in Claimants(g, n) : g.waits[q][3] <= g.waits[s][3]

(* 2 GRANT: each lock goes to the claim with the highest fence. *)
GrantClaims(g) ==
    LET names == {n \in Names : Claimants(g, n) # {}} IN
    {To([g EXCEPT
           !.locks = [n \in Names |->
               IF n \in names THEN Held(g.locks[n], Best(g, n), g.last + rank[n]) ELSE g.locks[n]],
           !.last = g.last + Cardinality(names),
           !.stage = "settling",
           !.chores = Append(g.chores, <<"settle">>)], {}) : rank \in Ranks(names)}

(* 3 ANSWER, *)
AnswerClaim(g, s) ==
    LET n == g.waits[s][2] IN
    To([g EXCEPT !.waits = [g.waits EXCEPT ![s] = Nothing], !.chores = Append(g.chores, <<"settle">>)],
       {<<s, IF Holds(g, s, n) THEN Yes(g.locks[n].fence) ELSE No>>})

(* 4 SERVE, and it is over. A piece of the work may also come upon nothing to be done. *)
ServeLines(g) ==
    IF \E n \in Names : g.locks[n].holder = NoOne /\ g.locks[n].line # << >>
    THEN Serve([g EXCEPT !.chores = Append(g.chores, <<"settle">>)], Names, {})
    ELSE {To([g EXCEPT !.stage = "none", !.since = g.epoch], {})}

Settle(g) ==
    IF g.stage = "granting" THEN GrantClaims(g)
    ELSE LET claimants == {s \in Sessions : Claims(g, s)} IN
         {To([g EXCEPT !.chores = Append(g.chores, <<"settle">>)], {})} \union
            (IF claimants = {} THEN ServeLines(g) ELSE {AnswerClaim(g, s) : s \in claimants})

(* One piece of the first chore. *)
Step(g) ==
    LET chore == Head(g.chores)
        rest == [g EXCEPT !.chores = Tail(g.chores)]
    IN CASE chore[1] = "release" -> ReleaseSome(rest, chore[2])
         [] chore[1] = "forget" -> {To(rest, {})}
         [] chore[1] = "settle" -> Settle(rest)
=============================================================================
