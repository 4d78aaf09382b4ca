------------------------ MODULE MCSlotSemaphoreFair ------------------------
(* Two contenders for two slots, and what comes about in time.              *)
EXTENDS SlotSemaphore

MCIds == {"A1", "B1"}
=============================================================================
