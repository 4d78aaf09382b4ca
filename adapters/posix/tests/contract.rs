//! Real file systems keep the promises that the kernel's proofs lean on.

use lockwright_kernel::{
    fs::{
        Fs,
        contract::{contract, contract_two},
    },
    path::Path,
};
use lockwright_posix::fs::PosixFs;

mod places;

use places::Place;

fn keeps_the_contract(place: &Place) {
    for stepwise in [false, true] {
        let open = || {
            let fs = PosixFs::open(&place.dir).expect("the directory is there");
            if stepwise { fs.stepwise() } else { fs }
        };
        let (fs, other) = (open(), open());
        let room: Path = "room".parse().expect("a path");
        fs.create_dir(&room).expect("the directory is empty");
        let outcome = contract(&fs, &room).and_then(|()| contract_two(&fs, &other, &room));
        outcome.unwrap_or_else(|breach| panic!("{}, stepwise {stepwise}: {breach}", place.name));
        fs.remove_dir(&room).expect("the suite leaves nothing behind");
    }
}

#[test]
fn file_systems_at_hand_keep_the_contract() {
    places::at_hand().iter().for_each(keeps_the_contract);
}

#[test]
fn mounted_file_systems_keep_the_contract() {
    places::mounted(&["ext4", "xfs", "btrfs", "overlay"]).iter().for_each(keeps_the_contract);
}
