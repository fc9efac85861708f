# Sourced by run.sh: makes the machine's disk out of the test programs and what they need of this host.

# What the kernel needs to find its disk, in the order of their needs.
readonly DISK_MODULES=(virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_blk)
# What the tests call, beside busybox.
readonly PROGRAMS=(/usr/bin/unshare /usr/bin/nsenter /usr/bin/umount)

make_disk() {
    local root="$CACHE/root" programs
    programs="$(test_programs)"
    rm -rf "$root"
    make_base "$root"
    for program in $programs; do add_program "$root" "$program"; done
    add_program "$root" "$CACHE/apparmor_parser" /sbin/apparmor_parser
    # The tests by name, for init.
    for name in kernel engine; do
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
        grep -o '"executable":"[^"]*"' | cut -d '"' -f 4 | grep -E '/(deps/(kernel|engine)-[0-9a-f]+|examples/engine|container-probe)$' ||
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
