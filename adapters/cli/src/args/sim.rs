//! What `sim` takes.

use std::net::SocketAddr;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum SimCommand {
    /// Serve an empty tree in memory over NFS version 3, and lose, delay and repeat what passes.
    ///
    /// Prints the address as soon as clients can come, `nfs://HOST:PORT/`, and when it is ended what happened. MOUNT and NFS
    /// are served at one port, without a port mapper. To mount it: `mount -t nfs -o vers=3,nolock,tcp,port=PORT,mountport=PORT
    /// HOST:/ DIR`. Whoever can reach the port may do everything in the tree.
    ///
    /// Each number N is of a thousand NFS calls, drawn from the seed. A call that is sent again is drawn again.
    ///
    /// Exit code 0: ended by SIGINT, SIGTERM or SIGHUP; 64: more than a thousand of a thousand; 73: the port cannot be had.
    #[command(after_long_help = super::examples::SERVE_NFS)]
    ServeNfs(ServeNfsArgs),
}

#[derive(Debug, clap::Args)]
pub(crate) struct ServeNfsArgs {
    /// Where to listen. Port 0 leaves the port to the system.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:0")]
    pub(crate) at: SocketAddr,
    /// What chance begins with.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
    /// Calls that never arrive, and break their connection.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) lose_calls: u32,
    /// Calls that are executed, and whose connection breaks before the reply.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) lose_replies: u32,
    /// Calls whose connection breaks somewhere in the reply.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) cut_replies: u32,
    /// Calls whose reply is late.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) delay_replies: u32,
    /// By how much it is, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 100)]
    pub(crate) delay: u64,
    /// Calls that are executed a second time, later.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) repeat: u32,
    /// Calls that break their connection and are executed later only.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) late: u32,
    /// Later: after so many other calls.
    #[arg(long, value_name = "CALLS", default_value_t = 20)]
    pub(crate) after: u64,
    /// Calls that find the server restarted: every connection breaks.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) restart: u32,
    /// What becomes of the replies to calls that change something, by which those are known that are sent again.
    #[arg(long, value_name = "FATE", default_value = "forget")]
    pub(crate) replies: KeptReplies,
}

/// What becomes of replies.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum KeptReplies {
    /// They outlive restarts.
    Keep,
    /// A restart forgets them.
    Forget,
    /// None is kept: what is sent again is executed again.
    None,
}
