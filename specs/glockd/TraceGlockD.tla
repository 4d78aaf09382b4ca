----------------------------- MODULE TraceGlockD -----------------------------
(* Whether what the server and its clients do is a behaviour of GlockD: the *)
(* module GlockDCode, which is made by unfolding the simulated network,     *)
(* holds its states and steps. Each has to be the step of that name here,   *)
(* and to lead to what is seen there: what the server knows of each lock,   *)
(* what each client takes for its own, and where something is on its way.   *)
EXTENDS GlockD, GlockDCode

CONSTANTS StepsAt, StateAt  \* what GlockDCode says, worked out once

VARIABLE at  \* the number of the code's state

Does(e) ==
    CASE e.event = "connect" -> Connect(e.who)
      [] e.event = "say" -> IF e.kind = "ping" THEN Ping(e.who)
                            ELSE Say(e.who, e.kind, e.name) /\ asked'[e.who][3] = e.fence
      [] e.event = "quit" -> Quit(e.who)
      [] e.event = "break" -> Break(e.who)
      [] e.event = "read" -> Read(e.who)
      [] e.event = "cut" -> Cut(e.who)
      [] e.event = "hear" -> down[e.who] = (IF e.yes THEN Yes(e.fence) ELSE No) /\ Hear(e.who)
      [] e.event = "server notices" -> ServerNotices(e.who)
      [] e.event = "client notices" -> ClientNotices(e.who)
      [] e.event = "work" -> Work
      [] e.event = "restart" -> Restart
      [] e.event = "tick" -> Tick

LocksAre(seen) == \A n \in Names :
    /\ server'.locks[n].holder = seen.holder[n]
    /\ server'.locks[n].sharers = seen.sharers[n]
    /\ {s \in Sessions : server'.waits[s] # Nothing /\ server'.waits[s][1] = "lock" /\ server'.waits[s][2] = n}
           = seen.waiting[n]

ServerIs(seen) ==
    /\ server'.epoch = seen.epoch
    /\ (server'.stage # "none") = seen.grace
    /\ (server'.chores # << >>) = seen.work
    /\ Cardinality({s \in Sessions : server'.known[s] = "here"}) = seen.connected

ClientsAre(seen) == \A s \in Sessions :
    /\ (there'[s] = "here") = (s \in seen.there)
    /\ (up'[s] # Nothing) = (s \in seen.sent)
    /\ (down'[s] # Nothing) = (s \in seen.told)
    /\ mine'[s] = seen.mine[s]
    /\ joined'[s] = seen.joined[s]
    /\ confirmed'[s] = seen.confirmed[s]

TraceInit == Init /\ at \in CodeStarts

TraceNext ==
    \E e \in StepsAt[at] :
        /\ at' = e.to
        /\ Does(e)
        /\ now' = StateAt[at'].now
        /\ ServerIs(StateAt[at'])
        /\ LocksAre(StateAt[at'])
        /\ ClientsAre(StateAt[at'])
=============================================================================
