--------------------- MODULE MCSlotSemaphoreFairOfThree ----------------------
(* Three contenders for two slots, and what comes about in time. For TLC,   *)
(* without symmetry, which would hide some of it.                           *)
EXTENDS SlotSemaphore
=============================================================================
