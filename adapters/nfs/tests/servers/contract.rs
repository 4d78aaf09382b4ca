//! Servers keep, through the direct client, the promises that the kernel's proofs lean on.

use lockwright_kernel::{
    fs::{
        Fs,
        contract::{contract, contract_two},
    },
    path::Path,
};
use lockwright_nfs::{
    Address, NfsFs,
    serve::{Plan, Server},
};

use crate::ganesha::{Ganesha, MOUNT, NFS};

fn keeps_the_contract(address: &Address) {
    let open = || NfsFs::open(address).expect("the server is there");
    let (fs, other) = (open(), open());
    let room: Path = "room".parse().expect("a path");
    fs.create_dir(&room).expect("the directory is empty");
    let outcome = contract(&fs, &room).and_then(|()| contract_two(&fs, &other, &room));
    outcome.unwrap_or_else(|breach| panic!("{address}: {breach}"));
    fs.remove_dir(&room).expect("the suite leaves nothing behind");
}

#[test]
fn ganesha_keeps_the_contract() {
    if let Some(server) = Ganesha::start() {
        keeps_the_contract(&server.address);
    }
}

#[test]
fn our_own_server_keeps_the_contract() {
    let server = Server::start("127.0.0.1:0", Plan::none()).expect("a port is free");
    keeps_the_contract(server.address());
}

#[test]
fn ganesha_keeps_the_contract_behind_the_wire() {
    if let Some(server) = Ganesha::start() {
        let wire = Server::before(MOUNT, NFS, &server.address.path, Plan::none()).expect("a port is free");
        keeps_the_contract(wire.address());
    }
}
