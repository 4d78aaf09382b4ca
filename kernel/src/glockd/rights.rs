//! What a client may: which locks it may look at, and which it may hold.
//!
//! Who a client is, the driver knows, and hands over what follows from that. A client of which nothing was said may all.
//!
//! | what is asked | what it takes |
//! |---|---|
//! | `g` `lg` `sg` `lsg` `back` | to hold that name |
//! | `i` `si`, and `d` `sd` of one name | to look at that name |
//! | `d` `sd` `dump` `who` of all | to look at every name, by one right |
//! | all else | nothing |
//!
//! What is not allowed is answered `0 Not Allowed`, and tells nothing of the lock. A release takes no right, since it works
//! for the holder alone; so whoever may no longer hold a name can still give it back.

use alloc::{boxed::Box, sync::Arc, vec::Vec};

use super::{
    Glockd,
    clients::{Busy, ClientId},
    command::{Command, name},
};

/// What may be done with a lock. Who may hold it may look at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum May {
    /// See whether it is held, and by whom.
    Look,
    /// Be its holder.
    Hold,
}

/// Names that are spoken of together.
///
/// ```
/// use lockwright_kernel::glockd::Names;
///
/// assert_eq!(Names::parse(b"build/*"), Names::Beginning((*b"build/").into()));
/// assert_eq!(Names::parse(b" nightly  backup "), Names::One((*b"nightly backup").into()));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Names {
    /// This one.
    One(Box<[u8]>),
    /// All that begin so; with nothing, all.
    Beginning(Box<[u8]>),
}

/// One thing that is allowed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Right {
    /// What may be done.
    pub may: May,
    /// With which locks.
    pub names: Names,
}

/// All that is allowed to a client. The default is everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Rights(Option<Arc<[Right]>>);

impl Names {
    /// A name as commands have it, with white space as there; or, with `*` at its end, all names that begin so. A name that
    /// ends in `*` itself is among those.
    #[must_use]
    pub fn parse(text: &[u8]) -> Self {
        let text = text.trim_ascii();
        let Some(beginning) = text.strip_suffix(b"*") else { return Self::One((*name(text)).into()) };
        let mut names = Vec::from(&*name(beginning));
        if !names.is_empty() && beginning.ends_with(b" ") {
            names.push(b' ');
        }
        Self::Beginning(names.into())
    }

    fn has(&self, name: &[u8]) -> bool {
        match self {
            Self::One(one) => **one == *name,
            Self::Beginning(beginning) => name.starts_with(beginning),
        }
    }

    fn is_all(&self) -> bool {
        matches!(self, Self::Beginning(beginning) if beginning.is_empty())
    }
}

impl Rights {
    /// These, and nothing else.
    #[must_use]
    pub fn only(rights: impl IntoIterator<Item = Right>) -> Self {
        Self(Some(rights.into_iter().collect()))
    }

    /// Whether that may be done with the lock `name`.
    #[must_use]
    pub fn allow(&self, may: May, name: &[u8]) -> bool {
        self.any(may, |names| names.has(name))
    }

    /// Whether that may be done with every lock.
    #[must_use]
    pub fn allow_all(&self, may: May) -> bool {
        self.any(may, Names::is_all)
    }

    /// Whether there is nothing that may be done.
    #[must_use]
    pub fn are_none(&self) -> bool {
        self.0.as_ref().is_some_and(|rights| rights.is_empty())
    }

    fn any(&self, may: May, fits: impl Fn(&Names) -> bool) -> bool {
        let Self(Some(rights)) = self else { return true };
        rights.iter().any(|right| right.may >= may && fits(&right.names))
    }
}

impl Glockd {
    /// From now on `client` may do that and no more. What it holds, it keeps. What it waits for and may not hold any more, it
    /// is refused at once, and a claim in its turn. A list that was begun goes on to its end.
    pub fn allow_only(&mut self, client: ClientId, rights: Rights) {
        let Some(known) = self.clients.get(client) else { return };
        known.rights = rights;
        if let Busy::Waits { name, .. } = &known.busy
            && !known.rights.allow(May::Hold, name)
        {
            self.queue.leave(name, client.small());
            self.forbid(client);
            self.is_free_again(client);
        }
    }

    /// Whether the client may give that command. A claim is asked after in its turn.
    pub(super) fn is_allowed(&self, id: ClientId, command: &Command<'_>) -> bool {
        let Some(client) = self.clients.see(id).filter(|client| client.rights.0.is_some()) else { return true };
        match command {
            Command::Get(name)
            | Command::Lock(name, _)
            | Command::SharedGet(name)
            | Command::SharedLimited(name, _) => client.rights.allow(May::Hold, name),
            Command::Inspect(name)
            | Command::SharedInspect(name)
            | Command::List(Some(name))
            | Command::SharedList(Some(name)) => client.rights.allow(May::Look, name),
            Command::List(None) | Command::SharedList(None) | Command::Dump | Command::SharedDump | Command::Who(_) => {
                client.rights.allow_all(May::Look)
            }
            _ => true,
        }
    }
}
