# Sourced by the scripts here and in examples/: installs what they need on a bare Debian 12 with Rust.

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# need COMMAND PACKAGE: installs PACKAGE when COMMAND is missing
need() {
    command -v "$1" >/dev/null && return
    if [ -z "${apt_updated:-}" ]; then
        as_root apt-get update -qq
        apt_updated=1
    fi
    echo "installing $2" >&2
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y "$2" >/dev/null
}

need_build_tools() {
    command -v cargo >/dev/null || {
        echo "cargo is missing: install Rust 1.95 or newer first (https://rustup.rs)" >&2
        exit 1
    }
    need cc gcc
    need make make
}

# Whether an image registry of the outside world answers (any HTTP status will do).
reaches_docker_hub() { curl -sS -o /dev/null --max-time 8 https://registry-1.docker.io/v2/ 2>/dev/null; }
