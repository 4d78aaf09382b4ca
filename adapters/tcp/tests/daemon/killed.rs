//! Processes that hold locks and are killed at any moment: whoever is granted a lock finds its last holder dead.
//!
//! A holder leaves a link in a folder, with its process in it, from when it was granted the lock until just before it gives
//! that back. Who is granted the lock and finds such a link waits for the death of that process, which has lost its
//! connection and may take a moment to die; if it does not die, two hold the lock. It goes on for a quarter of
//! `LOCKWRIGHT_GLOCKD_SECONDS`; the default is 5 s.

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use super::stage::{Daemon, settings};

const PROCESSES: usize = 6;

/// `$1` is the folder, `$2` and `$3` the daemon. What bash starts has the connection as well, so that the folder is not
/// changed by what is left of a holder that has lost it.
const CLIENT: &str = r#"
exec 3<>"/dev/tcp/$2/$3"
dead() {
    local state
    { read -r _ _ state _ < "/proc/$1/stat"; } 2>/dev/null || return 0
    [[ $state == [ZX] ]]
}
while :; do
    name=$((RANDOM % 2))
    printf 'lg %s 2\n' $name >&3
    read -r answer <&3 || exit
    [[ $answer == 1* ]] || continue
    if ! ln -s $$ "$1/$name" 2>/dev/null; then
        last=$(readlink "$1/$name")
        for ((look = 0; look < 2000; look++)); do
            dead "$last" && break
            sleep 0.01
        done
        if ! dead "$last" || [[ $(readlink "$1/$name") != "$last" ]]; then
            : > "$1/violated"
        fi
        ln -sfn $$ "$1/$name"
    fi
    [[ $(readlink "$1/$name") == $$ ]] || : > "$1/violated"
    rm "$1/$name"
    printf 'r %s\n' $name >&3
    read -r answer <&3 || exit
    [[ $answer == 1* ]] || : > "$1/violated"
done
"#;

#[test]
fn whoever_is_granted_a_lock_finds_its_last_holder_dead() {
    let seconds = std::env::var("LOCKWRIGHT_GLOCKD_SECONDS").map_or(20, |text| text.parse().expect("a number"));
    let seed =
        std::env::var("LOCKWRIGHT_SEED").map_or_else(|_| fastrand::u64(..), |text| text.parse().expect("a number"));
    let mut rng = fastrand::Rng::with_seed(seed);
    let daemon = Daemon::start(settings());
    let dir = tempfile::tempdir().expect("it goes well");
    let mut processes: Vec<Child> = (0..PROCESSES).map(|_| start(&daemon, dir.path())).collect();
    let until = Instant::now() + Duration::from_secs(seconds) / 4;
    let mut kills = 0;
    while Instant::now() < until {
        let came = daemon.figure("glockd_commands_total{verb=\"r\"}");
        // They get on, or wait for one that is about to die.
        daemon.until("glockd_commands_total{verb=\"r\"}", |now| now > came);
        let one = &mut processes[rng.usize(..PROCESSES)];
        end(one);
        *one = start(&daemon, dir.path());
        kills += 1;
    }
    processes.iter_mut().for_each(end);
    assert!(!fs::exists(dir.path().join("violated")).expect("readable"), "seed {seed}: two held one lock");
    daemon.until("glockd_connections", |now| now == 0);
    let (orphans, granted) = (daemon.figure("glockd_orphans_total"), daemon.figure("glockd_waits_granted_total"));
    println!("{kills} kills, {orphans} of them of a holder; {granted} waits ended with the lock");
    assert!(kills > 5 && orphans > 0 && granted > 5, "seed {seed}: {kills} kills, {orphans} orphans, {granted} grants");
    daemon.until("glockd_locks", |now| now == 0);
}

fn start(daemon: &Daemon, dir: &Path) -> Child {
    let place = (daemon.lines.ip().to_string(), daemon.lines.port().to_string());
    let mut bash = Command::new("bash");
    bash.args(["-c", CLIENT, "client"]).arg(dir).args([place.0, place.1]).stdin(Stdio::null());
    bash.spawn().expect("bash is there")
}

fn end(process: &mut Child) {
    process.kill().expect("it is mine");
    process.wait().expect("it is mine");
}
