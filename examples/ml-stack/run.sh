#!/usr/bin/env bash
# Builds wharf, brings this stack up and asks it for a prediction. Installs what it needs on a bare Debian 12 with
# Rust; as root or with sudo. The stack stays up; the last lines say how to look at it and how to take it down.
set -euo pipefail
cd "$(dirname "$0")/../.."
source tests/tools.sh
need_build_tools
need curl curl

cargo build --release --quiet
wharf="$PWD/target/release/wharf"

# Without Docker Hub in reach the images are made from Debian packages and served from a registry on loopback.
if ! reaches_docker_hub; then
    mirror="$(as_root bash tests/images/make.sh)"
    config="${WHARF_ROOT:-/var/lib/wharf}/engine.json"
    if ! as_root test -e "$config"; then
        as_root mkdir -p "$(dirname "$config")"
        printf '{"registry-mirrors": ["%s"]}\n' "$mirror" | as_root tee "$config" >/dev/null
        as_root "$wharf" engine stop 2>/dev/null || true
    elif ! as_root grep -q "$mirror" "$config"; then
        echo "Docker Hub is not in reach: add \"$mirror\" to registry-mirrors in $config, run \`wharf engine stop\` and try again." >&2
        exit 1
    fi
fi

cd examples/ml-stack
as_root "$wharf" up -d --build --wait
port="$(as_root "$wharf" port api 8000)"
printf '\nPOST http://127.0.0.1:%s/predict\n' "${port##*:}"
curl -fsS "http://127.0.0.1:${port##*:}/predict" -H 'Content-Type: application/json' \
    -d '{"sepal_length": 5.1, "sepal_width": 3.5, "petal_length": 1.4, "petal_width": 0.2}'
cat <<TEXT


The stack is up. In $PWD:
  $wharf ps             what runs
  $wharf logs -f        what it says
  $wharf up -d --scale api=3   three replicas behind the same port
  $wharf down           take it down (add -v to delete its data too)
TEXT
