//! Holders that are killed: their lock, and their slot, goes to who comes next.

use crate::names::{Names, Sleeper};

#[test]
fn the_lock_of_a_killed_holder_is_recovered() {
    let names = Names::new();
    let (mut holder, next) = (Sleeper::start(), Sleeper::start());
    assert_eq!(names.run("lock_local.sh", ["lock", "l", &holder.pid()]).0, 0);
    assert_eq!(names.run("lock_local.sh", ["lock", "l", &next.pid()]).0, 1);
    holder.kill();
    assert_eq!(names.run("lock_local.sh", ["lock", "l", &next.pid()]).0, 0);
    assert_eq!(names.run("lock_local.sh", ["owner_pid", "l"]).1.trim_end(), next.pid());
}

#[test]
fn the_slot_of_a_killed_holder_is_recovered() {
    let names = Names::new();
    let (mut holder, other, next) = (Sleeper::start(), Sleeper::start(), Sleeper::start());
    let lock_local = names.script("lock_local.sh").display().to_string();
    for locker in ["--local", &lock_local] {
        let run = |action: &str, of: &Sleeper| names.run("semaphore.sh", [locker, action, "s", "2", &of.pid()]).0;
        let slot = |of: &Sleeper| names.run("semaphore.sh", [locker, "slot", "s", &of.pid()]).1;
        assert_eq!((run("acquire", &holder), run("acquire", &other), run("acquire", &next)), (0, 0, 1), "{locker}");
        let freed = slot(&holder);
        holder.kill();
        assert_eq!(run("fast_acquire", &next), 1, "{locker}: fast asks nobody");
        assert_eq!((run("acquire", &next), slot(&next)), (0, freed), "{locker}");
        for of in [&other, &next] {
            assert_eq!(names.run("semaphore.sh", [locker, "release", "s", &of.pid()]).0, 0);
        }
        holder = Sleeper::start();
    }
    assert!(!names.path().join("s").exists());
}
