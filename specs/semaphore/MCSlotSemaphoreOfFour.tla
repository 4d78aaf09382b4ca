------------------------ MODULE MCSlotSemaphoreOfFour ------------------------
(* Four contenders for three slots. For TLC.                                *)
EXTENDS SlotSemaphore, TLC

Symmetry == Permutations(Ids)
=============================================================================
