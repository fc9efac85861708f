//! The text of the default profile: what it allows and denies is Docker's (contract 1.7.6).

use std::fmt::Write;

/// What is the same for every host.
const RULES: &str = "\
  file,
  network,
  capability,
  umount,
  deny mount,
  deny network alg,
  deny /proc/sysrq-trigger rwklx,
  deny /proc/kcore rwklx,
  deny /sys/firmware/** rwklx,
  deny /sys/devices/virtual/powercap/** rwklx,
  deny /sys/kernel/security/** rwklx,
";

/// The profile `name`; the engine itself runs under the profile `engine`. It includes no other file: a host may have none.
pub fn text(name: &str, engine: &str) -> String {
    let mut text = format!("profile {name} flags=(attach_disconnected,mediate_deleted) {{\n{RULES}");
    let mut peers = vec!["unconfined", engine];
    peers.dedup();
    for peer in peers {
        text += &format!("  signal (receive) peer={peer:?},\n");
    }
    text += &format!("  signal (send, receive) peer={name},\n");
    text += &format!("  ptrace (trace, read, tracedby, readby) peer={name},\n");
    // A process's own files, and shared memory, which belongs to the IPC namespace.
    deny_all_but(&mut text, "/proc/", "sys/kernel/shm", "1-9", "w");
    deny_all_but(&mut text, "/sys/", "fs/cgroup", "", "wklx");
    text.push_str("}\n");
    text
}

/// Denies everything below `directory` that begins neither with `path` nor with one of the characters `other`. Rules of AppArmor
/// know no exceptions, so there is one for each place at which a name can differ.
fn deny_all_but(text: &mut String, directory: &str, path: &str, other: &str, permissions: &str) {
    for (at, letter) in path.char_indices() {
        let (before, other) = (&path[..at], if at == 0 { other } else { "" });
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  deny {directory}{before}[^{letter}{other}]** {permissions},");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_rule_for_each_place_of_a_difference() {
        let mut text = String::new();
        deny_all_but(&mut text, "/proc/", "sy", "1-9", "w");
        assert_eq!(text, "  deny /proc/[^s1-9]** w,\n  deny /proc/s[^y]** w,\n");
    }

    #[test]
    fn the_engine_may_send_signals_whatever_it_runs_under() {
        let confined = text("docker-default", "/usr/bin/wharf");
        assert!(confined.contains("peer=\"/usr/bin/wharf\"") && confined.contains("peer=\"unconfined\""));
        assert_eq!(text("docker-default", "unconfined").matches("peer=\"unconfined\"").count(), 1);
    }
}
