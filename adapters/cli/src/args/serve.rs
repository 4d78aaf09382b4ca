//! What `serve` takes, and `glockd`: the flags of the original, and what is new.

use std::{net::IpAddr, path::PathBuf, time::Duration};

use clap::ValueHint;

use super::want::duration;

#[derive(Debug, clap::Args)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    pub(crate) places: PlaceArgs,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
    /// Write the process's number to this file, and keep a second daemon from starting with the same one.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) pidfile: Option<PathBuf>,
    /// Remember in this file what the next daemon has to know: the numbers that were given, and whether this one ended well.
    /// After a crash nobody is granted a lock for a while but those who had it. Without it, a daemon that comes after a crash
    /// may grant what others believe they hold.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) state: Option<PathBuf>,
    /// Who may hold and look at which locks: a file with lines as `dns:ci.example.org hold build/*`. WHO is `uid:N`, who comes by
    /// a unix socket; `dns:NAME` or `uri:NAME`, whose certificate has this alternative name; `cert`, any certificate; `tcp`,
    /// who comes by TCP without TLS; `anyone`. Then `hold` or `look`, and a name, or the beginning of names and `*`. What no line
    /// allows is answered `0 Not Allowed`. Without it, whoever can connect may all. On SIGHUP this file is read again, and so are
    /// those of TLS: who is there already then goes by what is new, and is closed where nothing is allowed to it.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) rules: Option<PathBuf>,
    /// How the old commands are answered: `1 Got Lock`, or as later versions did, `1 Lock Get Success: NAME`.
    #[arg(long, value_name = "HOW", value_enum, default_value = "words")]
    pub(crate) replies: Replies,
    /// Let clients name themselves: `iam`, `who`.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value = "true", default_missing_value = "true")]
    pub(crate) registry: bool,
    /// Tell clients who holds what: `d`, `sd`, `dump`.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value = "true", default_missing_value = "true")]
    pub(crate) dump: bool,
    /// Log who comes and goes.
    #[arg(short, long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true")]
    pub(crate) verbose: bool,
    /// How the log is written, to standard error.
    #[arg(long, value_name = "FORM", value_enum, default_value = "text")]
    pub(crate) log: LogForm,
}

/// Where it can be reached. Sockets that are handed over, as systemd does it, take the place of all of them.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct PlaceArgs {
    /// The TCP port; 0 for one that is free, which the log tells.
    #[arg(long, value_name = "PORT", default_value_t = 9999)]
    pub(crate) port: u16,
    /// No TCP port at all.
    #[arg(long, conflicts_with = "port")]
    pub(crate) no_port: bool,
    /// The port for WebSocket; 0 for none.
    #[arg(long, value_name = "PORT", default_value_t = 9998)]
    pub(crate) ws: u16,
    /// A unix socket, for this user alone.
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub(crate) unix: Option<PathBuf>,
    /// The address of the ports. One that other hosts can reach needs the files of TLS, or --insecure.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub(crate) listen: IpAddr,
    /// Speak TLS at the ports, and show this certificate: in PEM, with those between it and its authority.
    #[arg(long, value_name = "FILE", requires_all = ["tls_key", "tls_clients"], value_hint = ValueHint::FilePath)]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The private key of that certificate.
    #[arg(long, value_name = "FILE", requires = "tls_cert", value_hint = ValueHint::FilePath)]
    pub(crate) tls_key: Option<PathBuf>,
    /// Let in only who shows a certificate of one of the authorities in this file.
    #[arg(long, value_name = "FILE", requires = "tls_cert", value_hint = ValueHint::FilePath)]
    pub(crate) tls_clients: Option<PathBuf>,
    /// Let in nobody whose certificate is in this file: lists of revoked ones in PEM, one of each authority. Nobody is let in whose
    /// authority has none there, or an outdated one.
    #[arg(long, value_name = "FILE", requires = "tls_clients", value_hint = ValueHint::FilePath)]
    pub(crate) tls_revoked: Option<PathBuf>,
    /// Let anybody who can reach the ports take and see every lock: nothing is encrypted, and nobody asked who it is.
    #[arg(long)]
    pub(crate) insecure: bool,
    /// Pages of this origin may connect by WebSocket from a browser. The default is none; programs that name none may.
    #[arg(long, value_name = "ORIGIN")]
    pub(crate) ws_origin: Vec<String>,
    /// Figures for Prometheus, by HTTP, at this port of 127.0.0.1.
    #[arg(long, value_name = "PORT")]
    pub(crate) metrics: Option<u16>,
}

/// What it allows.
#[derive(Debug, clap::Args)]
pub(crate) struct LimitArgs {
    /// How many may be connected at once.
    #[arg(long, value_name = "N", default_value_t = 20_000)]
    pub(crate) connections: usize,
    /// How many locks each may hold.
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    pub(crate) locks_each: usize,
    /// How many may wait at once.
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub(crate) waiters: usize,
    /// How long a line may be, in bytes.
    #[arg(long, value_name = "N", default_value_t = 4096)]
    pub(crate) line: usize,
    /// How long the rest of a line may take.
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = duration)]
    pub(crate) line_time: Duration,
    /// How long a client may not take what it is answered.
    #[arg(long, value_name = "DURATION", default_value = "15s", value_parser = duration)]
    pub(crate) stalled: Duration,
    /// Close a client that holds nothing, waits for nothing and says nothing for so long. The default is not to.
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) idle: Option<Duration>,
    /// Take a client that said `hello`, as `lockwright run` does, for gone when it gives no sign of life for so long: whole seconds,
    /// 2s to 1h. Whoever holds a lock stops what it runs before that.
    #[arg(long, value_name = "DURATION", default_value = "15s", value_parser = silence)]
    pub(crate) silence: Duration,
    /// With --state, after a crash: for how long nobody is granted a lock but those who had it. Longer than --silence.
    #[arg(long, value_name = "DURATION", default_value = "20s", value_parser = duration)]
    pub(crate) grace: Duration,
}

/// In which words the old commands are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Replies {
    /// As the first versions did
    Words,
    /// As later versions did, with the lock's name
    Named,
}

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum LogForm {
    /// Lines for people
    Text,
    /// One JSON object a line
    Json,
}

fn silence(text: &str) -> Result<Duration, String> {
    let silence = duration(text)?;
    if silence.subsec_nanos() == 0 && (2..=3600).contains(&silence.as_secs()) {
        return Ok(silence);
    }
    Err("should be whole seconds, 2s to 1h".to_owned())
}
