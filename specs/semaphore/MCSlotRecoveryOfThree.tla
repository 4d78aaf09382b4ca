------------------------ MODULE MCSlotRecoveryOfThree -------------------------
(* Three contenders for two slots, of which one may be killed. For TLC.     *)
EXTENDS SlotRecovery, TLC

MCHeir == [id \in Ids |-> id]
Symmetry == Permutations(Ids)
=============================================================================
