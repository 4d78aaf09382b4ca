-------------------------------- MODULE MCCutIn -------------------------------
(* One slot, and one that joins once and cuts in. The other may hold on for as long as it likes, and leaves when it   *)
(* is asked to. Who stood in the door as another cut in may come to stand before it, unasked; so who cuts in does so  *)
(* again when it is past the door.                                                                                    *)
EXTENDS MCWaitQueue

Abstract == INSTANCE FairLock WITH status <- Status
Refines == [][Abstract!Next]_<<Status, ahead>>

CutAgain(p) ==
    /\ pc[p] = "turn" /\ awaits[p] = {}
    /\ Goes(p, "cut")
    /\ UNCHANGED <<disk, reading, mine, awaits, meeting, ahead, joins>>

NextAgain == (Next /\ \A p \in Cutters : joins'[p] <= 1) \/ \E p \in Cutters : CutAgain(p)
SpecAgain == Init /\ [][NextAgain]_vars /\ (\A p \in Procs : WF_vars(GoOn(p)))
                 /\ (\A p \in Cutters : SF_vars(CutAgain(p)) /\ SF_vars(Stay(p)))

(* Whoever was asked to leave learns of it, and whoever cuts in is served. *)
Learned == \A p \in Procs : (Stands(p) /\ ~mark[p]) ~> ~Stands(p)
CutterServed == \A p \in Cutters : Status[p] = "waiting" ~> Status[p] # "waiting"
===============================================================================
