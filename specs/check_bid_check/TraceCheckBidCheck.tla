------------------------ MODULE TraceCheckBidCheck ------------------------
(* Whether what the code does is a behaviour of CheckBidCheck, call by      *)
(* call, as the module CheckBidCheckCode tells it.                          *)
EXTENDS CheckBidCheck, CheckBidCheckCode

CONSTANTS StepsAt, DiskAt, WrittenAt, HoldersAt  \* what CheckBidCheckCode says, worked out once

VARIABLE at  \* the number of the code's state

(* What the files of a process are called: those of the kernel, and those of some that are not. *)
BidNames == [A1 |-> "A1.json", A2 |-> "A2.json", A3 |-> "A3.json",
             B1 |-> "B1.json", B2 |-> "B2.json", B3 |-> "B3.json",
             C1 |-> "C1.json", C2 |-> "C2.json", C3 |-> "C3.json"]
NewNames == [A1 |-> "A1.1-0.new", A2 |-> "A2.1-1.new", A3 |-> "A3.1-2.new",
             B1 |-> "B1.2-0.new", B2 |-> "B2.2-1.new", B3 |-> "B3.2-2.new",
             C1 |-> "C1.3-0.new", C2 |-> "C2.3-1.new", C3 |-> "C3.3-2.new"]
OtherNames == [A1 |-> "A1.new", A2 |-> "A2.new", A3 |-> "A3.new",
               B1 |-> "B1.new", B2 |-> "B2.new", B3 |-> "B3.new",
               C1 |-> "C1.new", C2 |-> "C2.new", C3 |-> "C3.new"]

NamesOf(e) == IF e[2] = "bid" THEN {BidNames[e[1]]} ELSE {NewNames[e[1]], OtherNames[e[1]]}

Is(path, e) == \E name \in NamesOf(e) : path = <<name>>

(* What an entry of the folder, by its name, is to p, which lists it. *)
Entries == {<<id, kind>> : id \in Ids, kind \in {"new", "bid"}}

Saw(p, names) == Matters(p, {e \in Entries : NamesOf(e) \intersect names # {}})

Lists(e) ==
    LET p == e.who
        seen == Saw(p, e.saw)
    IN /\ e.call = "list"
       /\ listing[p].stood \subseteq seen
       /\ Checked(p, seen \ listing[p].stood)

(* The call of each step. *)
Steps(e) ==
    LET p == e.who
    IN CASE pc[p] \in {"idle", "CHECK AGAIN"} -> e.call = "list" /\ e.deed = "begin" /\ Check(p)
         [] pc[p] = "CHECK" -> Lists(e)
         [] pc[p] = "WRITE" -> e.call = "create_file" /\ e.deed = "begin" /\ Is(e.path, New(p)) /\ Write(p)
         [] pc[p] = "FILL" -> e.call = "create_file" /\ e.deed = "call" /\ Is(e.path, New(p)) /\ Fill(p)
         [] pc[p] = "BID" -> e.call = "rename" /\ Is(e.path, New(p)) /\ Is(e.onto, Bid(p)) /\ Publish(p)
         [] pc[p] = "WITHDRAW" -> e.call \in {"remove_file", "discard_file"} /\ Is(e.path, Bid(p)) /\ Withdraw(p)
         [] pc[p] = "WITHDRAW new" -> e.call = "discard_file" /\ Is(e.path, New(p)) /\ WithdrawNew(p)
         [] pc[p] = "HOLD" -> e.call = "remove_file" /\ Is(e.path, Bid(p)) /\ Unlock(p)
         [] pc[p] = "CHALLENGE" /\ e.call = "read" ->
                \E entry \in todo[p] :
                    /\ Is(e.path, entry)
                    /\ IF e.answer = "Io" THEN FailToRead(p, entry) ELSE Read(p, entry)
         [] pc[p] = "CHALLENGE" /\ e.call = "liveness" -> AskUnpublished(p, New(e.path[1]))
         [] pc[p] = "ASK" -> e.call = "liveness" /\ e.path = <<about[p]>> /\ Ask(p)
         [] pc[p] = "REMOVE" -> e.call \in {"remove_file", "discard_file"} /\ Is(e.path, Bid(about[p])) /\ Remove(p)
         [] pc[p] = "TIDY" -> e.call = "discard_file" /\ Is(e.path, New(about[p])) /\ Tidy(p)
         [] OTHER -> FALSE

TraceInit == Init /\ at \in CodeStarts

TraceNext ==
    \E e \in StepsAt[at] :
        /\ at' = e.to
        /\ IF e.deed = "crash" THEN Crash(e.who) ELSE Steps(e)
        /\ \A id \in Ids :
             /\ (New(id) \in folder') = (\E name \in NamesOf(New(id)) : <<name>> \in DiskAt[at'])
             /\ (Bid(id) \in folder') = (<<BidNames[id]>> \in DiskAt[at'])
             /\ (id \in whole') = (\E file \in WrittenAt[at'] : \E entry \in {New(id), Bid(id)} : Is(file[1], entry))
        /\ Holders' = HoldersAt[at']
=============================================================================
