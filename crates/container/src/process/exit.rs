//! How a process ended.

use serde::{Deserialize, Serialize};

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExitStatus {
    /// It exited with this status, 0..=255.
    Code(i32),
    /// This signal killed it.
    Signal(i32),
}

impl ExitStatus {
    /// Docker's exit code: the status, or 128 + signal (contract 1.11.5).
    pub const fn docker_code(self) -> i32 {
        match self {
            Self::Code(code) => code,
            Self::Signal(signal) => 128 + signal,
        }
    }

    /// Decodes the status word of `wait(2)`; none when the process has not ended.
    pub(crate) const fn from_wait_status(status: i32) -> Option<Self> {
        match status & 0x7f {
            0 => Some(Self::Code(status >> 8 & 0xff)),
            0x7f => None,
            signal => Some(Self::Signal(signal)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wait_statuses_are_decoded() {
        assert_eq!(ExitStatus::from_wait_status(3 << 8), Some(ExitStatus::Code(3)));
        assert_eq!(ExitStatus::from_wait_status(9), Some(ExitStatus::Signal(9)));
        assert_eq!(ExitStatus::from_wait_status(0x8b).map(ExitStatus::docker_code), Some(139), "with core");
        assert_eq!(ExitStatus::from_wait_status(0x137f), None, "stopped");
    }
}
