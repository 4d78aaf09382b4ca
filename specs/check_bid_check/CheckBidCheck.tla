--------------------------- MODULE CheckBidCheck ---------------------------
(* Check-bid-check: a mutex that is one folder, with one bid for each       *)
(* contender. The code is kernel/src/check_bid_check.rs, whose steps have   *)
(* the same names.                                                          *)
(*                                                                          *)
(*   <id>, "new"   a bid that is being written and counts for nothing yet   *)
(*   <id>, "bid"   a bid; one that stands alone is the lock                 *)
(*                                                                          *)
(* A contender looks for the bids of others, publishes its own, whole, by a *)
(* rename, and looks again: it holds if it finds none then, and takes its   *)
(* bid back if it does. A bid that it finds is challenged: read, and its    *)
(* bidder asked about; one that is dead loses its bid, and any other bid    *)
(* stands, also one that cannot be read.                                    *)
(*                                                                          *)
(* One step here is one call of the code. A listing takes two, and what     *)
(* comes or goes between them may be seen or not. The making of a file      *)
(* takes two as well: its name, and what is written in it.                  *)
EXTENDS Naturals, FiniteSets

CONSTANTS
    Ids,     \* the processes, each with a guid of its own
    Born,    \* those of them that run from the beginning
    Heir,    \* of each process the one that its client goes on with after a crash, or itself
    Crashes, \* so many processes may be killed
    Splits,  \* whether a listing takes two steps
    Fails    \* whether a bid may come to be one that cannot be read

VARIABLES
    folder,  \* the entries
    whole,   \* of whom the file is written
    pc,      \* of each process the step it takes next
    bidding, \* of each process whether its bid is not the lock: in question still, or its bidder was found dead
    listing, \* of each process what its listing has seen so far
    todo,    \* of each process the entries that it is yet to challenge
    about,   \* of each process whose entry it is challenging
    left     \* so many may still be killed

vars == <<folder, whole, pc, bidding, listing, todo, about, left>>

New(id) == <<id, "new">>
Bid(id) == <<id, "bid">>

NoListing == [stood |-> {}, fleeting |-> {}]

(* What a CHECK looks at: the bids of others, and in the first one also what they did not come to publish. *)
Matters(p, entries) == {e \in entries : e[1] # p /\ (e[2] = "bid" \/ ~bidding[p])}

Goes(p, step) == pc' = [pc EXCEPT ![p] = step] /\ left' = left

Looks == UNCHANGED <<folder, whole, listing>>

(* p makes or removes entries, and whoever lists the folder may have seen it before or after. *)
Changes(p, new, written) ==
    /\ folder' = new
    /\ whole' = written
    /\ listing' =
         IF \A q \in Ids : pc[q] # "CHECK" THEN listing
         ELSE [q \in Ids |->
            IF pc[q] # "CHECK" THEN listing[q]
            ELSE [stood |-> listing[q].stood \intersect new,
                  fleeting |-> listing[q].fleeting \union Matters(q, (folder \ new) \union (new \ folder))]]

(* p has nothing in hand. *)
Free(p) == UNCHANGED <<todo, about>>

(****************************************************************************)
(* Lock.                                                                    *)
(****************************************************************************)

(* Nobody is in the way any more, or there are more to be challenged. *)
Onwards(p, rest) ==
    /\ todo' = [todo EXCEPT ![p] = rest]
    /\ about' = [about EXCEPT ![p] = p]
    /\ bidding' = IF rest = {} THEN [bidding EXCEPT ![p] = FALSE] ELSE bidding
    /\ CASE rest # {} -> Goes(p, "CHALLENGE")
         [] bidding[p] -> Goes(p, "HOLD")
         [] OTHER -> Goes(p, "WRITE")

(* A bid stands. *)
Retreats(p) ==
    /\ todo' = [todo EXCEPT ![p] = {}]
    /\ about' = [about EXCEPT ![p] = p]
    /\ bidding' = bidding
    /\ Goes(p, IF bidding[p] THEN "WITHDRAW" ELSE "idle")

(* 1 CHECK, and 4 CHECK again: a listing begins, *)
Check(p) ==
    /\ pc[p] \in {"idle", "CHECK AGAIN"}
    /\ IF Splits
       THEN /\ Goes(p, "CHECK")
            /\ listing' = [listing EXCEPT ![p] = [stood |-> Matters(p, folder), fleeting |-> {}]]
            /\ bidding' = bidding
            /\ Free(p)
       ELSE Onwards(p, Matters(p, folder)) /\ listing' = listing
    /\ UNCHANGED <<folder, whole>>

(* and shows what stood all the time, and any of what came or went. *)
Checked(p, fleeting) ==
    /\ pc[p] = "CHECK"
    /\ fleeting \subseteq listing[p].fleeting
    /\ Onwards(p, listing[p].stood \union fleeting)
    /\ listing' = [listing EXCEPT ![p] = NoListing]
    /\ UNCHANGED <<folder, whole>>

(* 2 WRITE: the name, and what is written in the file. *)
Write(p) ==
    /\ pc[p] = "WRITE"
    /\ Changes(p, folder \union {New(p)}, whole)
    /\ Goes(p, "FILL")
    /\ bidding' = bidding /\ Free(p)

Fill(p) ==
    /\ pc[p] = "FILL"
    /\ whole' = whole \union {p}
    /\ Goes(p, "BID")
    /\ UNCHANGED <<folder, listing, bidding>> /\ Free(p)

(* 3 BID. *)
Publish(p) ==
    /\ pc[p] = "BID"
    /\ Changes(p, (folder \ {New(p)}) \union {Bid(p)}, whole)
    /\ bidding' = [bidding EXCEPT ![p] = TRUE]
    /\ Goes(p, "CHECK AGAIN")
    /\ Free(p)

(* 6 WITHDRAW: the bid, and what was not published. *)
Withdraw(p) ==
    /\ pc[p] = "WITHDRAW"
    /\ Changes(p, folder \ {Bid(p)}, whole \ {p})
    /\ bidding' = [bidding EXCEPT ![p] = FALSE]
    /\ Goes(p, "WITHDRAW new")
    /\ Free(p)

WithdrawNew(p) ==
    /\ pc[p] = "WITHDRAW new"
    /\ Changes(p, folder \ {New(p)}, whole)
    /\ Goes(p, "idle")
    /\ bidding' = bidding /\ Free(p)

(* 5 HOLD, and unlock. *)
Unlock(p) ==
    /\ pc[p] = "HOLD"
    /\ Changes(p, folder \ {Bid(p)}, whole \ {p})
    /\ Goes(p, "idle")
    /\ bidding' = bidding /\ Free(p)

(****************************************************************************)
(* Challenge.                                                               *)
(****************************************************************************)

(* What is challenged next: of one contender what is not published comes first, as the names sort. *)
IsNext(p, e) == pc[p] = "CHALLENGE" /\ e \in todo[p] /\ (e[2] = "bid" => New(e[1]) \notin todo[p])

TurnsTo(p, id, step) ==
    /\ about' = [about EXCEPT ![p] = id]
    /\ Goes(p, step)
    /\ todo' = todo

(* 1 READ. *)
Read(p, e) ==
    /\ IsNext(p, e) /\ e[2] = "bid"
    /\ CASE e \notin folder -> Onwards(p, todo[p] \ {e})
         [] e[1] \notin whole -> Retreats(p)
         [] OTHER -> TurnsTo(p, e[1], "ASK") /\ bidding' = bidding
    /\ Looks

(* A bid that cannot be read stands. *)
FailToRead(p, e) == Fails /\ IsNext(p, e) /\ e[2] = "bid" /\ e \in folder /\ Retreats(p) /\ Looks

(* 2 ASK: whoever is found dead is the owner no more. *)
Ask(p) ==
    /\ pc[p] = "ASK"
    /\ IF pc[about[p]] = "dead"
       THEN TurnsTo(p, about[p], "REMOVE") /\ bidding' = [bidding EXCEPT ![about[p]] = TRUE]
       ELSE Retreats(p)
    /\ Looks

(* 3 REMOVE. *)
Remove(p) ==
    /\ pc[p] = "REMOVE"
    /\ Changes(p, folder \ {Bid(about[p])}, IF Bid(about[p]) \in folder THEN whole \ {about[p]} ELSE whole)
    /\ Onwards(p, todo[p] \ {Bid(about[p])})

(* What is not published says by its name whose it is: that one is asked about, *)
AskUnpublished(p, e) ==
    /\ IsNext(p, e) /\ e[2] = "new"
    /\ IF pc[e[1]] = "dead" THEN TurnsTo(p, e[1], "TIDY") /\ bidding' = bidding ELSE Onwards(p, todo[p] \ {e})
    /\ Looks

(* and what the dead did not come to publish is removed. *)
Tidy(p) ==
    /\ pc[p] = "TIDY"
    /\ Changes(p, folder \ {New(about[p])}, IF New(about[p]) \in folder THEN whole \ {about[p]} ELSE whole)
    /\ Onwards(p, todo[p] \ {New(about[p])})

(****************************************************************************)
(* What anybody does.                                                       *)
(****************************************************************************)

Crash(p) ==
    /\ left > 0
    /\ pc[p] \notin {"dead", "unborn"}
    /\ left' = left - 1
    /\ pc' = [pc EXCEPT ![Heir[p]] = "idle", ![p] = "dead"]
    /\ listing' = [listing EXCEPT ![p] = NoListing]
    /\ todo' = [todo EXCEPT ![p] = {}]
    /\ about' = [about EXCEPT ![p] = p]
    /\ UNCHANGED <<folder, whole, bidding>>

(* The next call of an attempt under way: the steps in their order. *)
GoesOn(p) ==
    CASE pc[p] = "CHECK AGAIN" -> Check(p)
      [] pc[p] = "CHECK" -> \E fleeting \in SUBSET listing[p].fleeting : Checked(p, fleeting)
      [] pc[p] = "WRITE" -> Write(p)
      [] pc[p] = "FILL" -> Fill(p)
      [] pc[p] = "BID" -> Publish(p)
      [] pc[p] = "WITHDRAW" -> Withdraw(p)
      [] pc[p] = "WITHDRAW new" -> WithdrawNew(p)
      [] pc[p] = "HOLD" -> Unlock(p)
      [] pc[p] = "CHALLENGE" -> \E e \in todo[p] : Read(p, e) \/ FailToRead(p, e) \/ AskUnpublished(p, e)
      [] pc[p] = "ASK" -> Ask(p)
      [] pc[p] = "REMOVE" -> Remove(p)
      [] pc[p] = "TIDY" -> Tidy(p)
      [] OTHER -> FALSE

Init ==
    /\ folder = {}
    /\ whole = {}
    /\ pc = [p \in Ids |-> IF p \in Born THEN "idle" ELSE "unborn"]
    /\ bidding = [p \in Ids |-> FALSE]
    /\ listing = [p \in Ids |-> NoListing]
    /\ todo = [p \in Ids |-> {}]
    /\ about = [p \in Ids |-> p]
    /\ left = Crashes

Begin(p) == pc[p] = "idle" /\ Check(p)

Next == \E p \in Ids : Begin(p) \/ GoesOn(p) \/ Crash(p)

(* Who has begun goes on, and contenders come again. *)
Fairness == \A p \in Ids : WF_vars(GoesOn(p)) /\ WF_vars(Begin(p))

Spec == Init /\ [][Next]_vars /\ Fairness

(****************************************************************************)
(* What holds.                                                              *)
(****************************************************************************)

Holders == {p \in Ids : pc[p] = "HOLD"}

MutualExclusion == Cardinality(Holders) <= 1

(* Nobody takes the bid of a process that lives and was told that it has the lock. *)
NotDispossessed == \A p \in Holders : Bid(p) \in folder

(* Nothing is left behind when all are at rest and nobody was killed. *)
NothingLeftBehind ==
    (left = Crashes /\ \A p \in Ids : pc[p] \in {"idle", "unborn"}) => folder = {}

NoOne == "no one"

(* Whoever holds, and whoever died holding and was not found dead yet. A bid of a dead one that never held blocks, and
   is not the lock. *)
Owners == {id \in Ids : Bid(id) \in folder /\ ~bidding[id]}

Abstract == INSTANCE Lock WITH
    owner <- IF Owners = {} THEN NoOne ELSE CHOOSE id \in Owners : TRUE,
    dead <- {p \in Ids : pc[p] = "dead"}

Refines == Abstract!Spec

(* Each attempt ends, and the dead block nobody for ever. *)
AttemptsEnd == \A p \in Ids : pc[p] = "CHECK" ~> pc[p] \in {"idle", "HOLD", "dead"}
DeadBidsGo == \A p \in Ids : (pc[p] = "dead" /\ Bid(p) \in folder) ~> Bid(p) \notin folder

(* This is not promised: two that bid together may both retreat, and again, for ever. *)
SomebodyHolds == <>(Holders # {})

(****************************************************************************)
(* An inductive invariant. Of two that have bid, one did so first, and its  *)
(* bid is before the other one: that one is yet to list the folder, or to   *)
(* end its listing, or to challenge it.                                     *)
(****************************************************************************)

Checking == {"CHECK AGAIN", "CHECK", "CHALLENGE", "ASK", "REMOVE"}

(* p will come to the bid of q. *)
Meets(p, q) ==
    CASE pc[p] = "CHECK AGAIN" -> TRUE
      [] pc[p] = "CHECK" -> Bid(q) \in listing[p].stood
      [] OTHER -> Bid(q) \in todo[p]

(* Its bid may be the lock, or come to be it. *)
Competes(p) == pc[p] = "HOLD" \/ (bidding[p] /\ pc[p] \in Checking)

(* What a process has in hand. *)
HandsOK(p) ==
    /\ (todo[p] # {}) = (pc[p] \in {"CHALLENGE", "ASK", "REMOVE", "TIDY"})
    /\ (about[p] # p) = (pc[p] \in {"ASK", "REMOVE", "TIDY"})
    /\ pc[p] \in {"ASK", "REMOVE"} => Bid(about[p]) \in todo[p]
    /\ pc[p] = "TIDY" => New(about[p]) \in todo[p]
    /\ pc[p] \in {"REMOVE", "TIDY"} => pc[about[p]] = "dead"
    /\ listing[p].stood \subseteq folder
    /\ pc[p] \in {"CHECK AGAIN", "WITHDRAW"} => bidding[p]
    /\ pc[p] \notin Checking \union {"WITHDRAW", "dead"} => ~bidding[p]

(* What it has in the folder. *)
EntriesOK(p) ==
    IF pc[p] = "dead"
    THEN /\ {New(p), Bid(p)} \intersect folder \in {{}, {New(p)}, {Bid(p)}}
         /\ (Bid(p) \in folder => p \in whole)
         /\ (p \in whole => {New(p), Bid(p)} \intersect folder # {})
    ELSE /\ (New(p) \in folder) = (pc[p] \in {"FILL", "BID"})
         /\ (Bid(p) \in folder) = (Competes(p) \/ pc[p] = "WITHDRAW")
         /\ (p \in whole) = (pc[p] = "BID" \/ Bid(p) \in folder)

Inv ==
    /\ \A p \in Ids : HandsOK(p) /\ EntriesOK(p)
    /\ \A p, q \in Ids : p # q /\ Competes(p) /\ Competes(q) => Meets(p, q) \/ Meets(q, p)
    /\ \A p \in Ids : Heir[p] # p => pc[p] = "dead" \/ pc[Heir[p]] = "unborn"
    /\ left + Cardinality({p \in Ids : pc[p] = "dead"}) = Crashes
=============================================================================
