#!/usr/bin/env bash
# Formatting, lints, and the rules of docs/architecture.md that a compiler does not know.
set -euo pipefail
cd "$(dirname "$0")/.."
source tests/tools.sh
need_build_tools

fail() { printf 'check: %s\n' "$*" >&2; exit 1; }

echo "check: formatting"
cargo fmt --all --check

echo "check: dependencies point one way"
# allowed CRATE NAME...: CRATE may depend on these crates of ours and on no other
allowed() {
    local crate="$1" found
    shift
    found="$(cargo tree -p "$crate" --depth 1 -e normal --prefix none --format '{lib}' | tail -n +2 | grep '^wharf_' | sort -u || true)"
    for name in $found; do
        case " $* " in *" $name "*) ;; *) fail "$crate must not depend on $name" ;; esac
    done
}
allowed wharf-container
allowed wharf-network wharf_container
allowed wharf-image
allowed wharf-build wharf_image wharf_container
allowed wharf-engine wharf_build wharf_image wharf_network wharf_container
allowed wharf wharf_engine
if grep -rnEi 'compose' crates --include='*.rs' -l | xargs -r grep -nEi '\bcompose' |
    grep -vE 'com\.docker\.compose|//' | grep .; then
    fail "nothing in crates/ knows Compose (the two labels of the balancing rule apart)"
fi
if grep -rn "crate::cli" src --include='*.rs' | grep -v '^src/cli/' | grep .; then fail "only src/cli knows the command line"; fi
if cargo tree -p wharf-container -e normal --prefix none | grep -q '^tokio '; then fail "wharf-container must not use tokio"; fi

echo "check: unsafe only where it is allowed"
if grep -rnE '\bunsafe +(\{|fn|impl|extern|trait)' src crates --include='*.rs' | grep -vE '^crates/container/|^src/project/yaml/' | grep .; then
    fail "unsafe belongs into crates/container (and the YAML event wrapper)"
fi

echo "check: no file over 600 lines"
large="$(git ls-files '*.rs' | xargs wc -l | awk '$2 != "total" && $1 > 600 {print $2 ": " $1}')"
[ -z "$large" ] || fail "too large: $large"

echo "check: the tests that SECURITY.md names are there"
sed -n '/^| weakness/,/^$/p' SECURITY.md | grep -oE '`[a-z0-9]+(_[a-z0-9]+)+`' | tr -d '`' | sort -u | while read -r name; do
    grep -rqE "fn $name\b" crates src tests --include='*.rs' || fail "SECURITY.md names a test that is not there: $name"
done

echo "check: lints"
cargo clippy --workspace --all-targets --quiet -- -D warnings
