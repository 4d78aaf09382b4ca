----------------------------- MODULE MCWaitQueue -----------------------------
(* The wait queue for the model checker. From the empty disk there are too many ways for three contenders to come in, *)
(* so where there are three they stand in the door already, or in line.                                               *)
EXTENDS WaitQueue, TLC

Symmetry == Permutations(Procs)

StartInDoor ==
    /\ queue = TRUE /\ door = TRUE
    /\ flag = [p \in Procs |-> "whole"]
    /\ line = [place \in Places |-> "none"]
    /\ mark = [p \in Procs |-> HasMark(p)]
    /\ pc = [p \in Procs |-> "look"]
    /\ reading = [p \in Procs |-> Resting]
    /\ mine = [p \in Procs |-> NoPlace]
    /\ awaits = [p \in Procs |-> {}]
    /\ todo = [p \in Procs |-> {}]
    /\ aim = [p \in Procs |-> NoPlace]
    /\ whom = [p \in Procs |-> NoProc]
    /\ then = [p \in Procs |-> "nothing"]
    /\ ahead = [p \in Procs |-> {}]
    /\ joins = [p \in Procs |-> Joins]

(* `order` is a tuple of all processes; each came when those before it stood in line. *)
StartInLine(order) ==
    LET number(p) == CHOOSE n \in 1 .. Cardinality(Procs) : order[n] = p IN
    /\ queue = TRUE /\ door = TRUE
    /\ flag = [p \in Procs |-> "none"]
    /\ line = [place \in Places |->
                IF \E p \in Procs : Place(number(p), p) = place
                THEN CHOOSE p \in Procs : Place(number(p), p) = place ELSE "none"]
    /\ mark = [p \in Procs |-> HasMark(p)]
    /\ pc = [p \in Procs |-> "turn"]
    /\ reading = [p \in Procs |-> Resting]
    /\ mine = [p \in Procs |-> Place(number(p), p)]
    /\ awaits = [p \in Procs |-> {}]
    /\ todo = [p \in Procs |-> {}]
    /\ aim = [p \in Procs |-> NoPlace]
    /\ whom = [p \in Procs |-> NoProc]
    /\ then = [p \in Procs |-> "nothing"]
    /\ ahead = [p \in Procs |-> {q \in Procs : number(q) < number(p)}]
    /\ joins = [p \in Procs |-> Joins]
=============================================================================
