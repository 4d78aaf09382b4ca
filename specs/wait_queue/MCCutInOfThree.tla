----------------------------------------------- MODULE MCCutInOfThree ------------------------------------------------
(* One cuts in, and two others leave only when they are asked to, or like to. For TLC; what comes about in time is  *)
(* not asked here.                                                                                                  *)
EXTENDS MCCutIn

SymmetryOfOthers == Permutations(Procs \ Cutters)

SpecSafe == Init /\ [][NextAgain]_vars
=====================================================================================================================
