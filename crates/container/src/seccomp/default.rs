//! Docker's default profile: the list in `default_profile.txt`, and the rules that look at arguments
//! (contract 1.7.2).

use super::profile::{Action, Argument, Comparison, Condition, KernelVersion, Profile, Rule};

const ALLOWED: &str = include_str!("default_profile.txt");

/// Flags of `clone(2)` that make namespaces, `CLONE_NEWTIME` (which only clone3 takes) left out.
const CLONE_NAMESPACES: u64 = 0x7e02_0000;
/// Execution domains that are as good as the default one, and the value that only asks.
const PERSONALITIES: [u64; 5] = [0, 8, 0x2_0000, 0x2_0008, 0xffff_ffff];
/// The upper half of an argument that the kernel takes as 32 bits. It ignores that half, so a rule must not.
const UPPER_HALF: u64 = 0xffff_ffff_0000_0000;
/// Address families: from the kernel's crypto (AF_ALG, CVE-2026-31431) to AF_VSOCK, 39 is in between.
const AF_ALG: u64 = 38;
const AF_NFC: u64 = 39;
const AF_VSOCK: u64 = 40;

/// The default profile, for every capability set, architecture and kernel.
pub(super) fn profile() -> Profile {
    Profile {
        default_action: Action::Errno,
        default_errno_ret: Some(libc::EPERM as u32),
        architectures: None,
        arch_map: None,
        flags: Vec::new(),
        syscalls: sections().chain(argument_rules()).collect(),
        comment: None,
    }
}

/// One rule per section of the list.
fn sections() -> impl Iterator<Item = Rule> {
    ALLOWED.split("\n[").skip(1).filter_map(|section| {
        let (condition, names) = section.split_once(']')?;
        let names = names.split_whitespace().map(str::to_owned).collect();
        Some(Rule { names, includes: parse_condition(condition), ..allow() })
    })
}

fn parse_condition(text: &str) -> Condition {
    let mut condition = Condition::default();
    match text.split_once(' ') {
        Some(("capability", name)) => condition.caps.push(format!("CAP_{name}")),
        Some(("architecture", name)) => condition.arches.push(name.to_owned()),
        Some(("kernel", version)) => condition.min_kernel = KernelVersion::parse(version),
        _ => {}
    }
    condition
}

fn argument_rules() -> impl Iterator<Item = Rule> {
    let socket = [(Comparison::Less, AF_ALG), (Comparison::Equal, AF_NFC), (Comparison::Greater, AF_VSOCK)];
    let socket = socket.map(|(op, value)| on_first_argument("socket", op, value));
    let personality = PERSONALITIES.map(|value| on_first_argument("personality", Comparison::Equal, value));
    let without_sys_admin = Condition { caps: vec!["CAP_SYS_ADMIN".to_owned()], ..Condition::default() };
    let clone = Rule {
        excludes: without_sys_admin.clone(),
        ..on_first_argument("clone", Comparison::MaskedEqual, CLONE_NAMESPACES)
    };
    // clone3's flags are in memory, where a filter cannot look; "no such call" makes the C libraries use
    // clone instead.
    let clone3 = Rule {
        names: vec!["clone3".to_owned()],
        action: Action::Errno,
        errno_ret: Some(libc::ENOSYS as u32),
        excludes: without_sys_admin,
        ..allow()
    };
    socket.into_iter().chain(personality).chain([clone, clone3])
}

fn on_first_argument(name: &str, op: Comparison, value: u64) -> Rule {
    let argument = Argument { index: 0, value, value_two: 0, op };
    let no_more = Argument { index: 0, value: UPPER_HALF, value_two: 0, op: Comparison::MaskedEqual };
    let args = if op == Comparison::MaskedEqual { vec![argument] } else { vec![no_more, argument] };
    Rule { names: vec![name.to_owned()], args, ..allow() }
}

fn allow() -> Rule {
    Rule {
        names: Vec::new(),
        name: None,
        action: Action::Allow,
        errno_ret: None,
        args: Vec::new(),
        includes: Condition::default(),
        excludes: Condition::default(),
        comment: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_section_has_a_known_condition() {
        let rules: Vec<Rule> = sections().collect();
        assert!(rules.iter().all(|rule| !rule.names.is_empty()));
        let unconditional = rules.iter().filter(|rule| rule.includes == Condition::default());
        assert_eq!(unconditional.count(), 1, "only the first section holds always");
    }
}
