//! One client of one export: finding the server, mounting, and making calls one after the other.

use std::{
    fmt,
    future::Future,
    net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs},
    pin::pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    task::{Context, Poll, Waker},
    thread,
    time::{Duration, Instant},
};

use lockwright_kernel::fs::FsError;
use nfs3_client::{
    MountClient, MountError, Nfs3Client, PortmapError, PortmapperClient, RpcError,
    nfs3_types::{
        mount::{self, dirpath, mountstat3},
        nfs3::{self, Nfs3Result, nfs_fh3, nfsstat3},
        portmap::{IPPROTO_TCP, PMAP_PORT},
        rpc::{auth_unix, opaque_auth},
        xdr_codec::Opaque,
    },
};

use crate::{
    address::Address,
    line::{Line, Patience},
    status,
};

/// The groups that a credential has room for (RFC 5531, appendix A).
const GROUPS_MAX: usize = 16;

/// How long one of a host's addresses may take to let itself be connected to, where there is another.
const GREETING: Duration = Duration::from_secs(2);

/// How long a server that is busy (`NFS3ERR_JUKEBOX`) is left alone.
const BUSY_PAUSE: Duration = Duration::from_millis(100);

/// Why an export cannot be used. Nothing was changed on the server.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The host's name says no address.
    #[error("the host {host} is not known: {why}")]
    Unknown {
        /// The name as it was given.
        host: String,
        /// What the system said.
        why: std::io::Error,
    },
    /// No answer, or none that can be understood.
    #[error("{server}: {why}")]
    Unreachable {
        /// Where an answer was expected from.
        server: SocketAddr,
        /// What was wrong.
        why: String,
    },
    /// The server does not let this client have the directory, or has none by that name.
    #[error("the server refuses {path}: {status}")]
    Refused {
        /// The path on the server.
        path: String,
        /// The status of its reply.
        status: &'static str,
    },
    /// What stands at the path cannot be a root.
    #[error("{path} on the server: {why}")]
    Unusable {
        /// The path on the server.
        path: String,
        /// What is wrong with it.
        why: FsError,
    },
}

/// A call that the server refused, or that got no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) fact: FsError,
    /// The call was sent more than once, so what was refused may be a second execution, after a first that went well.
    pub(crate) is_repeated: bool,
}

impl Failure {
    /// What can be said of a call that changes something.
    pub(crate) fn of_change(self) -> FsError {
        if self.is_repeated { FsError::Io } else { self.fact }
    }
}

/// A client, shared by the clones of what it serves; one call is under way at a time.
#[derive(Clone)]
pub(crate) struct Session {
    client: Arc<Mutex<Nfs3Client<Line>>>,
    sendings: Arc<AtomicU32>,
    patience: Patience,
}

impl Session {
    /// A client for the export at `address`, the handle that its server gave, and what of the path lies below that.
    pub(crate) fn open(address: &Address, patience: Patience) -> Result<(Self, nfs_fh3, Vec<String>), OpenError> {
        let server = resolve(address, address.port.unwrap_or(PMAP_PORT))?;
        let auth = credential();
        let program = |program, version| match address.port {
            Some(port) => Ok(SocketAddr::new(server, port)),
            None => port_of(SocketAddr::new(server, PMAP_PORT), program, version, patience),
        };
        let at = program(mount::PROGRAM, mount::VERSION)?;
        let line = Line::new(at, patience);
        let mut mounter = MountClient::new_with_auth(line, auth.clone(), opaque_auth::default());
        let (root, below) = mount(&mut mounter, at, &address.path)?;
        let at = program(nfs3::PROGRAM, nfs3::VERSION)?;
        let line = Line::new(at, patience);
        let sendings = line.sendings();
        let client = Nfs3Client::new_with_auth(line, auth, opaque_auth::default());
        Ok((Self { client: Arc::new(Mutex::new(client)), sendings, patience }, root, below))
    }

    /// Makes a call, and makes it anew while the server says that it is too busy to begin with it.
    pub(crate) fn call<T, E>(
        &self,
        mut make: impl AsyncFnMut(&mut Nfs3Client<Line>) -> Result<Nfs3Result<T, E>, RpcError>,
    ) -> Result<T, Failure> {
        let end = Instant::now() + self.patience.whole;
        let mut is_repeated = false;
        loop {
            // A call that panicked half-way leaves nothing that the next one could stumble over.
            let mut client = self.client.lock().unwrap_or_else(PoisonError::into_inner);
            let answer = done(make(&mut client));
            is_repeated |= self.sendings.load(Ordering::Relaxed) > 1;
            drop(client);
            let fact = match answer {
                Ok(Nfs3Result::Ok(value)) => return Ok(value),
                Ok(Nfs3Result::Err((nfsstat3::NFS3ERR_JUKEBOX, _))) if Instant::now() < end => {
                    thread::sleep(BUSY_PAUSE);
                    continue;
                }
                Ok(Nfs3Result::Err((status, _))) => status::fact(status),
                Err(error) => status::refusal(&error),
            };
            return Err(Failure { fact, is_repeated });
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("patience", &self.patience).finish_non_exhaustive()
    }
}

/// The host's address; of several the first that lets itself be connected to at `port`, as `localhost` may be two and the server
/// be at one of them.
fn resolve(address: &Address, port: u16) -> Result<IpAddr, OpenError> {
    let unknown = |why| OpenError::Unknown { host: address.host.clone(), why };
    let found: Vec<_> = (address.host.as_str(), port).to_socket_addrs().map_err(unknown)?.collect();
    let listens = |at: &&SocketAddr| found.len() == 1 || TcpStream::connect_timeout(at, GREETING).is_ok();
    let at = found.iter().find(listens).or(found.first());
    at.map(SocketAddr::ip).ok_or_else(|| unknown(std::io::ErrorKind::NotFound.into()))
}

/// Asks the port mapper of the server (RFC 1833 section 3).
fn port_of(mapper: SocketAddr, program: u32, version: u32, patience: Patience) -> Result<SocketAddr, OpenError> {
    let mut client = PortmapperClient::new(Line::new(mapper, patience));
    match done(client.getport(program, version, IPPROTO_TCP)) {
        Ok(port) => Ok(SocketAddr::new(mapper.ip(), port)),
        Err(error @ PortmapError::ProgramUnavailable) => {
            Err(OpenError::Unreachable { server: mapper, why: format!("program {program}: {error}") })
        }
        Err(error) => Err(OpenError::Unreachable { server: mapper, why: error.to_string() }),
    }
}

/// Mounts the longest part of `path` that the server exports. Some servers mount exports only, others what is below them.
fn mount(mounter: &mut MountClient<Line>, server: SocketAddr, path: &str) -> Result<(nfs_fh3, Vec<String>), OpenError> {
    let names: Vec<&str> = path.split('/').filter(|name| !name.is_empty()).collect();
    let mut refused = None;
    for kept in (0..=names.len()).rev() {
        let export = format!("/{}", names[..kept].join("/"));
        match done(mounter.mnt(dirpath(Opaque::borrowed(export.as_bytes())))) {
            Ok(answer) => {
                let below = names[kept..].iter().copied().map(str::to_owned).collect();
                return Ok((nfs_fh3 { data: answer.fhandle.0 }, below));
            }
            Err(MountError::Denied(status)) => {
                refused.get_or_insert(status);
            }
            Err(MountError::Rpc(error)) => return Err(OpenError::Unreachable { server, why: error.to_string() }),
        }
    }
    let status = refused.map_or("no reason", told);
    Err(OpenError::Refused { path: path.to_owned(), status })
}

fn told(status: mountstat3) -> &'static str {
    match status {
        mountstat3::MNT3ERR_NOENT => "no such directory",
        mountstat3::MNT3ERR_NOTDIR => "not a directory",
        mountstat3::MNT3ERR_ACCES | mountstat3::MNT3ERR_PERM => "permission denied",
        mountstat3::MNT3ERR_NAMETOOLONG => "the path is too long",
        mountstat3::MNT3ERR_NOTSUPP => "not supported",
        _ => "an error of the server",
    }
}

/// The caller, as servers want to be told of it (`AUTH_SYS`).
fn credential() -> opaque_auth<'static> {
    let groups = rustix::process::getgroups().unwrap_or_default();
    opaque_auth::auth_unix(&auth_unix {
        stamp: std::process::id(),
        machinename: Opaque::owned(rustix::system::uname().nodename().to_bytes().to_vec()),
        uid: rustix::process::geteuid().as_raw(),
        gid: rustix::process::getegid().as_raw(),
        gids: groups.iter().take(GROUPS_MAX).map(|group| group.as_raw()).collect(),
    })
}

/// The value of a future that does not wait: those of a client on a [`Line`].
fn done<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("a line never answers that it is pending"),
    }
}
