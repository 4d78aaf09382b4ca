//! Addresses of directories on servers, as people write them: `nfs://host[:port]/path`.

use std::{fmt, str::FromStr};

/// Where a directory is: a host, perhaps a port, and the path on the server, which begins with `/`.
///
/// With a port, both programs that are spoken to (MOUNT and NFS) are expected there. Without one the host's port mapper
/// is asked for theirs, as `mount` does.
///
/// ```
/// use lockwright_nfs::Address;
///
/// let address: Address = "nfs://files.example:2049/export/locks".parse()?;
/// assert_eq!((address.host.as_str(), address.port), ("files.example", Some(2049)));
/// assert_eq!(address.path, "/export/locks");
/// assert_eq!(address.to_string(), "nfs://files.example:2049/export/locks");
/// assert!("files.example:/export".parse::<Address>().is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    /// A name, an IPv4 address, or an IPv6 address without its brackets.
    pub host: String,
    /// The port of both programs, or none to ask the port mapper.
    pub port: Option<u16>,
    /// The path on the server, from `/`.
    pub path: String,
}

/// Why a text is no [`Address`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It does not begin as one.
    #[error("an address begins with `nfs://`")]
    Scheme,
    /// There is no host.
    #[error("the host is missing: nfs://HOST/PATH")]
    Host,
    /// What stands behind the host's colon is no port.
    #[error("a port is a number from 1 to 65535")]
    Port,
    /// There is no path.
    #[error("the path is missing: nfs://HOST/PATH")]
    Path,
    /// A path leads out of where it says it is, or holds what no name can hold.
    #[error("a path on a server has no `..`, `?` or NUL in it")]
    Forbidden,
}

impl Address {
    /// What every address begins with.
    pub const SCHEME: &str = "nfs://";

    /// The address of the directory around this entry, and the entry's name; `None` for the root of the server.
    #[must_use]
    pub fn split_last(&self) -> Option<(Self, &str)> {
        let (dir, name) = self.path.trim_end_matches('/').rsplit_once('/')?;
        let path = if dir.is_empty() { "/" } else { dir };
        Some((Self { path: path.to_owned(), ..self.clone() }, name))
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let rest = text.strip_prefix(Self::SCHEME).ok_or(AddressError::Scheme)?;
        let (place, path) = rest.find('/').map(|at| rest.split_at(at)).ok_or(AddressError::Path)?;
        let (host, port) = match place.strip_prefix('[') {
            Some(bracketed) => bracketed.split_once(']').ok_or(AddressError::Host)?,
            None => place.find(':').map_or((place, ""), |at| place.split_at(at)),
        };
        if host.is_empty() {
            return Err(AddressError::Host);
        }
        let port = match port {
            "" => None,
            port => {
                let number = port.strip_prefix(':').and_then(|port| port.parse().ok());
                Some(number.filter(|port| *port > 0).ok_or(AddressError::Port)?)
            }
        };
        // A question mark begins what other clients take for options; here it would be taken for a name.
        if path.contains(['?', '\0']) || path.split('/').any(|name| name == "..") {
            return Err(AddressError::Forbidden);
        }
        Ok(Self { host: host.to_owned(), port, path: path.to_owned() })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port, path } = self;
        let (open, close) = if host.contains(':') { ("[", "]") } else { ("", "") };
        write!(f, "{}{open}{host}{close}", Self::SCHEME)?;
        if let Some(port) = port {
            write!(f, ":{port}")?;
        }
        f.write_str(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_written_as_it_was_read() {
        for text in
            ["nfs://a/b", "nfs://a:1/b/c", "nfs://[::1]:65535/", "nfs://[fe80::1]/x.lock", "nfs://10.0.0.1/a b/"]
        {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_address_says_why() {
        for (text, why) in [
            ("/local/path", AddressError::Scheme),
            ("http://a/b", AddressError::Scheme),
            ("nfs://a", AddressError::Path),
            ("nfs:///b", AddressError::Host),
            ("nfs://:2049/b", AddressError::Host),
            ("nfs://[::1/b", AddressError::Host),
            ("nfs://a:/b", AddressError::Port),
            ("nfs://a:0/b", AddressError::Port),
            ("nfs://a:65536/b", AddressError::Port),
            ("nfs://[::1]x/b", AddressError::Port),
            ("nfs://a/b/../c", AddressError::Forbidden),
            ("nfs://a/b?port=1", AddressError::Forbidden),
        ] {
            assert_eq!(text.parse::<Address>(), Err(why), "{text}");
        }
    }

    #[test]
    fn an_entry_stands_in_the_directory_around_it() {
        let split = |text: &str| {
            let address: Address = text.parse().unwrap();
            address.split_last().map(|(dir, name)| (dir.to_string(), name.to_owned()))
        };
        let of = |dir: &str, name: &str| Some((dir.to_owned(), name.to_owned()));
        assert_eq!(split("nfs://a/b/c.lock"), of("nfs://a/b", "c.lock"));
        assert_eq!(split("nfs://a/c.lock/"), of("nfs://a/", "c.lock"));
        assert_eq!(split("nfs://a/"), None);
    }
}
