//! The examples in the help of the commands, to be typed as they stand.

pub(super) const RUN: &str = "\
Examples:
  lockwright run deploy.lock -- rsync -a src/ dst         wait for the lock, and hold it while rsync runs
  lockwright run --nonblock job.lock -- ./job             exit 75 if somebody has it
  lockwright run --wait 30s job.lock -- ./job             exit 75 after 30 seconds
  lockwright run --kind queue db.lock -- ./migrate        who comes first is served first
  lockwright run --kind sem=3 gpu.lock -- ./train         three at a time
  lockwright run --kind rw-read tree.lock -- tar cf t s   readers together, writers alone
  lockwright run --kind rw-write tree.lock -- rm s/old
  lockwright run --if-busy=skip job.lock -- ./job         exit 0 if somebody has it, and say who
  lockwright run --if-busy=replace dev.lock -- ./serve    end the one that runs, and take its place
  lockwright run --max-hold 1h -k 30s job.lock -- ./job   SIGTERM after an hour, SIGKILL 30 seconds later
  lockwright run --report out.json job.lock -- ./job      tell 75 of ./job from 75 of lockwright
  lockwright run db.lock --also cache.lock -- ./rebuild     hold both, or none
  lockwright run --fence db.lock -- ./write               tells ./write a number that only grows
  lockwright run --lease 30s -f nfs.lock -- ./write       others take it 34 s after this host was last heard of";

pub(super) const LOCK: &str = "\
Examples:
  id=$(lockwright lock --pid $$ deploy.lock)              hold it for this shell
  lockwright unlock --id \"$id\" deploy.lock                until here, or until the shell ends
  lockwright lock --wait 30s --kind queue deploy.lock     exit 75 after 30 seconds in line";

pub(super) const ACQUIRE: &str = "\
Examples:
  token=$(lockwright acquire --pid $$ deploy.lock)        hold it for this shell
  lockwright release \"$token\"                           until here, or until the shell ends
  lockwright acquire --why 'schema change' --wait 1m db   tell those who wait why";

pub(super) const RELEASE: &str = "\
Examples:
  lockwright release \"$token\"                           give back what `acquire` took";

pub(super) const RENEW: &str = "\
Examples:
  token=$(lockwright acquire --lease 5m deploy.lock)      hold it for five minutes, for no process
  lockwright renew \"$token\"                             for five more, from now on";

pub(super) const WAIT: &str = "\
Examples:
  lockwright wait deploy.lock && ./report                 run it when nobody deploys
  lockwright wait --wait 10m deploy.lock                  exit 75 after ten minutes
  lockwright wait --nonblock --quiet deploy.lock          exit 75 if there is no room now";

pub(super) const LIST: &str = "\
Examples:
  lockwright list                                         those in the working directory, or LOCKWRIGHT_DIR
  lockwright list --recursive /srv/locks
  lockwright list --json | jq -r 'select(.state == \"stale\") .lock'";

pub(super) const EXPLAIN: &str = "\
Examples:
  lockwright explain deploy.lock
  lockwright explain --json deploy.lock | jq -r '.helps[][0]'";

pub(super) const FENCE: &str = "\
Examples:
  lockwright run --fence db.lock -- ./write               ./write finds a number in LOCKWRIGHT_FENCE
  lockwright fence check data/.fence && cp new data/      in ./write: exit 81 if a newer holder was there
  lockwright fence advance db.lock                        give out a number, so that older ones can be refused
  lockwright fence show db.lock                           which one was the last?";

pub(super) const QUEUE: &str = "\
Examples:
  lockwright queue db.lock                                the first one has it
  lockwright queue db.lock --drop 12 --reason 'too late'  the one at place 12 is to wait no more";

pub(super) const STATUS: &str = "\
Examples:
  lockwright status deploy.lock
  lockwright status --json deploy.lock | jq -r '.waiters[].pid'";

pub(super) const UNLOCK: &str = "\
Examples:
  lockwright unlock deploy.lock                           take it from owners that are dead
  lockwright unlock --id \"$id\" deploy.lock                give back what `lock` took
  lockwright unlock --force \"$id\" deploy.lock             take it from one that may be alive; see `status`";

pub(super) const BREAK: &str = "\
Examples:
  lockwright break deploy.lock --id \"$id\" --reason \"hangs since noon\"            asks for a yes
  lockwright break deploy.lock --id \"$id\" --reason \"node7 is gone\" --yes --wait 0";

pub(super) const DOCTOR: &str = "\
Examples:
  lockwright doctor /srv/locks
  lockwright doctor --kind queue --json /srv/locks | jq -r '.kinds[].verdict'";

pub(super) const SERVE_NFS: &str = "\
Examples:
  lockwright sim serve-nfs --lose-replies 20 --replies none          2 replies of 100 are lost, and none is kept
  lockwright sim serve-nfs --at 127.0.0.1:2049 --late 5 --after 100  5 calls of 1000 come 100 calls late";

pub(super) const STAND_IN: &str = "\
Examples:
  lockwright stand-in ~/locked flock setlock
  PATH=~/locked:$PATH flock -n job.lock ./job             hold job.lock while ./job runs, or exit 1";

pub(super) const COMPLETIONS: &str = "\
Examples:
  lockwright completions bash > ~/.local/share/bash-completion/completions/lockwright
  lockwright completions zsh > ~/.zfunc/_lockwright
  lockwright completions fish > ~/.config/fish/completions/lockwright.fish";

pub(super) const MAN: &str = "\
Examples:
  lockwright man ~/.local/share/man/man1                  write them where `man` looks for them
  lockwright man | man -l -                               read the first one";

pub(super) const SERVE: &str = "\
Examples:
  lockwright serve --state /var/lib/glockd/state          127.0.0.1:9999, and WebSocket at 9998
  lockwright serve --no-port --ws 0 --unix glockd.sock    for this user alone
  lockwright serve --listen 0.0.0.0 --ws 0 --tls-cert my.pem --tls-key my.key --tls-clients ca.pem --rules who-may-what
                                                          for others with certificates
  lockwright run tcp://127.0.0.1:9999/deploy -- ./deploy  hold one of its locks
  echo q | nc -N 127.0.0.1 9999                           what has it done so far?";
