//! Where the daemon listens: at sockets that were handed over, or at those that were asked for.
//!
//! *Handed over*, as systemd does it: their number is in `LISTEN_FDS`, and their names in `LISTEN_FDNAMES`. One called `ws` or `metrics`
//! is for that; all others are for lines. Who hands over a socket has seen to who can reach it.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

use listenfd::ListenFd;
use lockwright_tcp::{
    server::{Listener, Server, Speaks},
    tls::{Files, ServerSide},
};
use tracing::{info, warn};

use crate::{
    args::PlaceArgs,
    exit::{CANNOT_CREATE, Failure, USAGE},
};

/// Opens all of them, or none.
pub(super) fn open(args: &PlaceArgs) -> Result<Vec<Listener>, Failure> {
    let tls = tls(args)?;
    let handed = handed_over().map_err(|error| Failure::new(CANNOT_CREATE, format!("LISTEN_FDS: {error}")))?;
    let mut listeners = if handed.is_empty() { asked_for(args)? } else { handed };
    if let Some(tls) = tls {
        listeners = listeners.into_iter().map(|listener| listener.secured(&tls)).collect();
    }
    if let Some(port) = args.metrics {
        listeners.push(tcp(Ipv4Addr::LOCALHOST.into(), port, Speaks::Metrics, "--metrics")?);
    }
    if listeners.iter().all(|listener| listener.speaks() == Speaks::Metrics) {
        return Err(Failure::new(USAGE, "it would listen nowhere: say --port, --ws or --unix"));
    }
    Ok(listeners)
}

/// Says where.
pub(super) fn tell(server: &Server) {
    for listener in server.listeners() {
        let speaks = listener.speaks();
        if let Some(address) = listener.tcp_address() {
            info!(%address, ?speaks, tls = listener.is_secured(), "listening");
        } else {
            info!(?speaks, "listening at a unix socket");
        }
        if listener.is_wide() && !listener.is_secured() {
            warn!("whoever can reach that port can take and see every lock");
        }
    }
}

fn asked_for(args: &PlaceArgs) -> Result<Vec<Listener>, Failure> {
    let has_ports = !args.no_port || args.ws != 0;
    if has_ports && !args.listen.is_loopback() && !args.insecure && args.tls_cert.is_none() {
        let line = format!(
            "--listen {}: whoever can reach that could take and see every lock, and so could whoever is on the way; \
             let them show certificates by --tls-cert, --tls-key and --tls-clients, forward a unix socket by ssh, or say \
             --insecure if that is meant",
            args.listen
        );
        return Err(Failure::new(USAGE, line));
    }
    let mut listeners = Vec::new();
    if !args.no_port {
        listeners.push(tcp(args.listen, args.port, Speaks::Lines, "--port")?);
    }
    if args.ws != 0 {
        listeners.push(tcp(args.listen, args.ws, Speaks::WebSocket, "--ws")?);
    }
    if let Some(path) = &args.unix {
        let failure = |error| Failure::new(CANNOT_CREATE, format!("--unix {}: {error}", path.display()));
        listeners.push(Listener::unix(path, Speaks::Lines).map_err(failure)?);
    }
    Ok(listeners)
}

/// What is shown at the ports, and who is let in there; nothing where TLS is not asked for.
pub(super) fn tls(args: &PlaceArgs) -> Result<Option<ServerSide>, Failure> {
    let files = [&args.tls_cert, &args.tls_key, &args.tls_clients].map(Clone::clone);
    let [Some(certificate), Some(key), Some(authorities)] = files else { return Ok(None) };
    let side = ServerSide::read(&Files { certificate, key, authorities }, args.tls_revoked.as_deref());
    side.map(Some).map_err(|error| Failure::new(USAGE, format!("TLS: {error}")))
}

fn tcp(address: IpAddr, port: u16, speaks: Speaks, flag: &str) -> Result<Listener, Failure> {
    let listener = Listener::tcp(SocketAddr::new(address, port), speaks);
    listener.map_err(|error| Failure::new(CANNOT_CREATE, format!("{flag} {port} at {address}: {error}")))
}

fn handed_over() -> io::Result<Vec<Listener>> {
    let names = std::env::var("LISTEN_FDNAMES").unwrap_or_default();
    let mut names = names.split(':');
    let mut handles = ListenFd::from_env();
    let mut listeners = Vec::new();
    for index in 0..handles.len() {
        let speaks = match names.next() {
            Some("ws") => Speaks::WebSocket,
            Some("metrics") => Speaks::Metrics,
            _ => Speaks::Lines,
        };
        let listener = match handles.take_tcp_listener(index) {
            Ok(Some(tcp)) => Listener::from_tcp(tcp, speaks)?,
            _ => match handles.take_unix_listener(index)? {
                Some(unix) => Listener::from_unix(unix, speaks)?,
                None => continue,
            },
        };
        listeners.push(listener);
    }
    Ok(listeners)
}
