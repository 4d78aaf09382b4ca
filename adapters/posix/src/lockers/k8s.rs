//! The lockers' Kubernetes id: made for a process of this pod, and judged by what the cluster and the pod say when
//! `kubectl` asks.
//!
//! 1. POD: which uid has the pod of that name? If that of the id: 5.
//! 2. NODE: is the id's node ready? If not, nothing follows.
//! 3. HEARTBEAT: wait until the node's last heartbeat is another one than at 2.
//! 4. POD again: if it is still gone, the node has reported since, and the process is dead.
//! 5. LOOK into the pod, then POD once more: what was seen counts if the pod is still the id's.
//!
//! *Why a new heartbeat and no recent one.* The cluster may give up a pod whose node has just lost touch, and goes on for a
//! while to call that node ready. A heartbeat that is later than the look at the pod comes from a node that is in touch. No
//! two clocks are compared for that.

use std::{
    ffi::OsString,
    process::{Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use lockwright_kernel::ids::{
    TextError,
    k8s::{HEARTBEAT_AGE_MAX, K8sId, Node, Observed},
};

use super::{NoId, local, look};

/// Makes `kubectl` print the state of a node and its last heartbeat.
const READY: &str = r#"jsonpath={range .status.conditions[?(@.type=="Ready")]}{.status} {.lastHeartbeatTime}{end}"#;

/// Why a process has no Kubernetes id.
#[derive(Debug, thiserror::Error)]
pub enum NoPodId {
    /// What there is to say of the process cannot be read.
    #[error(transparent)]
    Process(#[from] NoId),
    /// What was given for the pod is not the names of one.
    #[error("this is no pod that tells who it is: {0}")]
    Place(#[from] TextError),
}

/// The id of the process with this number, in the pod whose node, namespace, name and uid are `place`.
///
/// # Errors
///
/// [`NoPodId`].
pub fn id_of(place: [&str; 4], pid: u32) -> Result<K8sId, NoPodId> {
    Ok(K8sId::new(place, local::id_of(pid)?)?)
}

/// The program that asks the cluster.
#[derive(Clone, Debug)]
pub struct Kubectl {
    program: OsString,
    patience: Duration,
    pause: Duration,
}

/// The cluster did not answer.
struct Unreachable;

/// What the cluster says of a node.
struct Seen {
    ready: bool,
    heartbeat: String,
}

impl Kubectl {
    /// The program of this name or path. A node is waited for as long as [`HEARTBEAT_AGE_MAX`].
    pub fn new(program: impl Into<OsString>) -> Self {
        Self { program: program.into(), patience: HEARTBEAT_AGE_MAX, pause: Duration::from_secs(2) }
    }

    /// The same, which waits for a node's heartbeat for `patience`, and looks for it each `pause`.
    #[must_use]
    pub fn waiting(self, patience: Duration, pause: Duration) -> Self {
        Self { patience, pause, ..self }
    }

    /// Asks for the process of `id`. May wait for the next heartbeat of its node.
    #[must_use]
    pub fn ask(&self, id: &K8sId) -> Observed {
        self.try_ask(id).unwrap_or(Observed::Unreachable)
    }

    fn try_ask(&self, id: &K8sId) -> Result<Observed, Unreachable> {
        if self.is_there(id)? {
            return self.look_into(id); // 1 POD
        }
        let Some(node) = self.node(id)? else { return Ok(Observed::PodGone { node: None }) };
        let silent = |ready| Observed::PodGone { node: Some(Node { ready, heartbeat_age: Duration::MAX }) };
        if !node.ready {
            return Ok(silent(false)); // 2 NODE
        }
        let begin = Instant::now();
        loop {
            match self.node(id)? {
                None => return Ok(Observed::PodGone { node: None }),
                Some(Seen { ready: false, .. }) => return Ok(silent(false)),
                Some(Seen { heartbeat, .. }) if heartbeat != node.heartbeat => break, // 3 HEARTBEAT
                Some(_) if begin.elapsed() >= self.patience => return Ok(silent(true)),
                Some(_) => sleep(self.pause),
            }
        }
        if self.is_there(id)? {
            return Ok(Observed::Incomplete); // 4 POD
        }
        Ok(Observed::PodGone { node: Some(Node { ready: true, heartbeat_age: Duration::ZERO }) })
    }

    /// True when the pod has the uid of `id`.
    fn is_there(&self, id: &K8sId) -> Result<bool, Unreachable> {
        let uid = self.get(&["--namespace", id.namespace(), "pod", id.pod()], "jsonpath={.metadata.uid}")?;
        Ok(uid.trim() == id.pod_uid())
    }

    fn node(&self, id: &K8sId) -> Result<Option<Seen>, Unreachable> {
        let text = self.get(&["node", id.node()], READY)?;
        let mut words = text.split_whitespace();
        let Some(status) = words.next() else { return Ok(None) };
        Ok(Some(Seen { ready: status == "True", heartbeat: words.next().unwrap_or_default().to_owned() }))
    }

    fn look_into(&self, id: &K8sId) -> Result<Observed, Unreachable> {
        let script = look::script(id.process().pid);
        let text = self.run(&["--namespace", id.namespace(), "exec", id.pod(), "--", "sh", "-c", &script]).1;
        let Some(seen) = look::read(&text).seen else { return Ok(Observed::Incomplete) };
        // 5 LOOK
        Ok(if self.is_there(id)? { Observed::Answered(seen) } else { Observed::Incomplete })
    }

    /// Nothing is printed of what the cluster does not have.
    fn get(&self, what: &[&str], form: &str) -> Result<String, Unreachable> {
        let flags = ["--ignore-not-found", "--request-timeout=30s", "--output", form];
        let (ended_well, text) = self.run(&[&["get"], what, &flags].concat());
        if ended_well { Ok(text) } else { Err(Unreachable) }
    }

    fn run(&self, args: &[&str]) -> (bool, String) {
        let mut command = Command::new(&self.program);
        match command.args(args).stdin(Stdio::null()).stderr(Stdio::null()).output() {
            Ok(output) => (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned()),
            Err(_) => (false, String::new()),
        }
    }
}

#[cfg(test)]
mod tests {
    use lockwright_kernel::ids::{Reason, Verdict};

    use super::{super::write_program, *};

    /// A cluster whose pod is gone. `on_node` runs when the node is asked for, and prints its state and its heartbeat.
    fn ask(on_node: &str) -> Verdict {
        let dir = tempfile::tempdir().expect("a directory for the test");
        let program = dir.path().join("kubectl");
        let text = format!(
            "#!/bin/sh\ncd '{}'\ncase $2 in node) {on_node} ;; *) cat pod 2>/dev/null ;; esac\nexit 0\n",
            dir.path().display()
        );
        write_program(&program, &text);
        let id: K8sId = "n+s+p+u:7:8:9".parse().expect("an id");
        let kubectl = Kubectl::new(program).waiting(Duration::from_millis(50), Duration::from_millis(1));
        id.verdict(kubectl.ask(&id))
    }

    #[test]
    fn a_node_is_believed_when_it_has_reported_since() {
        assert_eq!(ask("echo x >> n; echo True $(wc -l < n)"), Verdict::Dead);
        assert_eq!(ask("echo True 7"), Verdict::Unknown(Reason::NodeSilent));
        assert_eq!(
            ask("echo x >> n; [ -e m ] && echo False 2 || echo True 1; touch m"),
            Verdict::Unknown(Reason::NodeSilent)
        );
        assert_eq!(ask("true"), Verdict::Unknown(Reason::NodeSilent));
        assert_eq!(ask("exit 1"), Verdict::Unknown(Reason::Unreachable));
    }

    #[test]
    fn a_pod_that_comes_back_meanwhile_tells_nothing() {
        assert_eq!(ask("echo x >> n; echo u > pod; echo True $(wc -l < n)"), Verdict::Unknown(Reason::Incomplete));
    }
}
