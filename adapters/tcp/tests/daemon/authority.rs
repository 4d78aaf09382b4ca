//! Somebody who vouches for a daemon and its clients, and the end of TLS that is not the library's own.

use std::{
    fs,
    net::{SocketAddr, TcpStream},
    path::PathBuf,
    sync::Arc,
};

use lockwright_tcp::{
    server::Settings,
    tls::{ClientSide, Files, ServerSide},
};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, IsCa, Issuer, KeyIdMethod, KeyPair,
    RevokedCertParams, SanType, SerialNumber, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use tempfile::TempDir;

use super::stage::{Daemon, PATIENCE};

/// Somebody who vouches for others.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    dir: TempDir,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new([]).expect("it goes well");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("it goes well");
        let dir = tempfile::tempdir().expect("it goes well");
        let certificate = params.self_signed(&key).expect("it goes well");
        fs::write(dir.path().join("authority"), certificate.pem()).expect("room");
        Self { issuer: Issuer::new(params, key), dir }
    }

    /// A file that lists the certificates of those with these names as revoked, good until that year.
    pub(crate) fn list(&self, revoked: &[&str], until: i32) -> PathBuf {
        let entry = |name: &&str| RevokedCertParams {
            serial_number: serial(&[name]),
            revocation_time: date_time_ymd(2020, 1, 1),
            reason_code: None,
            invalidity_date: None,
        };
        let list = CertificateRevocationListParams {
            this_update: date_time_ymd(2020, 1, 1),
            next_update: date_time_ymd(until, 1, 1),
            crl_number: 1_u64.into(),
            issuing_distribution_point: None,
            revoked_certs: revoked.iter().map(entry).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let place = self.dir.path().join(format!("revoked {until} {}", revoked.len()));
        let pem = list.signed_by(&self.issuer).and_then(|list| list.pem());
        fs::write(&place, pem.expect("it goes well")).expect("room");
        place
    }

    /// The files of somebody with these names, who trusts this authority's own.
    pub(crate) fn files(&self, dns: &[&str], uri: &[&str]) -> Files {
        let mut params = CertificateParams::new(dns.iter().map(|&name| name.to_owned()).collect::<Vec<_>>());
        if let Ok(params) = &mut params {
            params.subject_alt_names.extend(uri.iter().map(|&uri| SanType::URI(uri.try_into().expect("ASCII"))));
        }
        if let Ok(params) = &mut params {
            params.serial_number = Some(serial(dns));
        }
        let key = KeyPair::generate().expect("it goes well");
        let certificate = params.and_then(|params| params.signed_by(&key, &self.issuer)).expect("it goes well");
        let place = |kind: &str| self.dir.path().join(format!("{kind} {}", dns.concat()));
        fs::write(place("certificate"), certificate.pem()).expect("room");
        fs::write(place("key"), key.serialize_pem()).expect("room");
        Files { certificate: place("certificate"), key: place("key"), authorities: self.dir.path().join("authority") }
    }

    /// A daemon that lets in those whom this authority vouches for.
    pub(crate) fn daemon(&self, settings: Settings) -> Daemon {
        let side = ServerSide::read(&self.files(&["localhost", "127.0.0.1"], &[]), None).expect("files");
        Daemon::secured(settings, Some(&side))
    }

    pub(crate) fn client(&self, name: &str) -> ClientSide {
        ClientSide::read(&self.files(&[name], &["spiffe://test/some"])).expect("files")
    }
}

/// The number of the certificate of somebody with these names.
fn serial(dns: &[&str]) -> SerialNumber {
    dns.concat().into_bytes().into()
}

/// A stream that is not the library's.
pub(crate) fn open(at: SocketAddr, files: &Files) -> rustls::StreamOwned<rustls::ClientConnection, TcpStream> {
    let mut authorities = rustls::RootCertStore::empty();
    authorities.add(CertificateDer::from_pem_file(&files.authorities).expect("a file")).expect("an authority");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.expect("versions").with_root_certificates(authorities).with_client_auth_cert(
        vec![CertificateDer::from_pem_file(&files.certificate).expect("a file")],
        PrivateKeyDer::from_pem_file(&files.key).expect("a file"),
    );
    let name = "localhost".try_into().expect("a name");
    let session = rustls::ClientConnection::new(Arc::new(config.expect("they fit")), name).expect("it goes well");
    let tcp = TcpStream::connect(at).expect("it listens");
    tcp.set_read_timeout(Some(PATIENCE)).expect("it goes well");
    tcp.set_nodelay(true).expect("it goes well");
    rustls::StreamOwned::new(session, tcp)
}
