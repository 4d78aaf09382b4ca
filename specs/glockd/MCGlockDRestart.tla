--------------------------- MODULE MCGlockDRestart ---------------------------
(* The server dies while one holds the lock, who comes back for it, and     *)
(* another wants it.                                                        *)
EXTENDS GlockD

MCHeir == [s \in Sessions |-> IF s = "A1" THEN "A2" ELSE s]

(* From when A was granted the lock and is being told: there are too many ways to come to that. *)
Granted == Grant(Enter(Enter(Start, "A1", 0), "B1", 0), "A1", "a")

HeldInit ==
    /\ there = [s \in Sessions |-> IF s \in Born THEN "here" ELSE "unborn"]
    /\ asked = [s \in Sessions |-> IF s = "A1" THEN <<"lock", "a", 0>> ELSE Nothing]
    /\ sent = [s \in Sessions |-> 0]
    /\ confirmed = [s \in Sessions |-> 0]
    /\ mine = [s \in Sessions |-> Nowhere]
    /\ joined = [s \in Sessions |-> {}]
    /\ lost = [s \in Sessions |-> Nowhere]
    /\ chances = [s \in Sessions |-> IF s \in Born THEN Commands ELSE 0]
    /\ up = [s \in Sessions |-> Nothing]
    /\ down = [s \in Sessions |-> IF s = "A1" THEN Yes(Granted.last) ELSE Nothing]
    /\ broken = [s \in Sessions |-> FALSE]
    /\ server = Granted
    /\ now = 0
    /\ left = [quits |-> Quits, breaks |-> Breaks, cuts |-> Cuts, ends |-> Ends, ticks |-> Ticks]

SpecFromHeld == HeldInit /\ [][Next]_vars
=============================================================================
