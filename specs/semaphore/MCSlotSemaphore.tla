-------------------------- MODULE MCSlotSemaphore --------------------------
(* Three contenders for two slots.                                          *)
EXTENDS SlotSemaphore

MCIds == {"A1", "B1", "C1"}
=============================================================================
