#!/usr/bin/env bash
# What a guest boots that has the NFS server and client of Linux: a kernel of Debian's, a root directory in memory, a disk.
#
#   image.sh DIR PROGRAM...
#
# DIR gets `kernel`, `initrd` and `disk`. Each PROGRAM is put into the guest's /bin, and its libraries into /lib. Packages are
# downloaded and unpacked, not installed; those in DIR/packages are not downloaded again.
# Needs Debian 12 or later on x86-64, with apt, busybox-static, cpio, e2fsprogs, binutils and kmod.
set -euo pipefail
export PATH=$PATH:/usr/sbin:/sbin LC_ALL=C

here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
dir=$(readlink -m "$1")
shift
programs=("$@")
mkdir -p "$dir/packages"
work=$(mktemp -d -p "$dir")
trap 'rm -rf "$work"' EXIT
unpacked=$work/unpacked root=$work/root

packages() {
    apt-cache show linux-image-cloud-amd64 >/dev/null 2>&1 || apt-get update -qq
    local kernel
    kernel=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/^ *Depends: \(linux-image-[^ ]*\)$/\1/p' | head -1)
    local names=("$kernel" nfs-kernel-server nfs-common rpcbind libnfsidmap1 libtirpc3 libevent-core-2.1-7 libwrap0)
    cd "$dir/packages"
    # As root it says that it downloads as root, which is meant.
    apt-get download -qq -o APT::Sandbox::User=root "${names[@]}"
    local name file files=()
    for name in "${names[@]}"; do
        # Of an earlier version nothing is wanted any more.
        file=$(find . -maxdepth 1 -name "${name}_*.deb" -printf '%T@ %f\n' | sort -n | tail -1 | cut -d' ' -f2)
        files+=("$file")
        dpkg -x "$file" "$unpacked"
    done
    for file in *.deb; do
        [[ " ${files[*]} " == *" $file "* ]] || rm "$file"
    done
    cd "$dir"
}

# The modules, in an order in which each finds what it needs.
modules() {
    local version
    version=$(ls "$unpacked/lib/modules")
    depmod -b "$unpacked" "$version"
    local module
    for module in virtio_pci virtio_blk ext4 nfsd nfsv3 nfsv4; do
        modprobe -d "$unpacked" -S "$version" --show-depends "$module"
    done | sed -n 's/^insmod \([^ ]*\).*/\1/p' | awk '!seen[$0]++' | while read -r module; do
        cp "$module" "$root/modules/"
        basename "$module"
    done >"$root/modules/order"
}

program() {
    local from=$1 to=$2 library
    strip -s -o "$root/bin/$to" "$from"
    # Of one that is linked statically there is nothing to be said.
    { ldd "$from" 2>/dev/null || true; } | sed -n 's|[^/]*\(/[^ ]*\).*|\1|p' | while read -r library; do
        case $library in
        */ld-linux*) cp -L "$library" "$root/lib64/" ;;
        *) cp -Ln "$library" "$root/lib/" ;;
        esac
    done
}

settings() {
    local etc=$root/etc
    echo '/export *(rw,fsid=1,no_root_squash,no_subtree_check,insecure,sync)' >"$etc/exports"
    echo '127.0.0.1 localhost' >"$etc/hosts"
    printf 'hosts: files\nservices: files\npasswd: files\n' >"$etc/nsswitch.conf"
    printf '%s\n' 'nfs 2049/tcp' 'nfs 2049/udp' 'sunrpc 111/tcp portmapper' 'sunrpc 111/udp portmapper' >"$etc/services"
    printf 'tcp 6 TCP\nudp 17 UDP\n' >"$etc/protocols"
    printf '%s\n' 'udp tpi_clts v inet udp - -' 'tcp tpi_cots_ord v inet tcp - -' \
        'local tpi_cots_ord - loopback - - -' >"$etc/netconfig"
    printf '%s\n' 'root:x:0:0::/:/bin/sh' 'nobody:x:65534:65534::/:/bin/sh' '_rpc:x:100:65534::/:/bin/sh' \
        'statd:x:101:65534::/:/bin/sh' >"$etc/passwd"
}

mkdir -p "$root"/{bin,lib,lib64,etc,proc,sys,dev,tmp,run,export,modules,one,two} "$root/var/lib/nfs/v4recovery"
packages
modules
cp "$(command -v busybox)" "$root/bin/busybox"
export LD_LIBRARY_PATH=$unpacked/usr/lib/x86_64-linux-gnu:$unpacked/lib/x86_64-linux-gnu
for daemon in usr/sbin/rpc.nfsd usr/sbin/rpc.mountd usr/sbin/exportfs usr/sbin/rpcbind sbin/rpcbind; do
    [[ ! -f $unpacked/$daemon ]] || program "$unpacked/$daemon" "${daemon##*/}"
done
unset LD_LIBRARY_PATH
for each in "${programs[@]}"; do
    name=${each##*/}
    # A test program's name ends in a number that changes with each build.
    program "$each" "${name%-????????????????}"
done
settings
install -m 755 "$here/init.sh" "$root/init"

cp "$unpacked"/boot/vmlinuz-* "$dir/kernel"
(cd "$root" && find . | cpio -o -H newc --quiet | gzip -1 >"$dir/initrd")
rm -f "$dir/disk"
truncate -s 64M "$dir/disk"
mkfs.ext4 -q -F "$dir/disk"
