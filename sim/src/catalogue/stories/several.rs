//! Of locks with more than one place: bids, slots, lines, several kinds.

use super::Told;

pub(super) const STORIES: [Told; 32] = [
    (
        "semaphore.count_then_enter",
        "Two count those inside at the same time, and both enter.",
        "Dijkstra, \"Cooperating sequential processes\" (1965), for why the count and the entry are one step",
    ),
    (
        "semaphore.one_too_many",
        "Two programs are set up with different numbers of slots.",
        "the lockers' semaphore, whose number of slots each caller gives",
    ),
    (
        "semaphore.releases_any",
        "A release frees a slot, and not the one that its caller had.",
        "the lockers' semaphore, whose release looks for the caller's own slot",
    ),
    (
        "semaphore.never_asks",
        "Slots of the killed are lost one after the other.",
        "the lockers' semaphore, whose first pass asks nobody and which has a second",
    ),
    (
        "check_bid_check.fill_after",
        "A bid is read before it is filled, taken for nobody's, and removed.",
        "Lock Folder, which makes its bid empty; OpenRouterLabs/spawn#2928; forecast-bio/crosslink#476",
    ),
    (
        "check_bid_check.no_second_check",
        "Two look, see no bid, and make theirs.",
        "Lock Folder, whose second look is what this leaves out",
    ),
    (
        "check_bid_check.unreadable_is_absent",
        "A bid that could not be read is taken for none.",
        "career-ops-hq/career-ops#2815",
    ),
    (
        "check_bid_check.vanished_is_error",
        "A bid goes away between the listing and the reading, and the reader dies with its own bid made.",
        "Lock Folder; jsturtevant/rally#270",
    ),
    (
        "check_bid_check.half_read_is_error",
        "A bid is read before it is filled, and the reader dies with its own bid made.",
        "Lock Folder, in which half a bid raises an error",
    ),
    (
        "check_bid_check.same_backoff",
        "Two step back from each other and come again after the same time, for ever.",
        "IEEE 802.3, whose backoff is drawn by chance for this reason",
    ),
    (
        "fair_lock.no_doorway",
        "A contender reads the time, is slow to make its file, and comes to stand before the holder.",
        "Coordinator; makenotion/lore#660; Lamport, \"A new solution of Dijkstra's concurrent programming problem\" (1974)",
    ),
    (
        "fair_lock.flag_down_first",
        "A contender is in the door, then in neither, then in line: others look in between.",
        "Lamport (1974); tox-dev/filelock#669",
    ),
    (
        "fair_lock.look_then_watch",
        "The one before leaves between the look and the watch.",
        "Coordinator; fsnotify/fsnotify#97",
    ),
    (
        "fair_lock.waits_without_ticket",
        "A waiter's file was removed, and it waits for a turn that cannot come.",
        "Coordinator",
    ),
    (
        "fair_lock.holds_without_ticket",
        "A waiter's entry was taken away while it paused, and it goes on as if it stood in line.",
        "gravitational/teleport#66883",
    ),
    (
        "fair_lock.cut_stops_half_way",
        "Who cuts in removes file after file, and stops where one is gone already.",
        "Coordinator",
    ),
    (
        "fair_lock.cut_steals",
        "Who cuts in holds the lock together with the one it has asked to leave.",
        "Coordinator, whose holders find out by watching their own file",
    ),
    (
        "fair_lock.dead_block_the_line",
        "A contender is killed while it waits, and all behind it wait for ever.",
        "Coordinator; tox-dev/filelock#738",
    ),
    (
        "rw_lock.downgrade_by_rename",
        "An entry that is renamed during a listing is in it under neither name.",
        "POSIX, readdir(): entries that come and go during a listing may be left out",
    ),
    (
        "rw_lock.look_then_register",
        "A reader sees no writer and then says that it reads; a writer did the same.",
        "tox-dev/filelock#669",
    ),
    (
        "rw_lock.upgrade_in_place",
        "Two readers want to write, and each waits for the other to stop reading.",
        "borgbackup/borg#5514",
    ),
    (
        "fair_lock.line_before_door",
        "Who goes from the door into the line between two listings is seen in neither.",
        "POSIX, readdir(): a listing is no single moment; Lamport (1974)",
    ),
    (
        "fair_lock.gone_is_waited_for",
        "The entry to watch is gone, so something else is watched, in which nothing will happen.",
        "inotify(7), NOTES: names may be gone when they are used",
    ),
    (
        "fair_lock.lease_by_the_wall_clock",
        "A waiter whose wall clock is ahead finds a ticket too old that is not, and removes it.",
        "borgbackup/borg#10077; the queue's own words on leases, by which both stamps are the file system's",
    ),
    (
        "fair_lock.comes_again",
        "Two who come at once each see the other, go to the end of the line, and meet there again.",
        "our own; the queue without its wait, as a try has it",
    ),
    (
        "one_kind.look_then_sign",
        "Two kinds find nobody at the path, and each signs there.",
        "our own; one_kind without its second look",
    ),
    (
        "one_kind.verify_then_sign",
        "The look around comes before the entry that others are to see.",
        "our own; one_kind with two steps exchanged",
    ),
    (
        "one_kind.clears_the_living",
        "What another kind keeps at the path is taken for left over, and whoever holds it loses it.",
        "our own; one_kind without the question who is dead",
    ),
    (
        "leased.nonce_ignored",
        "The judge counts for how long it has seen the owner, and not for how long the owner has been silent.",
        "our own; the lease judged without looking at its count of renewals",
    ),
    (
        "leased.not_claimed",
        "The owner renews its lease between the judgement and the removal, and is removed.",
        "jepsen.io/analyses/etcd-3.4.3",
    ),
    (
        "leased.not_rechecked",
        "Its lease ran out while it waited for the lock, and it goes by the time at which it had the lock.",
        "jepsen.io/analyses/etcd-3.4.3; our own, without the renewal at the end of the wait",
    ),
    (
        "leased.outlives_release",
        "A renewal in the background comes after the release, and leaves a lease that nobody holds.",
        "our own; a lease whose renewal is not joined to its release",
    ),
];
