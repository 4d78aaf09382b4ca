----------------------- MODULE MCFastLockCleanedOfTwo ------------------------
(* Two contenders, and a cleaner that takes back their proposals at any     *)
(* time. For TLC.                                                           *)
EXTENDS FastLock, TLC

MCHeir == [id \in Ids |-> id]
Symmetry == Permutations(Ids \ Cleaners)
=============================================================================
