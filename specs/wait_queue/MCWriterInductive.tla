--------------------------- MODULE MCWriterInductive --------------------------
(* Each step of a writer that may go on as a reader, whatever a reader beside it is at, leads from Inv to Inv. *)
EXTENDS MCWaitQueueInductive
===============================================================================
