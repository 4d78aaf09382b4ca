//! TLS with certificates on both sides: who may connect at all, and who it is.
//!
//! The daemon shows a certificate, and lets in nobody who has none of an authority that it was given. A client has its own
//! certificate, and takes the daemon for the one it means where that certificate has the name it connects to. Both speak
//! version 1.3 and nothing older; no session is resumed, so each connection shows its certificates anew.
//!
//! *An end that is not signed is no end.* Whoever closes says so in TLS, and then it is gone, and knows. A connection that
//! ends without that word may have been cut by somebody on the way, so the daemon takes it for a
//! [loss](lockwright_kernel::glockd::Glockd::handle_loss). A client that was killed said nothing either: what it held under
//! `hello` comes free when the daemon misses its sign of life.
//!
//! *Who is let in no more.* A certificate that is in a list of revoked ones is refused, and so is every certificate of an authority
//! of which there is no list, or an outdated one, once there are lists at all: what was not asked is not known. A connection
//! that is there already is looked at again when the daemon [reloads](crate::server::Renewed), and at no other time: until
//! then it outlasts its certificate. A client asks for no lists.

mod stream;

use std::{
    env, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    client::Resumption,
    crypto::{CryptoProvider, ring},
    pki_types::{
        CertificateDer, CertificateRevocationListDer, PrivateKeyDer, UnixTime,
        pem::{self, PemObject},
    },
    server::{NoServerSessionStorage, WebPkiClientVerifier, danger::ClientCertVerifier},
};
use thiserror::Error;

pub(crate) use stream::Stream;

/// Where a client's certificate is, unless it is told.
pub const CERTIFICATE: &str = "LOCKWRIGHT_TLS_CERT";
/// Where its private key is.
pub const KEY: &str = "LOCKWRIGHT_TLS_KEY";
/// Where the certificates of the authorities are whose daemons it trusts.
pub const AUTHORITIES: &str = "LOCKWRIGHT_TLS_CA";

/// The files of one side, all in PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    /// Its certificate, and those between it and an authority.
    pub certificate: PathBuf,
    /// The private key of that certificate.
    pub key: PathBuf,
    /// The certificates of the authorities that vouch for the other side.
    pub authorities: PathBuf,
}

/// Why there is no TLS to be had from some files.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read, or does not hold what it should.
    #[error("{}: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        error: pem::Error,
    },
    /// A file has no list of revoked certificates in it.
    #[error("{}: there is no list of revoked certificates in it", .0.display())]
    NoList(PathBuf),
    /// A file has no certificate in it.
    #[error("{}: there is no certificate in it", .0.display())]
    Empty(PathBuf),
    /// The files do not go together, or an authority is none.
    #[error("{0}")]
    Misfit(#[source] rustls::Error),
    /// The authorities cannot vouch for anybody.
    #[error("the authorities: {0}")]
    Authorities(String),
    /// This variable of the environment names no file.
    #[error("{0} is not set: a client of a daemon at tcps:// shows a certificate, and knows the daemon's authority")]
    Unset(&'static str),
}

/// The daemon's side.
#[derive(Clone, Debug)]
pub struct ServerSide {
    config: Arc<ServerConfig>,
    clients: Arc<dyn ClientCertVerifier>,
}

/// A client's side.
#[derive(Clone, Debug)]
pub struct ClientSide(pub(crate) Arc<ClientConfig>);

impl ServerSide {
    /// Reads the files, once. `revoked` has the authorities' lists of certificates that are good no more, in PEM: one of each
    /// authority, that is not outdated.
    ///
    /// # Errors
    ///
    /// [`TlsError`].
    pub fn read(files: &Files, revoked: Option<&Path>) -> Result<Self, TlsError> {
        let clients = Arc::new(authorities(&files.authorities)?);
        let mut clients = WebPkiClientVerifier::builder_with_provider(clients, provider());
        if let Some(revoked) = revoked {
            clients = clients.with_crls(lists(revoked)?).enforce_revocation_expiration();
        }
        let clients = clients.build().map_err(|error| TlsError::Authorities(error.to_string()))?;
        let config = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
        let config = config.map_err(TlsError::Misfit)?.with_client_cert_verifier(Arc::clone(&clients));
        let (certificate, key) = own(files)?;
        let mut config = config.with_single_cert(certificate, key).map_err(TlsError::Misfit)?;
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(Self { config: Arc::new(config), clients })
    }

    pub(crate) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }

    /// Whether somebody would be let in now who shows these: its own, and those between it and an authority.
    pub(crate) fn vouches_for(&self, chain: &[CertificateDer<'_>]) -> bool {
        let Some((own, between)) = chain.split_first() else { return false };
        self.clients.verify_client_cert(own, between, UnixTime::now()).is_ok()
    }
}

impl ClientSide {
    /// Reads the files, once.
    ///
    /// # Errors
    ///
    /// [`TlsError`].
    pub fn read(files: &Files) -> Result<Self, TlsError> {
        let config = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
        let config = config.map_err(TlsError::Misfit)?.with_root_certificates(authorities(&files.authorities)?);
        let (certificate, key) = own(files)?;
        let mut config = config.with_client_auth_cert(certificate, key).map_err(TlsError::Misfit)?;
        config.resumption = Resumption::disabled();
        Ok(Self(Arc::new(config)))
    }

    /// Reads the files that the environment names: [`CERTIFICATE`], [`KEY`] and [`AUTHORITIES`].
    ///
    /// # Errors
    ///
    /// [`TlsError`].
    pub fn from_env() -> Result<Self, TlsError> {
        let file =
            |name| env::var_os(name).filter(|value| !value.is_empty()).map(Into::into).ok_or(TlsError::Unset(name));
        Self::read(&Files { certificate: file(CERTIFICATE)?, key: file(KEY)?, authorities: file(AUTHORITIES)? })
    }
}

impl From<TlsError> for io::Error {
    fn from(error: TlsError) -> Self {
        Self::new(io::ErrorKind::InvalidInput, error)
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn own(files: &Files) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), TlsError> {
    let certificates = certificates(&files.certificate)?;
    let key = PrivateKeyDer::from_pem_file(&files.key);
    Ok((certificates, key.map_err(|error| TlsError::File { path: files.key.clone(), error })?))
}

fn authorities(path: &Path) -> Result<RootCertStore, TlsError> {
    let mut store = RootCertStore::empty();
    for certificate in certificates(path)? {
        store.add(certificate).map_err(TlsError::Misfit)?;
    }
    Ok(store)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let wrong = |error| TlsError::File { path: path.to_owned(), error };
    let certificates = CertificateDer::pem_file_iter(path).map_err(wrong)?;
    let certificates = certificates.collect::<Result<Vec<_>, _>>().map_err(wrong)?;
    if certificates.is_empty() { Err(TlsError::Empty(path.to_owned())) } else { Ok(certificates) }
}

fn lists(path: &Path) -> Result<Vec<CertificateRevocationListDer<'static>>, TlsError> {
    let wrong = |error| TlsError::File { path: path.to_owned(), error };
    let lists = CertificateRevocationListDer::pem_file_iter(path).map_err(wrong)?;
    let lists = lists.collect::<Result<Vec<_>, _>>().map_err(wrong)?;
    if lists.is_empty() { Err(TlsError::NoList(path.to_owned())) } else { Ok(lists) }
}
