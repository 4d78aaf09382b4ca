------------------------------ MODULE MCFairLock ------------------------------
(* One slot, from the empty disk: one at a time, first come, first served, and one may die. *)
EXTENDS MCWaitQueue

Abstract == INSTANCE FairLock WITH status <- Status
Refines == [][Abstract!Next]_<<Status, ahead>>
=============================================================================
