---------------------------------------------- MODULE MCFairLockOfThree ----------------------------------------------
(* Three contenders for one slot, from the empty disk, of which one may die. For TLC.                               *)
EXTENDS MCFairLock
=====================================================================================================================
