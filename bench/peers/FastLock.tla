------------------------------ MODULE FastLock ------------------------------
(***************************************************************************)
(* fast_lock under the check policy: clients that take the lock and give   *)
(* it back, for ever, and that may be killed at any step. A killed client  *)
(* goes on as a new process with a new id.                                 *)
(*                                                                         *)
(* The steps have the names of the procedures in the kernel's own          *)
(* documentation, one action a call. Every call takes effect in one step,  *)
(* also a listing, together with its walk to the directory; so this is the *)
(* grain of the model in `model.rs` with `Listing::Whole`, and the two     *)
(* have the same states.                                                   *)
(***************************************************************************)
EXTENDS Naturals, FiniteSets

CONSTANTS Count,    \* how many clients there are
          Crashes   \* how many times a client may be killed, in all

Clients == 0 .. Count - 1
Nobody  == Count * (Crashes + 1)   \* no id is this one

VARIABLES
    dirs,           \* those of "lock", "build" and "owner" that are there
    proposals,      \* ids with a directory build/<id>
    proposed,       \* ids with a directory build/<id>/owner
    signed,         \* ids with a leaf build/<id>/owner/<id>
    gone,           \* ids with a directory build/<id>/gone
    goneSigned,     \* ids with a leaf build/<id>/gone/<id>
    leaves,         \* ids with a leaf owner/<id>
    at,             \* the step that a client makes next
    about,          \* whose things it is about, where it is about anybody's
    why,            \* what it removes them for
    crashed         \* how often a client was killed

build == <<proposals, proposed, signed, gone, goneSigned>>
disk  == <<dirs, proposals, proposed, signed, gone, goneSigned, leaves>>
mind  == <<about, why>>
vars  == <<dirs, proposals, proposed, signed, gone, goneSigned, leaves, at, about, why, crashed>>

Me(c)      == c * (Crashes + 1) + crashed[c]
IsDead(id) == crashed[id \div (Crashes + 1)] > id % (Crashes + 1)

Init ==
    /\ dirs = {} /\ proposals = {} /\ proposed = {} /\ signed = {} /\ gone = {} /\ goneSigned = {} /\ leaves = {}
    /\ at = [c \in Clients |-> "idle"]
    /\ about = [c \in Clients |-> Nobody]
    /\ why = [c \in Clients |-> ""]
    /\ crashed = [c \in Clients |-> 0]

-----------------------------------------------------------------------------
Goto(c, step) == at' = [at EXCEPT ![c] = step]
Keep          == UNCHANGED mind
Turn(c, id, reason) ==
    /\ about' = [about EXCEPT ![c] = id]
    /\ why' = [why EXCEPT ![c] = reason]

(* A directory goes if it is there and empty. *)
Without(dir, holds) == IF holds THEN dirs ELSE dirs \ {dir}

(* Where a removal goes on, once it has removed all it came for. *)
After(c) ==
    /\ Goto(c, CASE why[c] = "unlock" -> "sweep" [] why[c] = "try" -> "look again" [] OTHER -> "idle")
    /\ Turn(c, Nobody, "")

-----------------------------------------------------------------------------
(* Lock *)

Look(c) ==
    /\ at[c] \in {"idle", "look again"}
    /\ IF leaves = {} THEN Goto(c, "make lock") /\ Keep
       ELSE \E owner \in leaves :
                IF at[c] = "idle" THEN Goto(c, "ask") /\ Turn(c, owner, "")
                ELSE Goto(c, "idle") /\ Keep
    /\ UNCHANGED <<disk, crashed>>

Ask(c) ==
    /\ at[c] = "ask"
    /\ IF IsDead(about[c]) THEN Goto(c, "clear leaf") /\ Turn(c, about[c], "try")
       ELSE Goto(c, "idle") /\ Turn(c, Nobody, "")
    /\ UNCHANGED <<disk, crashed>>

MakeLock(c) ==
    /\ at[c] = "make lock"
    /\ dirs' = dirs \cup {"lock"}
    /\ Goto(c, "make build")
    /\ UNCHANGED <<build, leaves, crashed>> /\ Keep

MakeBuild(c) ==
    /\ at[c] = "make build"
    /\ IF "lock" \in dirs THEN dirs' = dirs \cup {"build"} /\ Goto(c, "make proposal")
       ELSE UNCHANGED dirs /\ Goto(c, "withdraw leaf")
    /\ UNCHANGED <<build, leaves, crashed>> /\ Keep

MakeProposal(c) ==
    /\ at[c] = "make proposal"
    /\ IF "build" \in dirs THEN proposals' = proposals \cup {Me(c)} /\ Goto(c, "make owner")
       ELSE UNCHANGED proposals /\ Goto(c, "withdraw leaf")
    /\ UNCHANGED <<dirs, proposed, signed, gone, goneSigned, leaves, crashed>> /\ Keep

MakeOwner(c) ==
    /\ at[c] = "make owner"
    /\ IF Me(c) \in proposals THEN proposed' = proposed \cup {Me(c)} /\ Goto(c, "sign")
       ELSE UNCHANGED proposed /\ Goto(c, "withdraw leaf")
    /\ UNCHANGED <<dirs, proposals, signed, gone, goneSigned, leaves, crashed>> /\ Keep

Sign(c) ==
    /\ at[c] = "sign"
    /\ IF Me(c) \in proposed THEN signed' = signed \cup {Me(c)} /\ Goto(c, "move")
       ELSE UNCHANGED signed /\ Goto(c, "withdraw leaf")
    /\ UNCHANGED <<dirs, proposals, proposed, gone, goneSigned, leaves, crashed>> /\ Keep

Move(c) ==
    /\ at[c] = "move"
    /\ IF Me(c) \in proposed /\ leaves = {}
       THEN /\ dirs' = dirs \cup {"owner"}
            /\ proposed' = proposed \ {Me(c)}
            /\ signed' = signed \ {Me(c)}
            /\ leaves' = signed \cap {Me(c)}
            /\ Goto(c, "verify")
       ELSE UNCHANGED <<dirs, proposed, signed, leaves>> /\ Goto(c, "withdraw leaf")
    /\ UNCHANGED <<proposals, gone, goneSigned, crashed>> /\ Keep

Verify(c) ==
    /\ at[c] = "verify"
    /\ Goto(c, IF Me(c) \in leaves THEN "tidy proposal" ELSE "withdraw leaf")
    /\ UNCHANGED <<disk, crashed>> /\ Keep

TidyProposal(c) ==
    /\ at[c] = "tidy proposal"
    /\ proposals' = IF Me(c) \in proposed \cup gone THEN proposals ELSE proposals \ {Me(c)}
    /\ Goto(c, "tidy build")
    /\ UNCHANGED <<dirs, proposed, signed, gone, goneSigned, leaves, crashed>> /\ Keep

TidyBuild(c) ==
    /\ at[c] = "tidy build"
    /\ dirs' = Without("build", proposals # {})
    /\ Goto(c, "hold")
    /\ UNCHANGED <<build, leaves, crashed>> /\ Keep

WithdrawLeaf(c) ==
    /\ at[c] = "withdraw leaf"
    /\ leaves' = leaves \ {Me(c)}
    /\ Goto(c, "withdraw owner")
    /\ UNCHANGED <<dirs, build, crashed>> /\ Keep

WithdrawOwner(c) ==
    /\ at[c] = "withdraw owner"
    /\ dirs' = Without("owner", leaves # {})
    /\ Goto(c, "clear leaf") /\ Turn(c, Me(c), "withdraw")
    /\ UNCHANGED <<build, leaves, crashed>>

-----------------------------------------------------------------------------
(* Unlock, and the recovery of a dead owner's lock *)

Remove(c) ==
    /\ at[c] = "hold"
    /\ leaves' = leaves \ {Me(c)}
    /\ IF Me(c) \in leaves THEN Goto(c, "tidy owner") /\ Turn(c, Nobody, "unlock")
       ELSE Goto(c, "dispossessed") /\ Keep
    /\ UNCHANGED <<dirs, build, crashed>>

Recover(c) ==
    /\ at[c] = "recover"
    /\ leaves' = leaves \ {about[c]}
    /\ IF about[c] \in leaves THEN Goto(c, "tidy owner") /\ Turn(c, Nobody, why[c]) ELSE After(c)
    /\ UNCHANGED <<dirs, build, crashed>>

TidyOwner(c) ==
    /\ at[c] = "tidy owner"
    /\ dirs' = Without("owner", leaves # {})
    /\ Goto(c, "tidy lock")
    /\ UNCHANGED <<build, leaves, crashed>> /\ Keep

TidyLock(c) ==
    /\ at[c] = "tidy lock"
    /\ dirs' = Without("lock", dirs # {"lock"})
    /\ After(c)
    /\ UNCHANGED <<build, leaves, crashed>>

Sweep(c) ==
    /\ at[c] = "sweep"
    /\ IF proposals = {} THEN Goto(c, "idle") /\ Keep
       ELSE \E id \in proposals : Goto(c, "ask about") /\ Turn(c, id, "")
    /\ UNCHANGED <<disk, crashed>>

AskAbout(c) ==
    /\ at[c] = "ask about"
    /\ IF IsDead(about[c]) THEN Goto(c, "clear leaf") /\ Turn(c, about[c], "sweep")
       ELSE Goto(c, "idle") /\ Turn(c, Nobody, "")
    /\ UNCHANGED <<disk, crashed>>

-----------------------------------------------------------------------------
(* Clean *)

ClearLeaf(c) ==
    /\ at[c] \in {"clear leaf", "clear leaf again"}
    /\ goneSigned' = goneSigned \ {about[c]}
    /\ Goto(c, IF at[c] = "clear leaf" THEN "clear gone" ELSE "clear gone again")
    /\ UNCHANGED <<dirs, proposals, proposed, signed, gone, leaves, crashed>> /\ Keep

ClearGone(c) ==
    /\ at[c] \in {"clear gone", "clear gone again"}
    /\ gone' = IF about[c] \in goneSigned THEN gone ELSE gone \ {about[c]}
    /\ Goto(c, IF at[c] = "clear gone" THEN "aside" ELSE "clean proposal")
    /\ UNCHANGED <<dirs, proposals, proposed, signed, goneSigned, leaves, crashed>> /\ Keep

Aside(c) ==
    /\ at[c] = "aside"
    /\ IF about[c] \in proposed \ goneSigned
       THEN /\ proposed' = proposed \ {about[c]}
            /\ signed' = signed \ {about[c]}
            /\ gone' = gone \cup {about[c]}
            /\ goneSigned' = goneSigned \cup (signed \cap {about[c]})
       ELSE UNCHANGED <<proposed, signed, gone, goneSigned>>
    /\ Goto(c, "clear leaf again")
    /\ UNCHANGED <<dirs, proposals, leaves, crashed>> /\ Keep

CleanProposal(c) ==
    /\ at[c] = "clean proposal"
    /\ proposals' = IF about[c] \in proposed \cup gone THEN proposals ELSE proposals \ {about[c]}
    /\ Goto(c, "clean build")
    /\ UNCHANGED <<dirs, proposed, signed, gone, goneSigned, leaves, crashed>> /\ Keep

CleanBuild(c) ==
    /\ at[c] = "clean build"
    /\ dirs' = Without("build", proposals # {})
    /\ Goto(c, "clean lock")
    /\ UNCHANGED <<build, leaves, crashed>> /\ Keep

CleanLock(c) ==
    /\ at[c] = "clean lock"
    /\ dirs' = Without("lock", dirs # {"lock"})
    /\ IF why[c] = "withdraw" THEN After(c) ELSE Goto(c, "recover") /\ Keep
    /\ UNCHANGED <<build, leaves, crashed>>

-----------------------------------------------------------------------------
RECURSIVE Sum(_)
Sum(c) == IF c = Count THEN 0 ELSE crashed[c] + Sum(c + 1)
Killed == Sum(0)

(* A process that has begun nothing has nothing to lose. *)
Crash(c) ==
    /\ at[c] # "idle"
    /\ Killed < Crashes
    /\ crashed' = [crashed EXCEPT ![c] = @ + 1]
    /\ Goto(c, "idle") /\ Turn(c, Nobody, "")
    /\ UNCHANGED disk

Step(c) ==
    \/ Look(c) \/ Ask(c) \/ MakeLock(c) \/ MakeBuild(c) \/ MakeProposal(c) \/ MakeOwner(c) \/ Sign(c)
    \/ Move(c) \/ Verify(c) \/ TidyProposal(c) \/ TidyBuild(c) \/ WithdrawLeaf(c) \/ WithdrawOwner(c)
    \/ Remove(c) \/ Recover(c) \/ TidyOwner(c) \/ TidyLock(c) \/ Sweep(c) \/ AskAbout(c)
    \/ ClearLeaf(c) \/ ClearGone(c) \/ Aside(c) \/ CleanProposal(c) \/ CleanBuild(c) \/ CleanLock(c)
    \/ Crash(c)

Next == \E c \in Clients : Step(c)
Spec == Init /\ [][Next]_vars

-----------------------------------------------------------------------------
Holders == {c \in Clients : at[c] = "hold"}

MutualExclusion == Cardinality(Holders) <= 1
NotDispossessed == \A c \in Clients : /\ at[c] # "dispossessed"
                                      /\ at[c] = "hold" => Me(c) \in leaves
NothingLeftBehind == (\A c \in Clients : at[c] = "idle" /\ crashed[c] = 0) => dirs = {}
=============================================================================
