-------------------------- MODULE MCSlotRecovery ---------------------------
(* Two contenders for two slots, one of which may be killed and come again. *)
EXTENDS SlotRecovery

MCIds == {"A1", "A2", "B1"}
MCBorn == {"A1", "B1"}
MCHeir == [id \in MCIds |-> IF id = "A1" THEN "A2" ELSE id]
=============================================================================
