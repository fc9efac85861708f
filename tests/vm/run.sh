#!/usr/bin/env bash
# Runs the tests that depend on the kernel's cgroups and on AppArmor in a small virtual machine, whose host has AppArmor and only the
# hierarchies that are asked for.
# usage: tests/vm/run.sh [v2|hybrid|v1]...      v2 when nothing is said
#        WHARF_VM_TESTS=NAME          only tests whose name contains NAME
#        WHARF_VM_CARGO="-p PACKAGE"  what to build instead of the whole workspace
#        WHARF_VM_REFERENCE=FOLDER    a root file system with Docker Engine: that is run too, only to compare what containers see;
#                                     what it shows is then in target/vm/golden.txt
#        WHARF_VM_ACCEL=kvm           where it works; software emulation works everywhere
set -euo pipefail
cd "$(dirname "$0")/../.."
source tests/tools.sh
source tests/vm/packages.sh
source tests/vm/disk.sh

# For one boot with its tests. Software emulation is about ten times slower than the machine it runs on.
readonly DEADLINE_SECONDS=$([ -n "${WHARF_VM_REFERENCE:-}" ] && echo 2400 || echo 600)
readonly CACHE="${CARGO_TARGET_DIR:-target}/vm"

# boot LAYOUT: runs the machine to its end; fails unless the machine says that all tests passed
boot() {
    local layout="$1" log="$CACHE/$1.log" started=$SECONDS more=()
    echo "vm: booting with cgroups $layout"
    [ -z "${WHARF_VM_REFERENCE:-}" ] ||
        more=(-drive "file=$CACHE/reference,format=raw,if=virtio,snapshot=on,cache=unsafe" -drive "file=$CACHE/golden,format=raw,if=virtio")
    # The serial port is the only way out.
    timeout --kill-after=5 "$DEADLINE_SECONDS" qemu-system-x86_64 -accel "${WHARF_VM_ACCEL:-tcg,thread=multi}" -cpu max -smp 2 -m 1536 \
        -nodefaults -display none -no-reboot -serial stdio \
        -kernel "$CACHE/kernel/vmlinuz" -initrd "$CACHE/initrd" \
        -drive "file=$CACHE/disk,format=raw,if=virtio,snapshot=on,cache=unsafe" -drive "file=$CACHE/spare,format=raw,if=virtio,snapshot=on" "${more[@]}" \
        -append "console=ttyS0 quiet panic=-1 apparmor=1 security=apparmor wharf.cgroups=$layout wharf.tests=${WHARF_VM_TESTS:-}" \
        </dev/null 2>&1 | sed -u 's|\r||g' | tee "$log" | grep --line-buffered -E '^(vm:|test result|skipped|[0-9]+ cases|failures:|thread|  *assertion|  *(left|right):|    [a-z_:]+$)' || true
    echo "vm: $layout took $((SECONDS - started)) s"
    [ -z "${WHARF_VM_REFERENCE:-}" ] || tr -d '\0' <"$CACHE/golden" >"$CACHE/golden.txt"
    grep -qx "vm: all tests passed with cgroups $layout" "$log" || {
        echo "vm: FAILED with cgroups $layout; all that the machine said is in $log" >&2
        return 1
    }
}

[ "$(uname -m)" = x86_64 ] || { echo "vm: skipped, the machine is made for x86-64"; exit 0; }
mkdir -p "$CACHE"
reason="$(get_packages)" || { echo "vm: skipped, $reason"; exit 0; }
make_disk
[ -z "${WHARF_VM_REFERENCE:-}" ] || make_reference "$WHARF_VM_REFERENCE"
layouts=("$@")
for layout in "${layouts[@]:-v2}"; do boot "$layout"; done
