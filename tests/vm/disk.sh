# Sourced by run.sh: makes the machine's disk out of the test programs and what they need of this host.

# What the kernel needs to find its disk, in the order of their needs.
readonly DISK_MODULES=(virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_blk)
# What the tests call, beside busybox.
readonly PROGRAMS=(/usr/bin/unshare /usr/bin/nsenter /usr/bin/umount /usr/bin/timeout)

make_disk() {
    local root="$CACHE/root" programs
    programs="$(test_programs)"
    rm -rf "$root"
    make_base "$root"
    for program in $programs; do add_program "$root" "$program"; done
    add_program "$root" "$CACHE/apparmor_parser" /sbin/apparmor_parser
    add_client "$root"
    # The tests by name, for init.
    for name in kernel engine probe; do
        grep -E "/deps/$name-[0-9a-f]+$" <<<"$programs" | sed "s|^|$name |"
    done >"$root/tests"
    mke2fs -q -F -t ext4 -O ^has_journal -d "$root" "$CACHE/disk" 1200M
    # A second disk without a file system, for limits on devices.
    truncate -s 16M "$CACHE/spare"
    make_initrd
}

# The absolute paths of all test programs, and of the programs that those start. The whole workspace, because that is what has just
# been built for the other tests; a part of it is built with other features, from the beginning.
test_programs() {
    # shellcheck disable=SC2086
    cargo test ${WHARF_VM_CARGO:---workspace} --no-run --message-format=json 2>"$CACHE/build.log" |
        grep -o '"executable":"[^"]*"' | cut -d '"' -f 4 | grep -E '/(deps/(kernel|engine|probe)-[0-9a-f]+|examples/engine|container-probe)$' ||
        { cat "$CACHE/build.log" >&2; return 1; }
}

make_base() {
    local root="$1" name
    mkdir -p "$root"/{bin,sbin,usr/bin,usr/sbin,dev,proc,sys,run,tmp,var/lib,root,etc,lib/modules}
    install "$(command -v busybox)" "$root/bin/busybox"
    ln -s /bin/busybox "$root/usr/bin/busybox"
    for name in $(busybox --list); do [ "$name" = busybox ] || ln -s /bin/busybox "$root/bin/$name"; done
    ln -s /bin/busybox "$root/sbin/modprobe"
    ln -s /bin/ip "$root/usr/sbin/ip"
    cp -r "$CACHE"/kernel/lib/modules/* "$root/lib/modules/"
    install tests/vm/init "$root/init"
    printf 'root:x:0:0:root:/root:/bin/sh\n' >"$root/etc/passwd"
    printf 'root:x:0:\n' >"$root/etc/group"
    echo 'nameserver 192.0.2.53' >"$root/etc/resolv.conf"
    for name in "${PROGRAMS[@]}"; do rm -f "$root/bin/${name##*/}"; add_program "$root" "$name"; done
}

# add_program ROOT PATH [PLACE]: at the same path in the machine or at PLACE, with its libraries, without what only debuggers read
add_program() {
    local root="$1" program="$2" place="${3:-$2}" library
    install -D "$program" "$root$place"
    strip --strip-debug "$root$place"
    for library in $(ldd "$program" | grep -o '/[^ ]*'); do
        [ -e "$root$library" ] || install -D "$library" "$root$library"
    done
}

# The stock client and the program that looks around in containers, for the comparison with Docker Engine; init leaves that out
# where there is no client.
add_client() {
    local client
    client="$(command -v docker)" || return 0
    install -D "$client" "$1/usr/bin/docker"
    rustc --edition 2024 -O -C target-feature=+crt-static -C strip=symbols -o "$1/inside" crates/container/examples/inside/main.rs
}

# make_reference FOLDER: a disk with a root file system that has Docker Engine. Without what no daemon needs: the disk is made anew
# each time.
make_reference() {
    local root="$CACHE/reference.files"
    rm -rf "$root"
    mkdir -p "$root/var/lib/docker" "$root/.old"
    tar -C "$1" --one-file-system --exclude=./var/lib --exclude=./var/cache --exclude=./usr/share --exclude=./usr/libexec/docker/cli-plugins \
        --exclude=./proc --exclude=./sys --exclude=./dev --exclude=./run --exclude=./tmp --exclude=./root -c . | tar -C "$root" -x
    mkdir -p "$root"/{proc,sys,dev,run,tmp,root}
    [ -x "$root/usr/sbin/apparmor_parser" ] || install "$CACHE/apparmor_parser" "$root/usr/sbin/apparmor_parser"
    mke2fs -q -F -t ext4 -O ^has_journal -d "$root" "$CACHE/reference" 3G
    truncate -s 0 "$CACHE/golden"
    truncate -s 4M "$CACHE/golden"
}

make_initrd() {
    local folder="$CACHE/initrd.files" module
    rm -rf "$folder"
    mkdir -p "$folder"/{bin,dev,disk}
    cp "$(command -v busybox)" "$folder/bin/busybox"
    for module in "${DISK_MODULES[@]}"; do
        find "$CACHE/kernel/lib/modules" -name "$module.ko" -exec cp {} "$folder/" \;
    done
    {
        echo '#!/bin/busybox sh'
        printf '/bin/busybox insmod /%s.ko\n' "${DISK_MODULES[@]}"
        echo '/bin/busybox mount -t devtmpfs dev /dev'
        # Found in the background; what never comes ends with the machine's deadline.
        echo 'until [ -b /dev/vda ]; do /bin/busybox usleep 10000; done'
        echo '/bin/busybox mount -t ext4 /dev/vda /disk && exec /bin/busybox switch_root /disk /init'
    } >"$folder/init"
    chmod +x "$folder/init"
    (cd "$folder" && busybox find . | busybox cpio -o -H newc 2>/dev/null) >"$CACHE/initrd"
}
