//! Where the mistakes of the known-bad protocols were made, and what came of it.
//!
//! A source is a public report (`owner/repository#number`), a manual page or a paper that shows the mistake or warns of
//! it, or the lock that had it. A report speaks of its program, and the protocol here is the mistake alone.

/// The story of a known-bad protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Story {
    /// What goes wrong, for somebody who has such a lock.
    pub tells: &'static str,
    /// Where it was seen, or can be read of.
    pub source: &'static str,
}

/// The story of the protocol called `name`, if it is a known-bad one.
pub(super) fn of(name: &str) -> Option<Story> {
    let told = STORIES.iter().find(|(of, ..)| *of == name);
    told.map(|&(_, tells, source)| Story { tells, source })
}

const STORIES: [(&str, &str, &str); super::MUTANTS.len()] = [
    (
        "fast_lock.no_look",
        "Who tidies up takes an attempt's leaf away before it is moved, and an empty directory becomes the lock.",
        "the lockers' fast_lock, whose proposals may therefore be cleaned for the dead only",
    ),
    (
        "fast_lock.clean_in_place",
        "A removal that has walked to the proposal takes effect after that has become the lock.",
        "the lockers' to-do list, which asks for the look and leaves out the walk",
    ),
    (
        "fast_lock.recover_owner_dir",
        "Two find the same owner dead; the second removes what the first has taken since.",
        "getpaseo/paseo#5128; borgbackup/borg#4923",
    ),
    (
        "fast_lock.recover_by_path",
        "A second look at the owner, right before the removal, is no better than the first.",
        "genome/genome#93; purplefish-ai/factory-factory#866",
    ),
    (
        "fast_lock.sign_after_move",
        "A directory is moved to where an empty one is, which rename allows, and two have the lock.",
        "Pedro-Revez-Silva/shelfarr#476; Q00/ouroboros#2274; borgbackup/borg#4923",
    ),
    (
        "fast_lock.unlock_tree",
        "A release removes a tree, and goes on with what the next owner has put there.",
        "borgbackup/borg#5828",
    ),
    (
        "fast_lock.unlock_leaves_dirs",
        "Each lock that was ever taken leaves directories, and nobody knows which of them mean something.",
        "the lockers' fast_lock, whose unlock removes them",
    ),
    (
        "fast_lock.no_recovery",
        "A process is killed, and a person has to find out and remove its lock.",
        "swamp-club/swamp#2381; wazuh/wazuh#39230",
    ),
    (
        "dotlock.check_then_unlink",
        "Two find the same file stale; the second removes the one that the first has made since.",
        "npm/lockfile#4; abrt/libreport#345; dejuknow/md-redline#67",
    ),
    (
        "dotlock.empty_is_stale",
        "A lock is broken between the making of its file and the writing of its owner.",
        "receptron/mulmoclaude#2690; rajbos/ai-engineering-fluency#1833; swamp-club/swamp#2381",
    ),
    (
        "dotlock.empty_is_live",
        "A crash leaves an empty file, which nobody dares to remove for hours.",
        "getpaseo/paseo#4803; eltmon/overdeck#2659; wazuh/wazuh#39230",
    ),
    (
        "fast_lock.error_means_no",
        "The call failed and took effect all the same, as when a server's answer is lost; the lock is held by nobody.",
        "link(2) and rename(2), BUGS; RFC 1813, section 4.5",
    ),
    (
        "fast_lock.unlock_unchecked",
        "A release fails, its caller goes on, and the next attempt finds the lock held by itself.",
        "RFC 1813, section 4.5: an error does not say that nothing happened",
    ),
    (
        "dotlock.unreadable_is_stale",
        "A file that could not be read for a moment is taken for nobody's.",
        "career-ops-hq/career-ops#2815",
    ),
    (
        "dotlock.failed_write_is_fine",
        "The disk is full, the owner could not be written, and the lock is taken for made.",
        "tox-dev/filelock#601; tox-dev/filelock#602; tox-dev/filelock#611; akasecurity/ai-tc#212",
    ),
    (
        "fast_lock.signed_inside",
        "A file that was renamed into place has no contents after a power cut, and no owner.",
        "eltmon/overdeck#2623; Pillai and others, \"All file systems are not created equal\" (2014)",
    ),
    (
        "one_file.look_then_watch",
        "The lock comes free between the look and the watch, and the waiter is told of nothing.",
        "inotify(7), NOTES; fsnotify/fsnotify#97",
    ),
    (
        "fast_lock.deaf_to_death",
        "The owner is killed, nothing changes in the directory, and who waits for a change waits for ever.",
        "Coordinator, in which a killed contender blocks all behind it",
    ),
    (
        "fast_lock.no_polling",
        "The queue of notices overflows, or the release is made on another host, and nobody looks by himself.",
        "inotify(7), NOTES; gorakhargosh/watchdog#654; seb-m/pyinotify#27; moby/moby#18246",
    ),
    (
        "lease.unfenced",
        "The owner was slow, and not dead: it goes on when another has its lock.",
        "purplefish-ai/factory-factory#866; can1357/oh-my-pi#4098; gpustack/gpustack#3324",
    ),
    (
        "fast_lock.pid_alone",
        "The number of a dead owner is given to another process, and the lock is held by nobody for ever.",
        "nightlyone/lockfile#39; openclaw/openclaw#5006; elizaOS/eliza#11222",
    ),
    (
        "fast_lock.my_pid_is_stale",
        "Two containers on one volume have the same number, and each takes the other for its own past.",
        "stellar/stellar-core#652; openclaw/openclaw#4015",
    ),
    (
        "fast_lock.foreign_is_stale",
        "A process in another container cannot be seen, and is taken for dead.",
        "the lockers' local ids, which know nothing of pid namespaces; tox-dev/filelock#738",
    ),
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
        "grace.old_is_dead",
        "An owner that was quiet for long is not asked whether it lives.",
        "the lockers' grace_lock, which asks after the grace",
    ),
    (
        "fast_lock.proposal_is_owner",
        "A tool names an owner who has not got the lock.",
        "Herlihy and Wing, \"Linearizability\" (1990)",
    ),
    (
        "fast_lock.unreadable_is_free",
        "A tool says that a lock is free which it could not read.",
        "career-ops-hq/career-ops#2815",
    ),
    (
        "fast_lock.releases_later",
        "A release is answered before it is made, and who relies on it finds the lock held.",
        "Herlihy and Wing, \"Linearizability\" (1990)",
    ),
    (
        "fast_lock.remembers_owner",
        "An attempt that lost names an owner who has long given the lock back.",
        "Herlihy and Wing, \"Linearizability\" (1990)",
    ),
    (
        "fast_lock.proposal_holds",
        "A lock is said to be held when all there is is somebody's attempt.",
        "Herlihy and Wing, \"Linearizability\" (1990)",
    ),
    ("fast_lock.recovers_unchecked", "A recovery is answered that was not made.", "tox-dev/filelock#562"),
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
        "A waiter whose wall clock is ahead finds the holder's ticket too old, and removes it.",
        "borgbackup/borg#10077; the module's own words on leases, which compare stamps of one clock",
    ),
    (
        "fair_lock.comes_again",
        "Two who come at once each see the other, go to the end of the line, and meet there again.",
        "our own; the queue without the wait, as fair_lock+tries has it, under a promise that this does not make",
    ),
    (
        "lease.no_token",
        "A holder comes back from a pause and writes over what its successor has written.",
        "Kleppmann, \"How to do distributed locking\" (2016)",
    ),
    (
        "lease.random_token",
        "A token tells that two holders differ, and not who is newer.",
        "Kleppmann (2016), of Redlock; bsm/redislock#93; tox-dev/filelock#639",
    ),
    (
        "lease.stamp_token",
        "Two holders have the same time, since it counts in steps.",
        "makenotion/lore#660; tox-dev/filelock#561",
    ),
    (
        "lease.wall_clock_token",
        "The clock is set back, and the newer holder has the lower token.",
        "Kleppmann (2016); makenotion/lore#660",
    ),
    ("lease.stamps_to_the_second", "Rounded stamps make a lease look older than it is.", "tox-dev/filelock#561"),
    (
        "lease.stamp_against_wall_clock",
        "The server's stamp is compared with one's own clock, which is ahead.",
        "borgbackup/borg#10077; receptron/mulmoclaude#2690",
    ),
    (
        "lease.sleeping_clock",
        "A laptop sleeps, and its holder believes that no time has gone by.",
        "clock_gettime(2): CLOCK_MONOTONIC stands still while the system is suspended",
    ),
    (
        "lease.gives_back_by_path",
        "A holder that was overtaken removes its successor's lock.",
        "MCPJam/inspector#4532; dejuknow/md-redline#67",
    ),
    (
        "lease.looks_and_gives_back",
        "The same after a look at whose it is: the pause comes after the look.",
        "xiufengsun/TokenTracker#322; joshuaswarren/remnic#1604",
    ),
    (
        "fast_lock.started_by_the_wall_clock",
        "A start that is worked out from the boot time is one off at the next look, and a live owner is broken.",
        "giampaolo/psutil#2526; giampaolo/psutil#711; shirou/gopsutil#1802",
    ),
    (
        "fast_lock.no_boot",
        "After a restart the same service has the same number and start, and keeps its own dead lock alive.",
        "openclaw/openclaw#88342; proc(5)",
    ),
    (
        "fast_lock.foreign_is_never_stale",
        "Nobody can tell of an owner on another boot or host, and its lock is held for ever.",
        "tox-dev/filelock#725; tox-dev/filelock#735; tox-dev/filelock#738",
    ),
    (
        "fast_lock.host_name_is_host",
        "Two hosts have one name, and each looks for the other's processes among its own.",
        "ravindu644/Droidspaces-OSS#286",
    ),
    (
        "fast_lock.foreign_host_is_stale",
        "An owner on another host cannot be asked, and is taken for dead.",
        "getpaseo/paseo#5128",
    ),
    (
        "owners.record_elsewhere",
        "After a power cut the lock is there and the record of its owner is not.",
        "Pillai and others, \"All file systems are not created equal\" (2014)",
    ),
    (
        "dotlock.forbidden_is_stale",
        "A file of another user may not be read, and is taken for nobody's.",
        "antirez/ds4#119; career-ops-hq/career-ops#2815",
    ),
    (
        "dotlock.read_only_needs_no_lock",
        "Nothing can be changed there, it is thought; somebody else can.",
        "open(2), EROFS: it is the mount that takes no changes, and another may",
    ),
    (
        "lease.renewed_by_stamp",
        "A renewal does not show in a rounded stamp, and the lease is outlasted.",
        "tox-dev/filelock#561; borgbackup/borg#10077",
    ),
    ("lease.renewed_late", "A renewal comes when another is about to take the lock.", "jepsen.io/analyses/etcd-3.4.3"),
    (
        "lease.renewed_unheard",
        "The renewal fails once, and nobody tells the holder.",
        "tox-dev/filelock#562; tox-dev/filelock#661; tox-dev/filelock#691",
    ),
    (
        "dotlock.gone_is_fatal",
        "Two break the same lock, and the second one dies of finding it gone.",
        "jsturtevant/rally#270; jj-vcs/jj#6747; tox-dev/filelock#669",
    ),
    (
        "token.read_then_create",
        "Two read the same last number, and both give the next.",
        "table formats that number their commits by put-if-absent, which this leaves out",
    ),
    (
        "token.rewritten",
        "A counter in a file is read, raised and written, by two at once.",
        "POSIX, rename(): what stands there is replaced, whoever put it there",
    ),
    (
        "token.empty_is_new",
        "A listing misses the entry that is being renamed, and the numbers begin anew.",
        "POSIX, readdir(): entries that come and go during a listing may be left out",
    ),
    (
        "token.begun_in_two_steps",
        "The beginning is made in two steps, and who helps to finish it comes late.",
        "gravitational/teleport#66883, of a directory that somebody else is initialising",
    ),
    (
        "token.not_looked_after",
        "A holder pauses between the lock and the number, and has a higher one than its successor.",
        "Kleppmann (2016), where the lock service gives both in one step",
    ),
    (
        "file_lock.overwrites_stale",
        "Two find the same file stale, and each writes its own over it.",
        "POSIX, rename(): what stands there is replaced, with no look at what it was",
    ),
    (
        "file_lock.aside_unseen",
        "A stale file is renamed to a fixed name and removed; the second to do so renames its successor.",
        "tox-dev/filelock#576",
    ),
    (
        "file_lock.aside_and_back",
        "A live lock is moved aside by mistake, and while it is put back another can take it.",
        "joshuaswarren/remnic#1604; kamp-us/phoenix#9256; deftai/directive#3796",
    ),
    (
        "file_lock.aside_by_stamp",
        "The file that was moved aside has the stamp of the stale one, and is the next owner's.",
        "tox-dev/filelock#561",
    ),
    (
        "file_lock.sleeps_after_break",
        "After a break the lock is left alone for some seconds; somebody pauses for longer.",
        "lockfile(1), the option for suspension after a forced removal",
    ),
    (
        "file_lock.rename_over",
        "A rename is taken for an attempt that can fail, and replaces the lock of another.",
        "POSIX, rename(): what stands there is replaced",
    ),
    (
        "file_lock.host_is_me",
        "The name by which a contender knows its own file is another's too.",
        "ROCm/rocm-libraries#1612; termux/proot#284",
    ),
    (
        "file_lock.looks_at_the_lock",
        "After the attempt it is the lock that is looked at, and not whose it is.",
        "open(2), which says to look at the link count of the unique file",
    ),
    (
        "file_lock.stamped_by_its_writer",
        "The owner wrote the time into its lock, and the clock of who reads it is ahead.",
        "borgbackup/borg#10077; receptron/mulmoclaude#2690",
    ),
    (
        "mkdir_lock.rmdir_stale",
        "A directory that is old is removed and made anew, while its owner pauses.",
        "moxystudio/node-proper-lockfile#121; kamp-us/phoenix#9122",
    ),
    (
        "mkdir_lock.kill_stale",
        "The dead owner's file is removed and then the directory, in which another is about to sign.",
        "borgbackup/borg#4923; borgbackup/borg#5828",
    ),
    (
        "mkdir_lock.exists_is_held",
        "The directory was made and the answer lost; its maker waits for itself.",
        "mkdir(2), NOTES; utcc.utoronto.ca/~cks/space/blog, NFSServerReplyCacheWhy",
    ),
    (
        "mkdir_lock.first_listed",
        "Two have the same number, and each listing has another of them first.",
        "POSIX, readdir(): the order is not specified",
    ),
    (
        "mkdir_lock.one_listing",
        "Who is first is read off one listing, from which somebody before is missing.",
        "POSIX, readdir(): entries that come and go during a listing may be left out",
    ),
    (
        "lease.heartbeat_resurrects",
        "A heartbeat makes the lock file anew, over that of the next owner.",
        "mmnto-ai/totem#2576",
    ),
    (
        "lease.counted_from_the_grant",
        "A lease runs while its owner waits in line, and is over when its turn comes.",
        "jepsen.io/analyses/etcd-3.4.3",
    ),
    (
        "lease.heartbeat_not_started",
        "The thread that renews the lease could not be started, after the lock was published.",
        "tox-dev/filelock#691",
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
];
