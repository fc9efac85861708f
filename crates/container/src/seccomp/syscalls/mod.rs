//! System call numbers per architecture.

/// One calling convention that a process of this host can use.
pub(super) struct Abi {
    /// `AUDIT_ARCH_*` (`linux/audit.h`).
    pub(super) audit: u32,
    /// `number name` lines.
    table: &'static str,
}

#[cfg(target_arch = "x86_64")]
mod native {
    use super::Abi;

    /// How Go, and so Docker's profiles, call this architecture.
    pub(in crate::seccomp) const GO_NAME: &str = "amd64";

    /// 64-bit calls, and 32-bit ones of the same processor.
    pub(in crate::seccomp) const ABIS: [Abi; 2] = [
        Abi { audit: 0xc000_003e, table: include_str!("x86_64.txt") },
        Abi { audit: 0x4000_0003, table: include_str!("x86.txt") },
    ];
}

#[cfg(target_arch = "aarch64")]
mod native {
    use super::Abi;

    /// How Go, and so Docker's profiles, call this architecture.
    pub(in crate::seccomp) const GO_NAME: &str = "arm64";

    /// 64-bit calls, and 32-bit ones of the same processor.
    pub(in crate::seccomp) const ABIS: [Abi; 2] = [
        Abi { audit: 0xc000_00b7, table: include_str!("aarch64.txt") },
        Abi { audit: 0x4000_0028, table: include_str!("arm.txt") },
    ];
}

pub(super) use native::{ABIS, GO_NAME};

impl Abi {
    /// The numbers and names of all calls, ascending by number.
    pub(super) fn calls(&self) -> impl Iterator<Item = (u32, &'static str)> {
        let lines = self.table.lines().filter_map(|line| line.split_once(' '));
        lines.filter_map(|(number, name)| Some((number.parse().ok()?, name)))
    }
}
