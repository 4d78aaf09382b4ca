//! `lockwright run`, `status` and `owner` with locks on an NFS server, without a mount.

#[path = "../../../nfs/tests/servers/ganesha.rs"]
mod ganesha;
#[expect(dead_code, reason = "other tests use more of it")]
#[path = "../commands/support.rs"]
mod process;
#[expect(dead_code, reason = "other tests use more of it")]
#[path = "../support/mod.rs"]
mod support;

mod another;
mod kinds;
mod line;
mod run;
mod stage;
mod status;
mod storm;
