---------------------------- MODULE MCGlockDBreak ----------------------------
(* A connection breaks, and either side notices first, or never. No sign of *)
(* life comes through beyond what is asked.                                 *)
EXTENDS GlockD

MCHeir == [s \in Sessions |-> s]
=============================================================================
