//! Of a file or a directory that is the lock, of leases and of numbers.

use super::Told;

pub(super) const STORIES: [Told; 54] = [
    (
        "mkdir_lock.record_inside",
        "Somebody reads the record while it is removed: the directory cannot be, and is the lock for ever.",
        "borgbackup/borg#6736; Linux, `nfs_sillyrename`",
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
        "one_file.look_then_watch",
        "The lock comes free between the look and the watch, and the waiter is told of nothing.",
        "inotify(7), NOTES; fsnotify/fsnotify#97",
    ),
    (
        "lease.unfenced",
        "The owner was slow, and not dead: it goes on when another has its lock.",
        "purplefish-ai/factory-factory#866; can1357/oh-my-pi#4098; gpustack/gpustack#3324",
    ),
    (
        "grace.old_is_dead",
        "An owner that was quiet for long is not asked whether it lives.",
        "the lockers' grace_lock, which asks after the grace",
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
        "token.admits_lower",
        "A resource keeps the number of whoever came last, and a late holder comes last.",
        "Kleppmann (2016): the resource has to refuse a token lower than one that it has seen",
    ),
    (
        "token.gone_is_admitted",
        "Two come at once; one moves the number, and the other finds it gone and takes itself for admitted.",
        "POSIX, rename(): ENOENT says that the name is gone, and not whereto",
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
        "mkdir_lock.reply_lost",
        "The server made the directory, forgot so, and told its maker that it is taken.",
        "RFC 1813, section 4.5; utcc.utoronto.ca/~cks/space/blog, NFSServerReplyCacheWhy",
    ),
    (
        "mkdir_lock.removed_twice",
        "A copy of the release came late, and removed the lock of the next owner.",
        "RFC 1813, section 4.5",
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
        "fair_lock.believes_names",
        "A host goes on into a directory that another has removed and made anew, and is told that its handle is stale.",
        "nfs(5), lookupcache; jj-vcs/jj#6747; the client of Linux 6.1, as adapters/nfs/README.md has it",
    ),
    (
        "two_flags.believes_names",
        "A host has looked for the other's flag before, found none, and does not ask again.",
        "nfs(5), lookupcache; commontoolsinc/labs#4642; ornladios/ADIOS2#5010",
    ),
    (
        "mkdir_lock.false_success",
        "Two make the same directory, and both are told that they did.",
        "the NFS clients of FreeBSD and DragonFly until 2007, of LINK, SYMLINK and MKDIR",
    ),
];
