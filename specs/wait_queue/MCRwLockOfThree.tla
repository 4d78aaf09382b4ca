---------------------------- MODULE MCRwLockOfThree ---------------------------
(* In line a reader, a writer that goes on as a reader, and another reader. *)
EXTENDS MCRwLock

SpecInLine == StartInLine(<<"a", "b", "c">>) /\ [][Next]_vars
=============================================================================
