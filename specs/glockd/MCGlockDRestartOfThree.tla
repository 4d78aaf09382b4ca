----------------------- MODULE MCGlockDRestartOfThree ------------------------
(* The server dies while one holds the lock, who comes back for it, and two *)
(* others want it. For TLC.                                                 *)
EXTENDS MCGlockDRestart, TLC
=============================================================================
