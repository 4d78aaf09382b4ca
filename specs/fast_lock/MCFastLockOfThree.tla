-------------------------- MODULE MCFastLockOfThree --------------------------
(* Three contenders, of which two may be killed. For TLC.                   *)
EXTENDS FastLock, TLC

MCHeir == [id \in Ids |-> id]
Symmetry == Permutations(Ids)
=============================================================================
