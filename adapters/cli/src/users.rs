//! The names of users.

use std::{fs::File, io::Read};

use nix::unistd::{Uid, User};

/// Where a system lists the users of its own.
const LIST: &str = "/etc/passwd";

/// More than a list has, in bytes.
const LIST_MAX: u64 = 1 << 20;

/// The name of a user of this host.
///
/// A program that needs no library gets the names of those alone that are in [`LIST`]: to ask others, such as a directory
/// service, the C library loads further libraries, and with a C library of its own in each the program crashes.
pub(crate) fn name_of(uid: u32) -> Option<String> {
    if cfg!(target_feature = "crt-static") {
        let mut list = Vec::new();
        File::open(LIST).ok()?.take(LIST_MAX).read_to_end(&mut list).ok()?;
        return listed(&String::from_utf8_lossy(&list), uid);
    }
    User::from_uid(Uid::from_raw(uid)).ok().flatten().map(|user| user.name)
}

/// The name of a user in lines of `NAME:PASSWORD:UID:...`.
fn listed(list: &str, uid: u32) -> Option<String> {
    let name = |line: &str| {
        let mut fields = line.split(':');
        let (name, number) = (fields.next()?, fields.nth(1)?);
        (!name.is_empty() && number.parse() == Ok(uid)).then(|| name.to_owned())
    };
    list.lines().find_map(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_its_number() {
        let list = "root:x:0:0::/root:/bin/sh\n# 7\n\n:x:7:7::/:\nshort:x\nann:x:7:7:a:b:c\nbob:x:7:8::/:\n+::::::\n";
        assert_eq!(listed(list, 0).as_deref(), Some("root"));
        assert_eq!(listed(list, 7).as_deref(), Some("ann"));
        assert_eq!(listed(list, 8), None);
    }

    #[test]
    fn the_list_and_the_system_agree_on_root() {
        let list = std::fs::read(LIST).expect("every system has one");
        assert_eq!(listed(&String::from_utf8_lossy(&list), 0), name_of(0));
    }
}
