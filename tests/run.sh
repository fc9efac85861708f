#!/usr/bin/env bash
# Runs all tests. Installs what it needs on a bare Debian 12 with Rust; as root or with sudo.
set -euo pipefail
cd "$(dirname "$0")/.."
source tests/tools.sh
need_build_tools
need curl curl

if [ "$(id -u)" != 0 ]; then
    exec sudo --preserve-env=PATH,HOME,CARGO_HOME,RUSTUP_HOME "$0" "$@"
fi

# The stack's images: from Docker Hub where it can be reached, else from a registry on loopback that this fills.
if ! reaches_docker_hub; then
    WHARF_TEST_MIRROR="$(bash tests/images/make.sh)"
    export WHARF_TEST_MIRROR
fi
export WHARF_TEST_IMAGES=1
cargo test --workspace --quiet --no-run
cargo test --workspace "$@"
# What depends on cgroup v2, on a kernel of its own; not when only some tests were asked for.
[ $# -gt 0 ] || bash tests/vm/run.sh v2
