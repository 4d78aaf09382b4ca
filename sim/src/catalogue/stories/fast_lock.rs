//! Of locks that a rename makes.

use super::Told;

pub(super) const STORIES: [Told; 31] = [
    (
        "fast_lock.kept_leaf_is_owner",
        "The leaf of a former owner is left as `.nfs...` by a host that went down, and nobody can say whether that is dead.",
        "Linux, `nfs_sillyrename`; the lockers' fast_lock, which takes every entry for an owner",
    ),
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
        "fast_lock.signed_inside",
        "A file that was renamed into place has no contents after a power cut, and no owner.",
        "eltmon/overdeck#2623; Pillai and others, \"All file systems are not created equal\" (2014)",
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
        "fast_lock.moves_owner_back",
        "A release moves away what stands there by then, and that is the next owner's.",
        "rename(2), which moves whatever has the name",
    ),
    (
        "fast_lock.empties_owner",
        "A release that failed had removed the leaf, and when it is made again it removes the next owner's.",
        "RFC 1813, section 4.5: an error does not say that nothing happened",
    ),
    (
        "fast_lock.keeps_where_calls_repeat",
        "A copy of the call that made an owner's leaf makes it again after its release, and the lock is held by nobody.",
        "RFC 1813, section 4.5; Juszczak, \"Improving the Performance and Correctness of an NFS Server\" (1989)",
    ),
];
