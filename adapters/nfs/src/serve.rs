//! A server that loses, delays and repeats: what networks and servers do to a client now and then, done at will.
//!
//! ```text
//! client -- TCP --> the wire, which does the damage --> nfs3_server --> a tree in memory
//!                                                   \-> or another server
//! ```
//!
//! [`Server::start`] serves an empty tree in memory; [`Server::before`] stands before a server that is there already. The
//! damage is done to records as they pass, so both get the same of it. What the wire may do is a [`Fault`], when it does it
//! a [`Plan`]: for each kind so many calls in a thousand, drawn from a seed, or named calls.
//!
//! With a plan from a seed, the same calls one after the other meet the same faults. Among several clients the order of
//! their calls is up to the system.
//!
//! ```
//! use lockwright_kernel::fs::{Fs, FsError};
//! use lockwright_nfs::{NfsFs, serve::{Fault, Plan, Procedure, Server}};
//!
//! // The reply to the first MKDIR is lost, and the server keeps no replies: the second execution is refused.
//! let plan = Plan::none().and(Procedure::Mkdir, 1, Fault::LoseReply).without_replies();
//! let server = Server::start("127.0.0.1:0", plan)?;
//! let fs = NfsFs::open(server.address())?;
//! assert_eq!(fs.create_dir(&"d".parse()?), Err(FsError::Io));
//! assert!(fs.exists(&"d".parse()?)?);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::{
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
};

use nfs3_server::tcp::{NFSTcp, NFSTcpListener};
use tokio::runtime::{Builder, Runtime};

use crate::Address;

mod call;
mod gate;
mod handles;
mod plan;
mod replies;
mod tree;
mod wire;

pub use call::Procedure;
use gate::Gate;
pub use gate::{Copied, Held};
pub use plan::{Fault, Figures, Plan};
use tree::Tree;
use wire::Wire;

/// The generation of all file handles: they stay good when a server is started again.
const GENERATION: u64 = 1;

/// Where the two programs of a server are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Programs {
    pub(crate) mount: SocketAddr,
    pub(crate) nfs: SocketAddr,
    /// Whether it takes RMDIR for REMOVE, and so has to be told them apart by the name.
    pub(crate) is_ours: bool,
}

/// A server that runs until it is dropped.
#[derive(Debug)]
pub struct Server {
    address: Address,
    wire: Arc<Wire>,
    /// What runs the server behind the wire, if that is this process.
    _runtime: Option<Runtime>,
}

impl Server {
    /// Serves an empty tree in memory at `at`, such as `127.0.0.1:0` for a port that the system chooses; MOUNT and NFS at
    /// the same port, without a port mapper. Whoever can reach it may do everything.
    ///
    /// # Errors
    ///
    /// Those of listening at that place, and of starting a thread.
    pub fn start(at: &str, plan: Plan) -> io::Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let bound = NFSTcpListener::bind_with_generation("127.0.0.1:0", Tree::default(), GENERATION);
        let server = runtime.block_on(bound)?;
        let behind = SocketAddr::new(server.get_listen_ip(), server.get_listen_port());
        runtime.spawn(async move { server.handle_forever().await });
        let programs = Programs { mount: behind, nfs: behind, is_ours: true };
        Self::at(TcpListener::bind(at)?, programs, "/", plan, Some(runtime))
    }

    /// Stands, at a port of the system's choice on the loopback, before a server whose programs are at `mount` and `nfs`,
    /// and which exports `path`.
    ///
    /// # Errors
    ///
    /// Those of listening, and of starting a thread.
    pub fn before(mount: SocketAddr, nfs: SocketAddr, path: &str, plan: Plan) -> io::Result<Self> {
        let programs = Programs { mount, nfs, is_ours: false };
        Self::at(TcpListener::bind("127.0.0.1:0")?, programs, path, plan, None)
    }

    fn at(
        listener: TcpListener,
        programs: Programs,
        path: &str,
        plan: Plan,
        runtime: Option<Runtime>,
    ) -> io::Result<Self> {
        let at = listener.local_addr()?;
        let address = Address { host: at.ip().to_string(), port: Some(at.port()), path: path.to_owned() };
        let wire = Wire::start(listener, programs, plan)?;
        Ok(Self { address, wire, _runtime: runtime })
    }

    /// Where clients find it.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// What happened so far.
    #[must_use]
    pub fn figures(&self) -> Figures {
        self.wire.figures()
    }

    /// What a restart does to clients: every connection is cut, and the replies are forgotten unless the plan keeps them.
    /// The tree stays, and so do the handles.
    pub fn restart(&self) {
        self.wire.restart();
    }

    /// From now on each call that changes something is handed to `tell`, and waits until that has been decided about. The
    /// plan is asked about the others only.
    pub fn hold(&self, tell: impl Fn(Held) + Send + Sync + 'static) {
        self.wire.hold(Gate::new(tell));
    }

    /// From now on nothing goes wrong, and what the plan has put off is executed now.
    pub fn calm(&self) {
        self.wire.calm();
    }

    /// Executes now what the plan has put off.
    pub fn flush(&self) {
        self.wire.flush();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.wire.stop();
    }
}
