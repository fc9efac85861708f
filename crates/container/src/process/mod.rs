//! Naming a process so that a reused pid is never taken for it, and signalling and waiting through
//! descriptors.

mod exit;
mod identity;
mod pidfd;

pub use exit::ExitStatus;
pub use identity::Identity;
pub use pidfd::Pidfd;
