//! Containers, execs and the monitor against the real kernel. Needs root and a static busybox; skips with a
//! message else.

#![expect(clippy::unwrap_used, reason = "a failure in a helper fails the test, which is all that is wanted")]

mod attacks;
mod binds;
mod cgroup;
mod cgroup_limits;
mod container;
mod exec;
mod init;
mod monitor;
mod overlay;
mod security;
mod support;
