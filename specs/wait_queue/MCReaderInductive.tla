--------------------------- MODULE MCReaderInductive --------------------------
(* Each step of a reader, whatever a writer beside it is at, leads from Inv to Inv. *)
EXTENDS MCWaitQueueInductive
===============================================================================
