//! What is known to be wrong with locks on file systems, and what is known to be right: numbered, each with the protocols
//! that show it, or with the reason why none does.
//!
//! The numbers are for reference and stay what they are.

/// A protocol that people have written, known to be bad or good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its number in its list.
    pub number: u8,
    /// What it does, in one line.
    pub what: &'static str,
    /// Where it is.
    pub shown: Shown,
}

/// Where a known protocol is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// These entries show it.
    By(&'static [&'static str]),
    /// None does, for this reason.
    Not(&'static str),
}

impl Known {
    /// Why no entry shows it; `None` where one does.
    #[must_use]
    pub const fn missing(&self) -> Option<&'static str> {
        match self.shown {
            Shown::By(_) => None,
            Shown::Not(why) => Some(why),
        }
    }
}

/// The known-bad protocols, each shown by a mutant or missing for a reason.
pub const KNOWN_BAD: [Known; 60] = [
    by(1, "looks whether the lock is stale, removes it, makes it", &["dotlock.check_then_unlink"]),
    by(2, "removes a stale directory, and makes it", &["mkdir_lock.rmdir_stale"]),
    by(3, "writes its own name over a stale one", &["file_lock.overwrites_stale"]),
    by(4, "moves a stale lock aside, to a fixed name", &["file_lock.aside_unseen"]),
    by(5, "knows by its stamp what it moved aside", &["file_lock.aside_by_stamp"]),
    not(6, "knows by its inode what it moved aside", NO_INODES),
    by(7, "puts back what it moved aside by mistake", &["file_lock.aside_and_back"]),
    by(8, "takes a lock that is being written for stale", &["dotlock.empty_is_stale"]),
    by(9, "never breaks a lock without contents", &["dotlock.empty_is_live"]),
    by(10, "takes the lock from a live owner that is slow", &["lease.unfenced"]),
    by(11, "compares the writer's clock with the reader's", &["file_lock.stamped_by_its_writer"]),
    by(12, "sleeps after a break, and has no other guard", &["file_lock.sleeps_after_break"]),
    by(13, "releases by path, whoever's it is by then", &["lease.gives_back_by_path"]),
    by(14, "looks whose it is, and releases by path", &["lease.looks_and_gives_back"]),
    by(15, "beats by making the lock anew", &["lease.heartbeat_resurrects"]),
    by(16, "does not tell the holder that a renewal failed", &["lease.renewed_unheard"]),
    by(17, "goes by a lease that began while it waited", &["lease.counted_from_the_grant", "leased.not_rechecked"]),
    by(18, "writes with no token, or with a random one", &["lease.no_token", "lease.random_token"]),
    by(19, "takes the time for a token", &["lease.stamp_token", "lease.wall_clock_token"]),
    by(20, "takes any process of that number for the owner", &["fast_lock.pid_alone"]),
    by(21, "takes its own number for its own past", &["fast_lock.my_pid_is_stale"]),
    by(22, "knows a process by its start on the wall clock", &["fast_lock.started_by_the_wall_clock"]),
    by(23, "takes an owner on another host for dead", &["fast_lock.foreign_host_is_stale"]),
    by(24, "never takes an owner from elsewhere for dead", &["fast_lock.foreign_is_never_stale"]),
    not(25, "locks a file by the kernel, and removes it on release", NO_FLOCK),
    not(26, "does not look whether the locked file is still there", NO_FLOCK),
    not(27, "empties the file when it opens it, before it is locked", NO_FLOCK),
    not(28, "tidies up lock files that can be locked", NO_FLOCK),
    by(29, "takes an error for a call without effect", &["fast_lock.error_means_no"]),
    not(30, "counts links by what the client has cached", NO_COUNT),
    by(31, "tries with a name that another has too", &["file_lock.host_is_me"]),
    by(32, "looks at the lock, not at its own file", &["file_lock.looks_at_the_lock"]),
    by(33, "waits for itself when the answer was lost", &["mkdir_lock.exists_is_held", "mkdir_lock.reply_lost"]),
    by(34, "trusts a success from a client that makes one of \"exists\"", &["mkdir_lock.false_success"]),
    by(35, "takes the lock by a rename of a file", &["file_lock.rename_over"]),
    by(36, "takes it by a rename over an empty directory", &["fast_lock.sign_after_move"]),
    by(37, "removes the dead one's entry, then the directory", &["mkdir_lock.kill_stale"]),
    by(38, "removes a fixed name by a call that is sent twice", &["mkdir_lock.removed_twice"]),
    by(39, "stands in line by a time read before", &["fair_lock.no_doorway"]),
    by(40, "leaves the door before it stands in line", &["fair_lock.flag_down_first", "fair_lock.line_before_door"]),
    by(41, "reads off one listing who is first", &["mkdir_lock.one_listing", "rw_lock.downgrade_by_rename"]),
    not(42, "decides by a listing that lacks what stood all the time", LISTS_ANEW),
    by(43, "parts equals by the order of a listing", &["mkdir_lock.first_listed"]),
    by(44, "looks first, and watches after", &["one_file.look_then_watch", "fair_lock.look_then_watch"]),
    by(45, "relies on being told", &["fast_lock.no_polling"]),
    not(46, "watches a mount that others change from elsewhere", NO_DEAF_WATCH),
    by(47, "watches an entry that may be gone", &["fair_lock.gone_is_waited_for"]),
    by(48, "lets the dead stand in line", &["fair_lock.dead_block_the_line"]),
    by(49, "goes on without its place in line", &["fair_lock.holds_without_ticket", "fair_lock.waits_without_ticket"]),
    by(
        50,
        "shows its file before it is written",
        &["check_bid_check.fill_after", "check_bid_check.half_read_is_error"],
    ),
    by(51, "does not look whether it could write", &["dotlock.failed_write_is_fine"]),
    by(52, "takes what it cannot read for nobody's", &["dotlock.unreadable_is_stale", "dotlock.forbidden_is_stale"]),
    by(53, "dies of finding gone what it wants gone", &["dotlock.gone_is_fatal", "check_bid_check.vanished_is_error"]),
    by(54, "publishes contents that are not durable", &["fast_lock.signed_inside"]),
    by(55, "looks for a writer, then says that it reads", &["rw_lock.look_then_register"]),
    by(56, "waits as a reader to become a writer", &["rw_lock.upgrade_in_place"]),
    by(57, "compares the server's stamp with its own clock", &["lease.stamp_against_wall_clock"]),
    not(58, "waits for a release that its cache does not show", NOT_FOR_EVER),
    by(59, "publishes a lease that nobody renews", &["lease.heartbeat_not_started"]),
    by(60, "comes again after the same time as the other", &["check_bid_check.same_backoff"]),
];

/// The known-good ones, each shown by algorithms and references that are verified or missing for a reason. They are what
/// keeps a checker from finding fault with everything.
pub const KNOWN_GOOD: [Known; 5] = [
    by(1, "an exclusive file, broken by what bears its owner's name only", &["file_lock+breaker", "fast_lock"]),
    not(2, "a link to a unique file, and its count of links, each opened anew", NO_LINKS),
    by(3, "a bakery, with a doorway", &["fair_lock"]),
    by(4, "numbered generations, the next one made exclusively, and a token", &["lease+token", "token"]),
    not(5, "a file locked by the kernel, kept, and looked at again once it is locked", NO_FLOCK),
];

const NO_INODES: &str = "no call tells a file's number, so no algorithm can go by it; file_lock.aside_by_stamp takes another \
                         thing for an identity that two files may share";
const NO_FLOCK: &str = "no call locks a file in the kernel";
const NO_COUNT: &str =
    "no call makes a link or counts them; two_flags.believes_names takes another thing that is remembered";
const LISTS_ANEW: &str = "a directory is asked about when it is opened, so that a listing has what stood all the time";
const NOT_FOR_EVER: &str = "what is remembered is answered as often as there is a budget for, and a wait outlasts that";
const NO_DEAF_WATCH: &str = "notices are lost one by one; of a mount all are lost, and fast_lock.no_polling takes one";
const NO_LINKS: &str = "no call makes a link; fast_lock moves a directory, and looks again where that failed";

const fn by(number: u8, what: &'static str, names: &'static [&'static str]) -> Known {
    Known { number, what, shown: Shown::By(names) }
}

const fn not(number: u8, what: &'static str, why: &'static str) -> Known {
    Known { number, what, shown: Shown::Not(why) }
}
