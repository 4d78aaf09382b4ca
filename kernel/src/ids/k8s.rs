//! The lockers' Kubernetes id: a process in a pod.
//!
//! ```text
//! node7+default+web-0+0b5c9b6e-6c0b-4f6e-9a5e-1f4c8a2d7e90:4312:889123:1700000000
//! node  ns      pod   the pod's uid                        pid  start  btime
//! ```
//!
//! The last three fields are a [`LocalId`], as seen from inside the pod. An adapter asks the cluster for the pod, and where
//! it is there and has the uid, looks into it:
//!
//! | answer | verdict |
//! |---|---|
//! | the cluster cannot be asked, or not all of the answer came | unknown |
//! | no such pod, or one with another uid; its node is ready and was heard of in the last [`HEARTBEAT_AGE_MAX`] | dead |
//! | the same, and the node is not, or was not, or is gone | unknown |
//! | the pod is there, and what is seen in it | that of the [local id](super::local) |
//!
//! *Why the node has to be heard of.* A pod whose node has lost touch is given up by the cluster and may be made anew
//! elsewhere, while its processes go on where they are. A node that reports has carried out what it was told.
//!
//! *Source.* The lockers' `k8s_id`.
//!
//! ```
//! use lockwright_kernel::ids::{Reason, Verdict, k8s::{K8sId, Node, Observed}};
//! use std::time::Duration;
//!
//! let id: K8sId = "node7+default+web-0+0b5c9b6e:4312:889123:1700000000".parse()?;
//! assert_eq!((id.node(), id.namespace(), id.pod(), id.pod_uid()), ("node7", "default", "web-0", "0b5c9b6e"));
//! let gone = |node| id.verdict(Observed::PodGone { node });
//! assert_eq!(gone(Some(Node { ready: true, heartbeat_age: Duration::from_secs(9) })), Verdict::Dead);
//! assert_eq!(gone(None), Verdict::Unknown(Reason::NodeSilent));
//! # Ok::<(), lockwright_kernel::ids::TextError>(())
//! ```

use alloc::{boxed::Box, string::ToString};
use core::{fmt, str::FromStr, time::Duration};

use super::{
    Reason, TextError, Verdict, is_dns_name,
    local::{self, LocalId},
};
use crate::{id::Id, path::Name};

/// A node that was heard of longer ago may have lost touch.
pub const HEARTBEAT_AGE_MAX: Duration = Duration::from_secs(310);

/// A process in a pod.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct K8sId {
    // invariant: node, namespace, pod and the pod's uid, names by `is_dns_name`, together short enough for a file's name
    place: [Box<str>; 4],
    process: LocalId,
}

/// What the cluster and the pod answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Observed {
    /// Nothing: the cluster, or the pod, cannot be reached or refuses.
    Unreachable,
    /// Only a part of what was asked for.
    Incomplete,
    /// There is no pod of that name, or it has another uid.
    PodGone {
        /// The id's node, if the cluster knows it.
        node: Option<Node>,
    },
    /// The pod is there. This was seen in it.
    Answered(local::Observed),
}

/// What a cluster says of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node {
    /// Whether its condition `Ready` is true.
    pub ready: bool,
    /// How long ago it was heard of, by the cluster's own clock.
    pub heartbeat_age: Duration,
}

impl K8sId {
    /// The id of `process` in the pod `pod` of `namespace`, which has the uid `pod_uid` and runs on `node`.
    ///
    /// # Errors
    ///
    /// [`TextError::Name`] for what is no such name, [`TextError::TooLong`].
    pub fn new([node, namespace, pod, pod_uid]: [&str; 4], process: LocalId) -> Result<Self, TextError> {
        let named = [("node", node), ("namespace", namespace), ("pod", pod), ("poduid", pod_uid)];
        if let Some((field, _)) = named.into_iter().find(|(_, name)| !is_dns_name(name)) {
            return Err(TextError::Name(field));
        }
        let id = Self { place: named.map(|(_, name)| name.into()), process };
        if id.to_string().len() > Name::BYTES_MAX {
            return Err(TextError::TooLong);
        }
        Ok(id)
    }

    /// The node that the pod runs on.
    #[must_use]
    pub fn node(&self) -> &str {
        &self.place[0]
    }

    /// The pod's namespace.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.place[1]
    }

    /// The pod's name.
    #[must_use]
    pub fn pod(&self) -> &str {
        &self.place[2]
    }

    /// The pod's uid, which no other pod of that name has.
    #[must_use]
    pub fn pod_uid(&self) -> &str {
        &self.place[3]
    }

    /// The process in the pod.
    #[must_use]
    pub fn process(&self) -> LocalId {
        self.process
    }

    /// What follows from what was answered; see the table above.
    #[must_use]
    pub fn verdict(&self, observed: Observed) -> Verdict {
        match observed {
            Observed::Unreachable => Verdict::Unknown(Reason::Unreachable),
            Observed::Incomplete => Verdict::Unknown(Reason::Incomplete),
            Observed::PodGone { node: Some(node) } if node.reports() => Verdict::Dead,
            Observed::PodGone { .. } => Verdict::Unknown(Reason::NodeSilent),
            Observed::Answered(seen) => self.process.verdict(seen),
        }
    }

    /// Reads `id`, and says what follows from what `observe` brings back. For a text that is no such id nobody is asked.
    pub fn judge(id: &Id, observe: impl FnOnce(&Self) -> Observed) -> Verdict {
        match Self::try_from(id) {
            Ok(id) => id.verdict(observe(&id)),
            Err(error) => Verdict::Unknown(error.into()),
        }
    }
}

impl Node {
    fn reports(self) -> bool {
        self.ready && self.heartbeat_age <= HEARTBEAT_AGE_MAX
    }
}

impl fmt::Display for K8sId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.place.join("+"), self.process)
    }
}

/// Reads exactly what `Display` writes.
impl FromStr for K8sId {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        let (place, process) = text.split_once(':').ok_or(TextError::Fields)?;
        let mut names = place.split('+');
        let mut next = || names.next().ok_or(TextError::Fields);
        let place = [next()?, next()?, next()?, next()?];
        if names.next().is_some() {
            return Err(TextError::Fields);
        }
        Self::new(place, process.parse()?)
    }
}

impl From<&K8sId> for Id {
    fn from(id: &K8sId) -> Self {
        match id.to_string().parse() {
            Ok(id) => id,
            Err(error) => unreachable!("it was made short enough, and of such characters: {error}"),
        }
    }
}

impl TryFrom<&Id> for K8sId {
    type Error = TextError;

    fn try_from(id: &Id) -> Result<Self, TextError> {
        id.name().as_str().parse()
    }
}
