//! What a mount of NFS keeps of files that were removed while they were open: nobody takes it for an owner, and whoever comes
//! to lock removes it.

use lockwright_kernel::{
    check_bid_check::{Bidder, Bidders, LockFolder},
    fast_lock::Leaf,
    fs::{Fs, FsError, Halted, MemFs, Settled, Through, call::Call, silly},
    id::Id,
    lock::{Lock, LockError},
    one_kind::OneKind,
    path::Path,
    probe::Liveness,
};

use crate::stage::{Log, disk, id, lock, path, tree};

const KEPT: &str = ".nfs000000000000000100000001";

/// A disk of a host on which what is kept is open: its removal is refused.
fn busy(disk: &MemFs) -> impl Fs + '_ {
    Through(move |call: &Call| match call {
        Call::RemoveFile(path) | Call::DiscardFile(path) if is_kept(path) => Err(FsError::Io),
        call => call.on(disk),
    })
}

fn is_kept(path: &Path) -> bool {
    path.names().last().is_some_and(silly::is_silly)
}

fn disk_with(entries: &[&str]) -> MemFs {
    let entries: Vec<String> = entries.iter().map(|entry| entry.replace("KEPT", KEPT)).collect();
    disk(Leaf::File, &entries.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn look_removes_what_is_kept_of_a_leaf_and_the_lock_is_free() {
    let disk = disk_with(&["lock/", "lock/owner/", "lock/owner/KEPT*", "lock/owner/KEPT2*"]);
    assert_eq!(lock(&disk, Leaf::File).owner(), Ok(None));
    assert_eq!(lock(&disk, Leaf::File).try_lock(&id("ann")), Ok(()));
    assert_eq!(tree(&disk, Leaf::File), ["lock/", "lock/owner/", "lock/owner/ann*"]);
}

#[test]
fn look_finds_the_owner_beside_what_is_kept() {
    let disk = disk_with(&["lock/", "lock/owner/", "lock/owner/KEPT*", "lock/owner/bob*"]);
    let before = tree(&disk, Leaf::File);
    assert_eq!(lock(&disk, Leaf::File).owner(), Ok(Some(id("bob"))));
    let held = Err(LockError::Held { owner: Some(id("bob")) });
    assert_eq!(lock(&disk, Leaf::File).try_lock(&id("ann")), held);
    assert_eq!(lock(&disk, Leaf::File).try_lock(&id("bob")), Err(LockError::AlreadyOwner));
    assert_eq!(tree(&disk, Leaf::File), before);
}

#[test]
fn look_is_disturbed_where_what_is_kept_is_open_on_this_host() {
    let disk = disk_with(&["lock/", "lock/owner/", "lock/owner/KEPT*"]);
    let before = tree(&disk, Leaf::File);
    let log = Log::default();
    assert_eq!(lock(log.of(&busy(&disk)), Leaf::File).try_lock(&id("ann")), Err(LockError::Disturbed));
    assert_eq!(log.len(), 4, "a look, a listing, a removal, a look");
    assert_eq!(tree(&disk, Leaf::File), before);
    assert_eq!(lock(&busy(&disk), Leaf::File).owner(), Ok(None));
}

#[test]
fn an_id_that_nobody_would_take_for_an_owner_is_refused() {
    let disk = MemFs::new();
    assert_eq!(lock(&disk, Leaf::File).try_lock(&id(KEPT)), Err(LockError::Fs(FsError::Unsupported)));
    assert_eq!(disk.to_string(), "");
}

#[test]
fn clear_removes_what_is_kept_of_a_leaf_that_was_taken_back() {
    let left = ["lock/", "lock/build/", "lock/build/ann/", "lock/build/ann/gone/", "lock/build/ann/gone/KEPT*"];
    let on_nfs = disk_with(&left);
    assert_eq!(lock(Settled::new(&on_nfs), Leaf::File).clean(&id("ann")), Ok(()));
    assert_eq!(on_nfs.to_string(), "");
}

#[test]
fn no_more_are_removed_at_once_than_it_is_said() {
    let (disk, log) = (MemFs::new(), Log::default());
    let names: Vec<_> = (0..20).map(|number| format!(".nfs{number:02}").parse().unwrap()).collect();
    for name in &names {
        disk.create_file(&Path::root().join(name), b"").unwrap();
    }
    silly::discard(&log.of(&disk), &Path::root(), &names).unwrap();
    assert_eq!((log.len(), disk.list(&Path::root()).unwrap().len()), (silly::DISCARDED_MAX, 20 - silly::DISCARDED_MAX));
}

#[test]
fn another_kind_passes_over_what_is_kept_and_removes_it() {
    let disk = disk_with(&["lock/", "lock/owner/", "lock/owner/KEPT*"]);
    let queue = |fs| OneKind::new(fs, path("lock"), "queue".parse().unwrap());
    assert_eq!(queue(&disk).verify(), Ok(()));
    assert_eq!(queue(&disk).enter(), Ok(()));
    assert_eq!(tree(&disk, Leaf::File), ["lock/", "lock/owner/"]);
    let other = disk_with(&["lock/", "lock/owner/", "lock/owner/KEPT*", "lock/owner/bob*"]);
    assert_eq!(queue(&other).enter(), Err(LockError::OtherKind("bob".parse().unwrap())));
}

struct Nobody;

impl Bidders for Nobody {
    fn liveness(&self, _: &Id, _: &Bidder) -> Result<Liveness, Halted> {
        Ok(Liveness::Dead)
    }
}

#[test]
fn check_removes_what_is_kept_of_bids_and_nothing_that_is_foreign() {
    let disk = disk_with(&["KEPT", "notes.txt"]);
    let folder = LockFolder::new(&disk, Path::root(), Bidder { pid: 1, created: 1 }, Nobody);
    folder.try_lock(&id("ann")).unwrap();
    assert_eq!(disk.list(&Path::root()), Ok(["ann.json", "notes.txt"].map(|name| name.parse().unwrap()).to_vec()));
    let busy_disk = disk_with(&["KEPT"]);
    let busy = busy(&busy_disk);
    LockFolder::new(&busy, Path::root(), Bidder { pid: 1, created: 1 }, Nobody).try_lock(&id("ann")).unwrap();
}

/// The witness of a move is not what may go by itself.
#[test]
fn settle_knows_a_move_that_was_executed_twice_by_another_entry_than_what_is_kept() {
    let disk = disk_with(&["a/", "a/KEPT", "a/mine"]);
    let server = Through(|call: &Call| {
        let answer = call.on(&disk);
        if let Call::Rename(_, to) = call {
            assert_eq!(answer, Ok(lockwright_kernel::fs::call::Value::Done));
            disk.remove_file(&to.join(&KEPT.parse().unwrap())).unwrap();
            return call.on(&disk);
        }
        answer
    });
    assert_eq!(Settled::new(&server).rename(&path("a"), &path("b")), Ok(()));
}
