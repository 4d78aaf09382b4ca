#!/bin/sh
# A contender for one lock directory, in plain shell to the lockers' layout, or by the scripts of their names.
#
#   old.sh shell|names BIN LOCK ROUNDS LAST
#
# Does ROUNDS sections. Each puts its line into `ledger`, beside LOCK, while `witness` is there, which one at a time can make.
# After the last one it ends as LAST says: `release`; `hold`, killed with the lock in its hands; or `propose`, killed with a
# proposal that never became the lock.
kind=$1 bin=$2 lock=$3 rounds=$4 last=$5
place=${lock%/*}

# The fields of /proc/PID/stat behind the name; a name may hold blanks and parentheses.
start_of() {
    read -r stat < "/proc/$1/stat" || return 1
    set -f
    # shellcheck disable=SC2086
    set -- ${stat##*) }
    set +f
    start=${20}
} 2>/dev/null

while read -r word value _ ; do
    [ "$word" = btime ] && btime=$value
done < /proc/stat
start_of $$ || exit 9
id=$$:$start:$btime

is_live() {
    pid=${1%%:*} rest=${1#*:}
    start_of "$pid" && [ "$start" = "${rest%%:*}" ]
}

forget() {
    rm -f "$lock/build/$1/owner/$1"
    rmdir "$lock/build/$1/owner" "$lock/build/$1" "$lock/build"
} 2>/dev/null

propose() {
    mkdir -p "$lock/build/$id/owner" && true > "$lock/build/$id/owner/$id"
} 2>/dev/null

take_by_shell() {
    for leaf in "$lock"/owner/* ; do
        [ -e "$leaf" ] || continue
        is_live "${leaf##*/}" && return 1
        forget "${leaf##*/}"
        rm -f "$leaf"
    done
    propose || return 2
    mv -T "$lock/build/$id/owner" "$lock/owner" 2>/dev/null
    taken=$?
    forget "$id"
    return $taken
}

take() {
    case $kind in
        shell) take_by_shell ;;
        *) "$bin/lock_local.sh" lock "$lock" $$ 2>>"$place/said" ;;
    esac
}

give_back() {
    case $kind in
        shell) rm "$lock/owner/$id" && { rmdir "$lock/owner" "$lock" 2>/dev/null ; true ; } ;;
        *) "$bin/lock_local.sh" unlock "$lock" $$ ;;
    esac
}

round=0
while [ $round -lt "$rounds" ] ; do
    until take ; do
        [ -e "$place/stop" ] && exit 8
        sleep 0.002 # As callers do who try again, for others to get on.
    done
    set -C
    if ! true > "$place/witness" ; then
        true > "$place/stop"
        exit 3
    fi 2>/dev/null
    set +C
    echo "$kind $id" >> "$place/ledger"
    rm "$place/witness"
    round=$((round + 1))
    [ $round -eq "$rounds" ] && [ "$last" = hold ] && kill -9 $$
    give_back || exit 4
done
if [ "$last" = propose ] ; then
    until propose ; do : ; done
    kill -9 $$
fi
exit 0
