------------------------------- MODULE MCRwLock -------------------------------
(* A writer that goes on as a reader, and a reader, from the empty disk. *)
EXTENDS MCWaitQueue

Abstract == INSTANCE RwLock WITH status <- Status, Readers <- Sharers
Refines == [][Abstract!Next]_<<Status, ahead>>
=============================================================================
