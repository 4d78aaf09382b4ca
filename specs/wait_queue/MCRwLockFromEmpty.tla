---------------------------------------------- MODULE MCRwLockFromEmpty ----------------------------------------------
(* A writer that goes on as a reader, and two readers, from the empty disk. For TLC.                                *)
EXTENDS MCRwLock

SymmetryOfReaders == Permutations(Sharers)
=====================================================================================================================
