#!/usr/bin/env bash
# Makes the images of examples/ml-stack and of the tests from Debian packages, and serves them from a registry on loopback,
# for machines that reach Debian's and PyPI's packages but no image registry.
#
#   make.sh            build what is missing, start the registry, push, print the registry's address (http://127.0.0.1:PORT)
#   make.sh stop       stop the registry that this script started
#
# WHARF_IMAGES_HOME  where everything is kept (default /var/cache/wharf-images)
# WHARF_IMAGES_PORT  the registry's port on 127.0.0.1 (default 5755)
#
# Every image is one shared Debian 12 base layer plus one layer of packages and files, and carries the configuration that the
# official image of that name documents (user, volumes, ports, entrypoint, stop signal). Needs root and Debian 12.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
home="${WHARF_IMAGES_HOME:-/var/cache/wharf-images}"
port="${WHARF_IMAGES_PORT:-5755}"
registry="http://127.0.0.1:$port"
suite=bookworm

say() { printf '%s\n' "images: $*" >&2; }

install_tools() {
    local missing=()
    command -v mmdebstrap >/dev/null || missing+=(mmdebstrap)
    command -v docker-registry >/dev/null || missing+=(docker-registry)
    command -v python3 >/dev/null || missing+=(python3)
    command -v curl >/dev/null || missing+=(curl)
    [ -e /bin/busybox ] && ! ldd /bin/busybox >/dev/null 2>&1 || missing+=(busybox-static)
    [ ${#missing[@]} -eq 0 ] && return
    say "installing ${missing[*]}"
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y "${missing[@]}" >/dev/null
}

answers() { curl -fsS --max-time 2 "$registry/v2/" >/dev/null 2>&1; }

start_registry() {
    answers && return
    mkdir -p "$home/registry"
    cat >"$home/registry.yml" <<YML
version: 0.1
log: {level: warn}
storage:
  filesystem: {rootdirectory: $home/registry}
  delete: {enabled: true}
http: {addr: "127.0.0.1:$port"}
YML
    setsid docker-registry serve "$home/registry.yml" >"$home/registry.log" 2>&1 </dev/null 9>&- &
    echo $! >"$home/registry.pid"
    for _ in $(seq 100); do answers && return; sleep 0.1; done
    tail -5 "$home/registry.log" >&2
    say "the registry does not answer at $registry"
    exit 1
}

stop_registry() {
    [ -f "$home/registry.pid" ] || return 0
    kill "$(cat "$home/registry.pid")" 2>/dev/null || true
    rm -f "$home/registry.pid"
}

# The Debian mirror this machine is set up for.
mirror() {
    awk '/^URIs:/ {print $2; exit}' /etc/apt/sources.list.d/debian.sources 2>/dev/null | grep . || echo http://deb.debian.org/debian
}

make_base() {
    [ -f "$home/base.tar" ] && return
    say "Debian $suite base"
    mmdebstrap --quiet --format=tar --variant=minbase --include=ca-certificates \
        --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
        --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/info/*' \
        --customize-hook='printf "#!/bin/sh\nexit 101\n" >"$1/usr/sbin/policy-rc.d"; chmod +x "$1/usr/sbin/policy-rc.d"' \
        --customize-hook='rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/archives/*.deb "$1"/var/log/*.log' \
        "$suite" "$home/base.tar.new" "$(mirror)"
    mv "$home/base.tar.new" "$home/base.tar"
}

unmount_work() {
    local work="$1"
    for target in var/cache/apt/archives var/lib/apt/lists dev proc; do
        umount -l "$work/root/$target" 2>/dev/null || true
    done
    umount -l "$work/root" 2>/dev/null || true
}

# make_layer NAME: tests/images/NAME/setup.sh runs in a chroot over the base; what it changed becomes NAME.tar
make_layer() {
    local name="$1" work="$home/work-$1" stamp
    stamp="$(cat "$here/$name"/* "$here/make.sh" | sha256sum | cut -c1-16)"
    [ "$(cat "$home/$name.stamp" 2>/dev/null)" = "$stamp" ] && return
    say "$name"
    unmount_work "$work"
    rm -rf "$work"
    mkdir -p "$work"/{base,upper,work,root} "$home/apt/archives/partial" "$home/apt/lists"
    tar -C "$work/base" -xf "$home/base.tar"
    mount -t overlay overlay -o "lowerdir=$work/base,upperdir=$work/upper,workdir=$work/work" "$work/root"
    mount -t proc proc "$work/root/proc"
    mount --rbind --make-rslave /dev "$work/root/dev"
    mount --bind "$home/apt/archives" "$work/root/var/cache/apt/archives"
    mount --bind "$home/apt/lists" "$work/root/var/lib/apt/lists"
    cp /etc/resolv.conf "$work/root/etc/resolv.conf"
    cp -r "$here/$name" "$work/root/tmp/recipe"
    if ! chroot "$work/root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive \
        sh -eu /tmp/recipe/setup.sh >"$home/$name.log" 2>&1 </dev/null; then
        tail -20 "$home/$name.log" >&2
        unmount_work "$work"
        say "$name: setup.sh failed"
        exit 1
    fi
    rm -rf "$work/root/tmp/recipe" "$work/root/etc/resolv.conf" "$work/root"/var/log/*.log "$work/root"/var/log/apt "$work/root"/var/cache/apt/*.bin "$work/root/root/.cache"
    unmount_work "$work"
    rm -rf "$work/upper/dev" "$work/upper/proc"
    python3 "$here/image.py" layer "$work/upper" "$home/$name.tar"
    rm -rf "$work"
    echo "$stamp" >"$home/$name.stamp"
}

make_busybox() {
    [ -f "$home/busybox.tar" ] && return
    local root
    root="$(mktemp -d)"
    mkdir -p "$root"/{bin,etc,tmp,root,home,var,usr/bin}
    cp /bin/busybox "$root/bin/busybox"
    for applet in $(/bin/busybox --list); do [ "$applet" = busybox ] || ln -sf busybox "$root/bin/$applet"; done
    ln -s ../../bin/env "$root/usr/bin/env"
    printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\n' >"$root/etc/passwd"
    printf 'root:x:0:\nnogroup:x:65534:\n' >"$root/etc/group"
    chmod 1777 "$root/tmp"
    tar -C "$root" --owner=0 --group=0 --sort=name --mtime=@0 -cf "$home/busybox.tar.new" .
    mv "$home/busybox.tar.new" "$home/busybox.tar"
    rm -rf "$root"
}

push() { python3 "$here/image.py" push "$registry" "$home/blobs" "$@"; }

push_all() {
    push library/busybox:latest "$here/busybox.json" "$home/busybox.tar"
    push library/busybox:1.36 "$here/busybox.json" "$home/busybox.tar"
    push library/debian:bookworm-slim "$here/debian.json" "$home/base.tar"
    local name ref
    while read -r name ref; do
        case "$name" in '' | '#'*) continue ;; esac
        push "$ref" "$here/$name/config.json" "$home/base.tar" "$home/$name.tar"
    done <"$here/references.txt"
}

main() {
    [ "$(id -u)" = 0 ] || { say "needs root"; exit 1; }
    mkdir -p "$home/blobs"
    exec 9>"$home/lock"
    flock 9
    install_tools
    make_base
    make_busybox
    for name in python postgres redis nginx prometheus; do make_layer "$name"; done
    start_registry
    push_all
    echo "$registry"
}

case "${1:-}" in
'') main ;;
stop) stop_registry ;;
*) sed -n '2,14p' "$0"; exit 2 ;;
esac
