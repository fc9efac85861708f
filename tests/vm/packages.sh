# Sourced by run.sh: gets the emulator and a kernel. Neither touches the kernel of this host.

# get_packages: fills $CACHE/kernel; prints why that is not possible, and fails, where it is not
get_packages() {
    need qemu-system-x86_64 qemu-system-x86 >&2 || { echo "qemu cannot be installed"; return 1; }
    { need mke2fs e2fsprogs && need busybox busybox-static && need strip binutils; } >&2 ||
        { echo "the tools that make its disk cannot be installed"; return 1; }
    [ -e "$CACHE/apparmor_parser" ] || get_apparmor >&2 || { echo "Debian's apparmor cannot be had"; return 1; }
    [ -e "$CACHE/kernel/vmlinuz" ] || get_kernel >&2 || { echo "Debian's linux-image-cloud-amd64 cannot be had"; return 1; }
}

# The program that loads AppArmor's profiles, which this host need not have installed.
get_apparmor() {
    local folder
    folder="$(mktemp -d "$CACHE/apparmor.XXXXXX")"
    (cd "$folder" && apt-get download -q apparmor) && dpkg-deb -x "$folder"/*.deb "$folder/files" || { rm -rf "$folder"; return 1; }
    mv "$folder/files/sbin/apparmor_parser" "$CACHE/apparmor_parser"
    rm -rf "$folder"
}

# Unpacked beside, not installed: a host's own kernel and boot loader are none of a test's business.
get_kernel() {
    local folder name
    name="$(apt-cache depends linux-image-cloud-amd64 | awk '$1 == "Depends:" && $2 ~ /^linux-image-/ {print $2; exit}')"
    [ -n "$name" ] || return 1
    folder="$(mktemp -d "$CACHE/kernel.XXXXXX")"
    (cd "$folder" && apt-get download -q "$name") && dpkg-deb -x "$folder"/*.deb "$folder/files" || { rm -rf "$folder"; return 1; }
    busybox depmod -b "$folder/files" "$(ls "$folder/files/lib/modules")"
    mv "$folder"/files/boot/vmlinuz-* "$folder/files/vmlinuz"
    rm -rf "$CACHE/kernel"
    mv "$folder/files" "$CACHE/kernel"
    rm -rf "$folder"
}
