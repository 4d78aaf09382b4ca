//! Who may do what: a file of rules, by who somebody is.
//!
//! ```text
//! # WHO                    MAY    NAMES
//! uid:1000                 hold   deploy
//! dns:ci.example.org       hold   build/*
//! uri:spiffe://org/backup  hold   nightly backup
//! cert                     look   build/*
//! anyone                   look   status
//! ```
//!
//! | who | is somebody who |
//! |---|---|
//! | `uid:N` | comes by a unix socket, as a process of user N |
//! | `dns:NAME`, `uri:NAME` | comes by TLS, with a certificate that has this name among its alternative ones |
//! | `cert` | comes by TLS |
//! | `tcp` | comes by TCP without TLS |
//! | `anyone` | comes at all |
//!
//! All lines that fit somebody count, and what none of them allows is refused. `hold` allows to look as well. The names are the
//! rest of the line: one name, or with `*` at its end all that begin so. Lists of all that is held take `look *`. The
//! subject of a certificate is no name of anybody; it has been superseded by the alternative names for long.

use std::{fs, path::Path};

use lockwright_kernel::glockd::{May, Names, Right, Rights};
use rustls::pki_types::CertificateDer;
use thiserror::Error;
use webpki::EndEntityCert;

/// The rules of a daemon.
///
/// ```
/// use lockwright_tcp::server::Rules;
///
/// assert!(Rules::parse("uid:1000 hold build/*\n").is_ok());
/// assert_eq!(Rules::parse("# so\nann hold x\n").unwrap_err().to_string(), "line 2: who is `ann`?");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules(Vec<Rule>);

/// What is wrong with a file of rules.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RulesError {
    /// It cannot be read.
    #[error(transparent)]
    Read(#[from] std::io::Error),
    /// A line has no three parts.
    #[error("line {0}: it should be WHO MAY NAMES")]
    Parts(usize),
    /// There are none such.
    #[error("line {0}: who is `{1}`?")]
    Who(usize, String),
    /// There is no such right.
    #[error("line {0}: it should be `hold` or `look`, not `{1}`")]
    May(usize, String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    who: Who,
    right: Right,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Who {
    Uid(u32),
    Dns(String),
    Uri(String),
    Certificate,
    Tcp,
    Anyone,
}

/// Who somebody is, as far as the daemon can tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Identity {
    /// The user of the process at the other end of a unix socket, where the system says.
    Unix(Option<u32>),
    Tcp,
    /// The names of a certificate.
    Certificate {
        dns: Vec<String>,
        uri: Vec<String>,
    },
}

impl Rules {
    /// Reads a file of rules.
    ///
    /// # Errors
    ///
    /// [`RulesError`].
    pub fn read(path: &Path) -> Result<Self, RulesError> {
        Self::parse(&fs::read_to_string(path)?)
    }

    /// The rules that `text` is.
    ///
    /// # Errors
    ///
    /// [`RulesError`], but for [`RulesError::Read`].
    pub fn parse(text: &str) -> Result<Self, RulesError> {
        let lines = (1..).zip(text.lines()).map(|(number, line)| (number, line.trim()));
        let rules = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        rules.map(|(number, line)| Rule::parse(number, line)).collect::<Result<_, _>>().map(Self)
    }

    /// What these allow to somebody.
    pub(super) fn rights(&self, identity: &Identity) -> Rights {
        let fitting = self.0.iter().filter(|rule| rule.who.is(identity));
        Rights::only(fitting.map(|rule| rule.right.clone()))
    }
}

impl Rule {
    fn parse(number: usize, line: &str) -> Result<Self, RulesError> {
        let cut = |text: &str| {
            let (word, rest) = text.split_once(|c: char| c.is_ascii_whitespace())?;
            Some((word.to_owned(), rest.trim_start().to_owned()))
        };
        let (who, rest) = cut(line).ok_or(RulesError::Parts(number))?;
        let (may, names) = cut(&rest).ok_or(RulesError::Parts(number))?;
        let who = Who::parse(&who).ok_or(RulesError::Who(number, who))?;
        let may = match may.as_str() {
            "hold" => May::Hold,
            "look" => May::Look,
            _ => return Err(RulesError::May(number, may)),
        };
        Ok(Self { who, right: Right { may, names: Names::parse(names.as_bytes()) } })
    }
}

impl Who {
    fn parse(word: &str) -> Option<Self> {
        match word.split_once(':') {
            Some(("uid", uid)) => uid.parse().ok().map(Self::Uid),
            Some(("dns", name)) if !name.is_empty() => Some(Self::Dns(name.to_ascii_lowercase())),
            Some(("uri", name)) if !name.is_empty() => Some(Self::Uri(name.to_owned())),
            _ => match word {
                "cert" => Some(Self::Certificate),
                "tcp" => Some(Self::Tcp),
                "anyone" => Some(Self::Anyone),
                _ => None,
            },
        }
    }

    fn is(&self, identity: &Identity) -> bool {
        match (self, identity) {
            (Self::Anyone, _) | (Self::Tcp, Identity::Tcp) | (Self::Certificate, Identity::Certificate { .. }) => true,
            (Self::Uid(uid), Identity::Unix(found)) => *found == Some(*uid),
            (Self::Dns(name), Identity::Certificate { dns, .. }) => dns.contains(name),
            (Self::Uri(name), Identity::Certificate { uri, .. }) => uri.contains(name),
            _ => false,
        }
    }
}

impl Identity {
    /// Whose certificate this is. One that cannot be read has no names.
    pub(super) fn of(certificate: &CertificateDer<'_>) -> Self {
        let Ok(read) = EndEntityCert::try_from(certificate) else {
            return Self::Certificate { dns: Vec::new(), uri: Vec::new() };
        };
        Self::Certificate {
            dns: read.valid_dns_names().map(str::to_ascii_lowercase).collect(),
            uri: read.valid_uri_names().map(str::to_owned).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_lines_that_fit_count_and_nothing_else_is_allowed() {
        let text = "# who may what\n\nuid:7 hold  a b*\nanyone\tlook seen\ncert look *\ndns:CI.example hold c\n";
        let rules = Rules::parse(text).unwrap();
        let certificate = |dns: &str| Identity::Certificate {
            dns: vec![dns.to_owned()],
            uri: vec!["spiffe://ci.example".to_owned()],
        };
        for (who, may, name, expected) in [
            (Identity::Unix(Some(7)), May::Hold, "a bc", true),
            (Identity::Unix(Some(7)), May::Hold, "a", false),
            (Identity::Unix(Some(7)), May::Look, "seen", true),
            (Identity::Unix(Some(8)), May::Hold, "a bc", false),
            (Identity::Unix(None), May::Hold, "a bc", false),
            (Identity::Tcp, May::Look, "seen", true),
            (Identity::Tcp, May::Hold, "seen", false),
            (certificate("ci.example"), May::Hold, "c", true),
            (certificate("ci.example"), May::Look, "d", true),
            (certificate("other.example"), May::Hold, "c", false),
        ] {
            assert_eq!(rules.rights(&who).allow(may, name.as_bytes()), expected, "{who:?} {may:?} {name}");
        }
        assert!(
            rules.rights(&certificate("x")).allow_all(May::Look) && !rules.rights(&Identity::Tcp).allow_all(May::Look)
        );
    }

    #[test]
    fn a_line_that_says_something_else_is_told_by_its_number() {
        for (text, told) in [
            ("uid:1 hold", "line 1: it should be WHO MAY NAMES"),
            ("\nuid:x hold a", "line 2: who is `uid:x`?"),
            ("dns: hold a", "line 1: who is `dns:`?"),
            ("uid:-1 hold a", "line 1: who is `uid:-1`?"),
            ("tcp take a", "line 1: it should be `hold` or `look`, not `take`"),
        ] {
            assert_eq!(Rules::parse(text).unwrap_err().to_string(), told);
        }
        assert_eq!(Rules::parse("# nobody may anything").unwrap(), Rules::default());
    }
}
