------------------------ MODULE MCSlotRecoveryFair -------------------------
(* Two contenders for one slot, one of which may be killed, and what comes  *)
(* about in time.                                                           *)
EXTENDS SlotRecovery

MCIds == {"A1", "B1"}
MCHeir == [id \in MCIds |-> id]
=============================================================================
