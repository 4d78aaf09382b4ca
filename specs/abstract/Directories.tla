---------------------------- MODULE Directories ----------------------------
(* A tree of directories as a set of paths, and what one call does to it.   *)
(*                                                                          *)
(* A path is a tuple of names; the root, which always stands, is << >>.     *)
(* Files and directories are not told apart: an algorithm knows which of    *)
(* its names are which. Every operator here is a function of a tree, and    *)
(* takes effect in one step, as the calls of kernel/src/fs.rs do once they  *)
(* have walked to their directory.                                          *)
EXTENDS Naturals, Sequences

Parent(path) == SubSeq(path, 1, Len(path) - 1)

Name(path) == path[Len(path)]

Within(path, dir) == Len(path) >= Len(dir) /\ SubSeq(path, 1, Len(dir)) = dir

Stands(tree, path) == path = << >> \/ path \in tree

Entries(tree, dir) == {path \in tree : Parent(path) = dir}

Names(tree, dir) == {Name(path) : path \in Entries(tree, dir)}

(* Fs::create_dir, create_file and ensure_dir: nothing without a parent.    *)
Make(tree, path) == IF Stands(tree, Parent(path)) THEN tree \union {path} ELSE tree

(* Fs::remove_file.                                                         *)
Remove(tree, path) == tree \ {path}

(* Fs::remove_dir and discard_dir: never one that holds an entry.           *)
RemoveEmpty(tree, path) == IF \E entry \in tree : Parent(entry) = path THEN tree ELSE tree \ {path}

(* Fs::rename of a directory: over nothing, or over an empty directory.     *)
MayMove(tree, from, to) ==
    from \in tree /\ Stands(tree, Parent(to)) /\ Entries(tree, to) = {}

Rebase(path, from, to) == to \o SubSeq(path, Len(from) + 1, Len(path))

Move(tree, from, to) ==
    {IF Within(path, from) THEN Rebase(path, from, to) ELSE path : path \in tree \ {to}}
=============================================================================
