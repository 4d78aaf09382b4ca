//! Where a daemon listens, and which of its locks is meant: `tcp://HOST:PORT/NAME`, the same with `tcps://` for TLS, and
//! `unix:PATH#NAME`.
//!
//! What stands for the name is the name, to its end: no character in it is written in another way, and the empty name is
//! one as well. A name that is no line of its own cannot be sent, and is refused.

use std::{
    ffi::{OsStr, OsString},
    fmt,
    os::unix::ffi::OsStrExt,
    path::PathBuf,
    str::FromStr,
};

use thiserror::Error;

/// Where a daemon listens.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Daemon {
    /// A host, by name or address, and a port.
    Tcp(String),
    /// The same by TLS, where either side shows a certificate.
    Tls(String),
    /// A unix socket.
    Unix(PathBuf),
}

/// A lock of a daemon.
///
/// ```
/// use lockwright_tcp::address::{Address, Daemon};
///
/// let address: Address = "tcp://[::1]:9999/nightly backup".parse()?;
/// assert_eq!(address.daemon, Daemon::Tcp("[::1]:9999".to_owned()));
/// assert_eq!(address.name, "nightly backup");
///
/// let address: Address = "tcps://locks.example:9999/deploy".parse()?;
/// assert_eq!(address.daemon, Daemon::Tls("locks.example:9999".to_owned()));
///
/// let address: Address = "unix:/run/glockd.sock#deploy".parse()?;
/// assert_eq!(address.daemon, Daemon::Unix("/run/glockd.sock".into()));
/// assert_eq!(address.to_string(), "unix:/run/glockd.sock#deploy");
/// # Ok::<(), lockwright_tcp::address::AddressError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    /// Who has it.
    pub daemon: Daemon,
    /// What it is called there.
    pub name: String,
}

/// Why a text is no address of a lock.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum AddressError {
    /// It begins neither with `tcp://` nor with `tcps://` nor with `unix:`.
    #[error("should begin with tcp://, tcps:// or unix:")]
    Scheme,
    /// No host and port.
    #[error("should be tcp://HOST:PORT/NAME")]
    Tcp,
    /// No path.
    #[error("should be unix:PATH#NAME")]
    Unix,
    /// A name has no line feeds, and is text.
    #[error("the name should be text in one line")]
    Name,
}

impl Address {
    /// Whether `text` is meant to be such an address, be it a wrong one.
    #[must_use]
    pub fn is_meant(text: &OsStr) -> bool {
        let text = text.as_bytes();
        text.starts_with(b"tcp://") || text.starts_with(b"tcps://") || text.starts_with(b"unix:")
    }

    /// The address that `text` is.
    ///
    /// # Errors
    ///
    /// [`AddressError`] says what is wrong with it.
    pub fn parse(text: &OsStr) -> Result<Self, AddressError> {
        let bytes = text.as_bytes();
        let plain = bytes.strip_prefix(b"tcp://").map(|rest| (rest, false));
        let by_tcp = plain.or_else(|| bytes.strip_prefix(b"tcps://").map(|rest| (rest, true)));
        if let Some((rest, is_secured)) = by_tcp {
            let text = str::from_utf8(rest).map_err(|_| AddressError::Tcp)?;
            let (host, name) = text.split_once('/').ok_or(AddressError::Tcp)?;
            let has_port = |(host, port): (&str, &str)| !host.is_empty() && port.parse::<u16>().is_ok();
            if !host.rsplit_once(':').is_some_and(has_port) {
                return Err(AddressError::Tcp);
            }
            let daemon = if is_secured { Daemon::Tls } else { Daemon::Tcp };
            return Ok(Self { daemon: daemon(host.to_owned()), name: checked(name)? });
        }
        let rest = bytes.strip_prefix(b"unix:").ok_or(AddressError::Scheme)?;
        let at = rest.iter().position(|byte| *byte == b'#').ok_or(AddressError::Unix)?;
        let (path, name) = (&rest[..at], &rest[at + 1..]);
        if path.is_empty() || path.contains(&0) {
            return Err(AddressError::Unix);
        }
        let name = str::from_utf8(name).map_err(|_| AddressError::Name)?;
        Ok(Self { daemon: Daemon::Unix(OsStr::from_bytes(path).into()), name: checked(name)? })
    }

    /// The address as it is typed.
    #[must_use]
    pub fn to_os_string(&self) -> OsString {
        match &self.daemon {
            Daemon::Tcp(_) | Daemon::Tls(_) => format!("{}/{}", self.daemon, self.name).into(),
            Daemon::Unix(path) => {
                let mut text = OsString::from("unix:");
                text.push(path);
                text.push("#");
                text.push(&self.name);
                text
            }
        }
    }
}

fn checked(name: &str) -> Result<String, AddressError> {
    if name.contains(['\n', '\r', '\0']) {
        return Err(AddressError::Name);
    }
    Ok(name.to_owned())
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        Self::parse(text.as_ref())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_os_string().display().fmt(f)
    }
}

impl fmt::Display for Daemon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(host) => write!(f, "tcp://{host}"),
            Self::Tls(host) => write!(f, "tcps://{host}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_address_is_told_why() {
        for (text, error) in [
            ("deploy.lock", AddressError::Scheme),
            ("http://host:1/name", AddressError::Scheme),
            ("tcp://host:1", AddressError::Tcp),
            ("tcp://host/name", AddressError::Tcp),
            ("tcps://host:1", AddressError::Tcp),
            ("tcp://:9999/name", AddressError::Tcp),
            ("tcp://host:70000/name", AddressError::Tcp),
            ("unix:/path", AddressError::Unix),
            ("unix:#name", AddressError::Unix),
            ("unix:/path#two\nlines", AddressError::Name),
            ("tcp://host:1/two\rlines", AddressError::Name),
        ] {
            assert_eq!(text.parse::<Address>(), Err(error), "{text}");
        }
    }

    #[test]
    fn an_address_is_written_as_it_is_read() {
        for text in ["tcp://host:1/", "tcps://host:1/a", "tcp://[::1]:9999/a/b#c d", "unix:relative#", "unix:/a b#c#d"]
        {
            assert_eq!(text.parse::<Address>().map(|address| address.to_string()), Ok(text.to_owned()));
        }
    }
}
