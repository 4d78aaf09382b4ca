------------------------------ MODULE WaitQueue ------------------------------
(* The wait queue of kernel/src/wait_queue.rs under its admission rules: contenders stand in line, each looks at     *)
(* those before it, and who comes late overtakes nobody.                                                             *)
(*                                                                                                                   *)
(* Everything in a queue is a directory. `<queue>/door/p/p` says that p is about to take a number, and `<queue>/n/p` *)
(* is the ticket of p. To join, p puts up its flag in the door (ENTER), reads the line (LOOK), and renames its flag  *)
(* to the number after the highest (TICKET). So p stands in the door for as long as it has a number in mind and no   *)
(* ticket, and then in the line: who looks into the door and then along the line sees it in one of them. To have its *)
(* turn, p waits for those whom it finds in the door after its TICKET (DOOR), reads the line (LINE), and asks its    *)
(* admission rule about those before it. Who has to wait MEETs the one it waits for, and removes a dead one.         *)
(*                                                                                                                   *)
(* Each action is one call, named as the step of the code that makes it. A listing is two actions, for entries come  *)
(* and go while it is under way: it shows all that stood from its beginning to its end, and of the others any. That  *)
(* a call walks to its directory before it takes effect needs no action: nothing but what is of the dead is ever     *)
(* named by anybody else than its owner, and nobody moves that any more.                                             *)
(*                                                                                                                   *)
(* WaitQueueDisk is what stands on disk and what is known of it; WaitQueueJoin, WaitQueueTurn, WaitQueueLeave and  *)
(* WaitQueueCut are the procedures, and WaitQueueAdmission the rules that a turn asks. This module puts them together and says what   *)
(* holds.                                                                                                            *)
(*                                                                                                                   *)
(* Not here: leases, calls that fail for no reason on disk, and the limit to how many numbers one join   *)
(* tries, which is higher than the numbers here.                                                                     *)
EXTENDS WaitQueueJoin, WaitQueueTurn, WaitQueueCut

(* ---------------------------------------------------- The whole --------------------------------------------------- *)

Dead == {p \in Procs : pc[p] = "dead"}

Crash(p) ==
    /\ pc[p] \notin {"dead", "idle"} /\ Cardinality(Dead) < Crashes
    /\ Forgets(p)
    /\ Goes(p, "dead")
    /\ reading' = [reading EXCEPT ![p] = Resting]
    /\ NotAhead(p)
    /\ UNCHANGED <<disk, joins>>

(* The steps by the procedure they belong to; a listing ends with what it shows. Whether p is in a procedure at all is *)
(* asked first, for then a checker need not look into each of its steps.                                               *)
InJoin == {"enter door", "enter flag", "enter leaf", "enter mark", "look", "ticket", "numbers"}
InWithdraw == {"withdraw", "withdraw leaf", "withdraw flag"}
InCut == {"turn", "cut", "cut look", "cut ask", "holding", "again"}
InDoor == {"turn", "stays", "door sample", "door ask", "door unmark", "door leaf", "door flag"}
InLine == {"turn", "stays", "line", "notice", "alone"}
InMeeting == {"meet", "meet empty", "meet ask", "meet unmark", "meet leaf", "meet place"}
InHolding == {"holding", "share"}
InLeave == {"holding", "unmark", "remove", "remove place", "sweep", "tidy", "tidy queue"}
InListing == {"cut ends", "again ends", "look ends", "numbers end", "door ends", "line ends", "share ends"}
InSample == {"cut look ends", "door sample ends", "meet ends", "sweep ends"}

Join(p) ==
    \/ EnterDoor(p) \/ EnterFlag(p) \/ EnterLeaf(p) \/ EnterMark(p) \/ LookBegin(p) \/ Ticket(p) \/ NumbersBegin(p)
Withdraw(p) == WithdrawMark(p) \/ WithdrawLeaf(p) \/ WithdrawFlag(p)
LookAtDoor(p) ==
    DoorBegin(p) \/ DoorSampleBegin(p) \/ DoorAsk(p) \/ DoorUnmark(p) \/ DoorLeaf(p) \/ DoorFlag(p)
LookAlongLine(p) == LineBegin(p) \/ Notice(p) \/ Alone(p)
Meet(p) == MeetBegin(p) \/ MeetEmpty(p) \/ MeetAsk(p) \/ MeetUnmark(p) \/ MeetLeaf(p) \/ MeetPlace(p)
CutIn(p) == CutBegin(p) \/ CutLookBegin(p) \/ CutAsk(p) \/ Stay(p) \/ StayHolding(p) \/ AgainBegin(p)
Downgrade(p) == ShareBegin(p) \/ Share(p)
Leave(p) == Unmark(p) \/ Remove(p) \/ RemovePlace(p) \/ SweepBegin(p) \/ TidyDoor(p) \/ TidyQueue(p)

ListingEnds(p, shown) ==
    \/ LookEnd(p, shown) \/ NumbersEnd(p, shown) \/ DoorEnd(p, shown) \/ LineEnd(p, shown) \/ ShareEnd(p, shown)
    \/ CutEnd(p, shown) \/ AgainEnd(p, shown)
SampleEnds(p, one) == CutLookEnd(p, one) \/ DoorSampleEnd(p, one) \/ MeetEnd(p, one) \/ SweepEnd(p, one)

(* What p does without a listing's end, once it has begun; beginning is its own affair. *)
Call(p) ==
    \/ pc[p] \in InJoin /\ Join(p)
    \/ pc[p] \in InWithdraw /\ Withdraw(p)
    \/ pc[p] \in InDoor /\ LookAtDoor(p)
    \/ pc[p] \in InLine /\ LookAlongLine(p)
    \/ pc[p] \in InMeeting /\ Meet(p)
    \/ Cutting /\ pc[p] \in InCut /\ CutIn(p)
    \/ pc[p] \in InHolding /\ Downgrade(p)
    \/ pc[p] \in InLeave /\ Leave(p)

GoOn(p) ==
    \/ Call(p)
    \/ pc[p] \in InListing /\ \E shown \in Shown(p) : ListingEnds(p, shown)
    \/ pc[p] \in InSample /\ \E one \in ShownOne(p) : SampleEnds(p, one)

Next == \E p \in Procs : pc[p] # "dead" /\ (EnterQueue(p) \/ GoOn(p) \/ Crash(p))
Spec == Init /\ [][Next]_vars
FairSpec == Spec /\ \A p \in Procs : WF_vars(GoOn(p))

(* --------------------------------------------------- Properties --------------------------------------------------- *)

Holders == {p \in Procs : pc[p] \in {"holding", "share ends", "share", "again", "again ends"}}
IsReader(p) == p \in Sharers \/ (ReadWrite /\ HasTicket(p) /\ ~mark[p])

(* At most so many hold; of readers and writers a writer holds alone. *)
Admitted ==
    IF ReadWrite THEN \A p \in Holders : ~IsReader(p) => Holders = {p} ELSE Cardinality(Holders) <= Slots

(* Of those who had their tickets when p began to look, there are fewer left than may hold; of readers and writers    *)
(* the refinement says the same.                                                                                      *)
InOrder == ReadWrite \/ \A p \in Holders : Cardinality(ahead[p]) < Slots

(* Nobody removes the ticket of one that lives, so that nobody finds itself out of the line. *)
TicketsStay == \A p \in Procs : HasTicket(p) \/ mine[p] = NoPlace \/ pc[p] \in {"ticket", "remove place"}

(* -------------------------------------------------- Why it admits ------------------------------------------------ *)

(* Inv is inductive: it holds at the beginning, and each step from a state where it holds leads to one where it holds.  *)
(* It is said in the order of the argument. Who may still come to stand before p has a number in mind and no ticket, so *)
(* its flag stands in the door. Whoever of them entered before p had its ticket is awaited by p, and is shown to p by   *)
(* the door; all others see the ticket, and come to stand behind it. So once p has looked at the door, nobody comes to  *)
(* stand before it any more, and all who stand there were there when p began to look along the line. p holds when they  *)
(* are few enough, and they only become fewer. Of readers and writers, a writer holds when nobody is before it; a       *)
(* reader when no writer is but one without its mark, which no writer gets again where it stands.                       *)
MayOvertake(q, p) ==
    \/ pc[q] = "look ends" /\ mine[p] \notin reading[q].stood
    \/ pc[q] = "ticket" /\ mine[q] < mine[p]
WhoMayOvertakeIsAwaited == \A p, q \in Procs :
    (p # q /\ HasTicket(p) /\ MayOvertake(q, p)) => q \in awaits[p] /\ (pc[p] = "door ends" => q \in reading[p].stood)

TicketsBefore(p) == {place \in Places : place < mine[p] /\ IsTicket(place)}
LineIsShown == \A p \in Procs : pc[p] = "line ends" => TicketsBefore(p) \subseteq reading[p].stood
FewStandBefore == \A p \in Procs :
    (~ReadWrite /\ pc[p] \in {"notice", "holding", "again", "again ends"}) => Cardinality(TicketsBefore(p)) < Slots

WritersBefore(p) == {place \in TicketsBefore(p) : ~Shares(place)}
NobodyIsAloneBefore == ReadWrite => \A p \in Holders :
    IF p \in Sharers THEN \A place \in WritersBefore(p) : ~mark[line[place]] ELSE TicketsBefore(p) = {}

(* Where each stands: with a number in mind in the door, and then in line until it removes its ticket. *)
BeforeDoor == {"idle", "enter door", "enter flag", "tidy", "tidy queue"}
InDoorway == {"enter mark", "look", "look ends", "ticket", "numbers", "numbers end"}
PastDoor == {"line", "line ends", "notice", "holding", "again", "again ends", "alone", "share", "share ends"}
Placed == PastDoor \cup {"cut", "cut ends", "cut look", "cut look ends", "cut ask", "stays", "turn", "door ends", "door sample", "door sample ends", "door ask", "door unmark", "door leaf",
                         "door flag", "unmark", "remove"}
Meetings == {"meet", "meet ends", "meet empty", "meet ask", "meet unmark", "meet leaf", "meet place"}
IsComing(p) == pc[p] \in InDoorway \/ (pc[p] \in Meetings /\ then[p] = "withdraw")
IsInLine(p) == pc[p] \in Placed \/ (pc[p] \in Meetings /\ then[p] \notin {"withdraw", "sweep"})

(* What a reader knows of the writers before it, while it meets the nearest: no others stand there, and whom it finds. *)
LooksAtWriter(p) == pc[p] \in Meetings \cup {"alone"} /\ then[p] = "look"
WriterIsMet == \A p \in Procs : LooksAtWriter(p) =>
    /\ p \in Sharers /\ aim[p] < mine[p]
    /\ WritersBefore(p) \subseteq {aim[p]} \cup todo[p]
    /\ pc[p] = "alone" => todo[p] = {}
    /\ (IsTicket(aim[p]) /\ pc[p] = "meet ends") => reading[p].stood = {line[aim[p]]} /\ reading[p].fleeting = {}
    /\ (IsTicket(aim[p]) /\ pc[p] \in {"meet ask", "alone"}) => whom[p] = line[aim[p]]

(* Whose directories are removed by another is dead. *)
OnlyTheDeadAreRemoved == \A p \in Procs :
    pc[p] \in {"door unmark", "door leaf", "door flag", "meet unmark", "meet leaf"} => pc[whom[p]] = "dead"

EachTicketIsHeld ==
    /\ \A p \in Procs : IsInLine(p) => HasTicket(p)
    /\ \A place \in Places : IsTicket(place) =>
         pc[line[place]] = "dead" \/ (IsInLine(line[place]) /\ mine[line[place]] = place)
    /\ \A place, other \in Places : (IsTicket(place) /\ line[place] = line[other]) => place = other
    /\ \A p \in Procs : (flag[p] # "none") => door
    /\ (door \/ Taken # {}) => queue
EachStandsWhereItIs ==
    /\ EachTicketIsHeld
    /\ \A p \in Procs : IsComing(p) => flag[p] = "whole"
    /\ \A p \in Procs : IsInLine(p) \/ pc[p] \in BeforeDoor => flag[p] = "none"
    /\ \A p \in Procs : pc[p] \in PastDoor \/ pc[p] \in Meetings => awaits[p] = {}
    /\ \A p \in Procs : pc[p] \in {"look ends", "line ends"} => reading[p].of = Queue /\ reading[p].stood \subseteq Taken

Inv ==
    /\ WhoMayOvertakeIsAwaited
    /\ LineIsShown
    /\ FewStandBefore
    /\ NobodyIsAloneBefore
    /\ WriterIsMet
    /\ OnlyTheDeadAreRemoved
    /\ EachStandsWhereItIs

(* What an abstract lock that serves in order of arrival calls these. *)
Status == [p \in Procs |->
    IF p \in Holders THEN IF p \notin Sharers /\ IsReader(p) THEN "sharing" ELSE "holding"
    ELSE IF pc[p] \in {"look ends", "ticket"} THEN "coming"
    ELSE IF Stands(p) THEN "waiting" ELSE "away"]
===============================================================================
