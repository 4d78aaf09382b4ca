#!/bin/busybox sh
# The first process of the guest: starts the NFS server, runs the program that was brought along, and turns the guest off.
# What it says begins with `guest: `, for whoever reads the console.
say() {
    /bin/busybox echo "guest: $*"
}

over() {
    say "$*"
    poweroff -f
    # A first process that ends is a panic, in which the end of the console may be lost.
    while :; do sleep 1; done
}

/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmp /tmp
mount -t tmpfs run /run
read -r up _ </proc/uptime
say "up after $up s: Linux $(uname -r)"
for module in $(cat /modules/order); do
    insmod "/modules/$module" || over "failed: insmod $module"
done
ifconfig lo 127.0.0.1 up

mount -t ext4 /dev/vda /export || over "failed: no disk"
rmdir /export/lost+found
mount -t nfsd nfsd /proc/fs/nfsd
mkdir -p /run/rpcbind
: >/var/lib/nfs/etab
: >/var/lib/nfs/rmtab
rpcbind -w || over "failed: rpcbind"
exportfs -ra || over "failed: exportfs"
rpc.mountd || over "failed: rpc.mountd"
rpc.nfsd 4 || over "failed: rpc.nfsd"
# Otherwise nothing can be opened with version 4 for as long as clients of a server before it had time to come back.
echo Y >/proc/fs/nfsd/v4_end_grace
read -r up _ </proc/uptime
say "serves after $up s: $(cat /proc/fs/nfsd/versions)"

LOCKWRIGHT_TEST_GUEST=1 RUST_BACKTRACE=1 guest --exact inside --nocapture || over "failed: the program ended with $?"
read -r up _ </proc/uptime
over "done after $up s"
