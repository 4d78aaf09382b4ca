------------------- MODULE MCSlotSemaphoreInductiveOfThree -------------------
(* The same as MCSlotSemaphoreInductive, of three contenders for two slots. *)
(* For TLC.                                                                 *)
EXTENDS SlotSemaphore, TLC

Symmetry == Permutations(Ids)

Anything == TypeOK /\ Inv
=============================================================================
