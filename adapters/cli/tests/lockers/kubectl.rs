//! `k8s_id.sh` through the real `kubectl`, which asks a cluster that is played here, on loopback: what is asked is what the real one takes,
//! and what it prints is what is read. Into a pod this cluster lets nobody.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use serde_json::{Value, json};

use crate::{
    names::{Names, Sleeper, did},
    tools::lacks,
};

/// The uid of the one pod, and whether the one node is ready.
#[derive(Clone, Copy, Default)]
struct Cluster {
    pod: Option<&'static str>,
    is_ready: bool,
    /// Heartbeats; there is another one for each who asks.
    beats: u32,
}

impl Cluster {
    fn answer(&mut self, path: &str) -> Option<Value> {
        let resource = |name: &str, kind: &str, namespaced: bool| json!({"name": name, "singularName": "", "kind": kind, "namespaced": namespaced, "verbs": ["get"]});
        match path.split('?').next()? {
            "/api" => Some(json!({"kind": "APIVersions", "versions": ["v1"]})),
            "/apis" => Some(json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": []})),
            "/api/v1" => Some(json!({"kind": "APIResourceList", "groupVersion": "v1",
                "resources": [resource("pods", "Pod", true), resource("nodes", "Node", false)]})),
            "/api/v1/namespaces/default/pods/web-0" => self.pod.map(|uid| {
                json!({"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "web-0", "namespace": "default", "uid": uid},
                       "spec": {"containers": [{"name": "web"}], "nodeName": "n1"}, "status": {"phase": "Running"}})
            }),
            "/api/v1/nodes/n1" => {
                self.beats += 1;
                let beat = format!("2026-01-01T00:00:{:02}Z", self.beats);
                let ready = if self.is_ready { "True" } else { "Unknown" };
                let conditions = json!([{"type": "DiskPressure", "status": "False", "lastHeartbeatTime": "2020-01-01T00:00:00Z"},
                                        {"type": "Ready", "status": ready, "lastHeartbeatTime": beat}]);
                Some(json!({"kind": "Node", "apiVersion": "v1", "metadata": {"name": "n1"}, "status": {"conditions": conditions}}))
            }
            _ => None,
        }
    }
}

/// Answers one request, and no more on this connection.
fn serve(mut client: &TcpStream, cluster: &Mutex<Cluster>) -> std::io::Result<()> {
    let mut lines = BufReader::new(client).lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
    let path = first.split(' ').nth(1).unwrap_or_default();
    let gone = || json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404});
    let found = cluster.lock().expect("nobody panicked").answer(path);
    let (status, body) = found.map_or_else(|| ("404 Not Found", gone()), |body| ("200 OK", body));
    let (body, json) = (body.to_string(), "Content-Type: application/json");
    write!(client, "HTTP/1.1 {status}\r\n{json}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}

#[test]
fn the_real_kubectl_is_asked_and_understood() {
    if lacks("kubectl", "the real kubectl") {
        return;
    }
    let cluster = Arc::new(Mutex::new(Cluster { pod: Some("0b5c-9b6e"), is_ready: true, beats: 0 }));
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
    let address = listener.local_addr().expect("it is bound");
    let played = Arc::clone(&cluster);
    // It ends with the tests.
    thread::spawn(move || listener.incoming().flatten().for_each(|client| drop(serve(&client, &played))));
    let names = Names::new();
    let config = |port: u16| {
        let config = json!({"apiVersion": "v1", "kind": "Config", "current-context": "c", "users": [],
            "clusters": [{"name": "c", "cluster": {"server": format!("http://127.0.0.1:{port}")}}],
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": ""}}]});
        fs::write(names.path().join("config"), config.to_string()).expect("room");
    };
    config(address.port());
    let run = |args: &[&str]| {
        let mut command = names.command("k8s_id.sh", args);
        for (name, value) in
            [("POD_NODE", "n1"), ("POD_NAMESPACE", "default"), ("POD_NAME", "web-0"), ("POD_UID", "0b5c-9b6e")]
        {
            command.env(name, value);
        }
        command.env("KUBECONFIG", names.path().join("config")).env("HOME", names.path());
        did(&command.output().expect("a process"))
    };
    let process = Sleeper::start();
    let (_, id) = run(&["uid", &process.pid()]);
    let is_stale = || run(&["is_stale", id.trim_end()]).0;
    let set = |pod, is_ready| {
        let mut cluster = cluster.lock().expect("nobody panicked");
        (cluster.pod, cluster.is_ready) = (pod, is_ready);
    };
    assert_eq!(is_stale(), 13, "the pod is there, and cannot be looked into");
    set(None, false);
    assert_eq!(is_stale(), 13, "the pod is gone, and its node does not report");
    assert!(cluster.lock().expect("nobody panicked").beats > 0, "the node was asked for");
    for pod in [None, Some("ffff")] {
        set(pod, true);
        assert_eq!(is_stale(), 0, "its pod is gone, and the node has reported since");
    }
    // There, nobody listens.
    config(1);
    assert_eq!(is_stale(), 10, "the cluster does not answer");
}
