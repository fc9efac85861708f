//! From a profile to a decision per system call number. Pure.

use std::collections::BTreeMap;

use super::profile::{Action, Argument, Condition, KernelVersion, Profile, Rule};
use super::syscalls::{Abi, GO_NAME};
use crate::capabilities::Capabilities;

/// Return values of a filter (`linux/seccomp.h`).
const KILL_PROCESS: u32 = 0x8000_0000;
const KILL_THREAD: u32 = 0;
const TRAP: u32 = 0x0003_0000;
const ERRNO: u32 = 0x0005_0000;
const TRACE: u32 = 0x7ff0_0000;
const LOG: u32 = 0x7ffc_0000;
const ALLOW: u32 = 0x7fff_0000;

/// A call that a program may try and do without gets this, so that it does.
pub(super) const NO_SUCH_CALL: u32 = ERRNO | libc::ENOSYS as u32;
/// What a call through an interface without a table gets.
pub(super) const UNKNOWN_INTERFACE: u32 = KILL_PROCESS;

/// What the conditions of a profile are held against.
pub(super) struct Circumstances {
    /// The bounding set (contract 1.7.4).
    pub(super) capabilities: Capabilities,
    pub(super) kernel: KernelVersion,
}

/// What happens to one system call.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Decision {
    /// Always this return value.
    Always(u32),
    /// The first alternative whose arguments fit, else the last return value.
    ByArguments(Vec<(Vec<Argument>, u32)>, u32),
}

/// Decisions for the calls of one interface: each entry holds from its number up to the next one's.
pub(super) fn decide(profile: &Profile, abi: &Abi, circumstances: &Circumstances) -> Vec<(u32, Decision)> {
    let default = return_value(profile.default_action, profile.default_errno_ret);
    let rules: Vec<&Rule> = profile.syscalls.iter().filter(|rule| counts(rule, circumstances)).collect();
    let by_name = rules_by_name(&rules);
    let mut decisions = Decisions { ranges: Vec::new(), end: 0, default: Decision::Always(default) };
    let mut newest = None;
    for (number, name) in abi.calls() {
        let decision = by_name.get(name).map(|rules| combine(rules, default));
        decisions.add(number, decision);
        if is_named(profile, name) {
            newest = Some(number);
        }
    }
    let denies = !matches!(profile.default_action, Action::Allow | Action::Log);
    decisions.finish(newest.filter(|_| denies))
}

/// Ranges in the making: up to `end` everything is decided.
struct Decisions {
    ranges: Vec<(u32, Decision)>,
    end: u32,
    default: Decision,
}

impl Decisions {
    /// Decides `number`, which must not be below `end`. Numbers that the kernel does not have go with their
    /// neighbours: allowed or not, they fail, and fewer ranges are a shorter filter.
    fn add(&mut self, number: u32, decision: Option<Decision>) {
        self.push(number, decision.unwrap_or_else(|| self.default.clone()));
        self.end = number + 1;
    }

    fn push(&mut self, start: u32, decision: Decision) {
        if self.ranges.last().is_none_or(|(_, last)| *last != decision) {
            self.ranges.push((start, decision));
        }
    }

    /// Decides all numbers behind the table; those behind `newest` (if any) are no calls at all.
    fn finish(mut self, newest: Option<u32>) -> Vec<(u32, Decision)> {
        self.push(self.end, self.default.clone());
        if let Some(newest) = newest {
            self.ranges.retain(|(start, _)| *start <= newest);
            self.push(newest + 1, Decision::Always(NO_SUCH_CALL));
        }
        self.ranges
    }
}

fn rules_by_name<'a>(rules: &[&'a Rule]) -> BTreeMap<&'a str, Vec<&'a Rule>> {
    let mut by_name: BTreeMap<&str, Vec<&Rule>> = BTreeMap::new();
    for rule in rules {
        for name in names(rule) {
            by_name.entry(name).or_default().push(rule);
        }
    }
    by_name
}

fn names(rule: &Rule) -> impl Iterator<Item = &str> {
    rule.names.iter().chain(&rule.name).map(String::as_str)
}

/// Whether the profile knows of a call at all, allowed or not.
fn is_named(profile: &Profile, name: &str) -> bool {
    profile.syscalls.iter().any(|rule| names(rule).any(|known| known == name))
}

/// A rule without arguments covers those with; else the rules are alternatives in their order.
fn combine(rules: &[&Rule], default: u32) -> Decision {
    let value = |rule: &Rule| return_value(rule.action, rule.errno_ret);
    match rules.iter().find(|rule| rule.args.is_empty()) {
        Some(rule) => Decision::Always(value(rule)),
        None => {
            let alternatives = rules.iter().map(|rule| (rule.args.clone(), value(rule)));
            Decision::ByArguments(alternatives.collect(), default)
        }
    }
}

fn counts(rule: &Rule, circumstances: &Circumstances) -> bool {
    holds(&rule.includes, circumstances) && !excludes(&rule.excludes, circumstances)
}

fn holds(condition: &Condition, circumstances: &Circumstances) -> bool {
    let arch = condition.arches.is_empty() || condition.arches.iter().any(|arch| arch == GO_NAME);
    let caps = condition.caps.iter().all(|name| circumstances.capabilities.contains(name));
    arch && caps && condition.min_kernel.is_none_or(|oldest| circumstances.kernel >= oldest)
}

fn excludes(condition: &Condition, circumstances: &Circumstances) -> bool {
    condition.arches.iter().any(|arch| arch == GO_NAME)
        || condition.caps.iter().any(|name| circumstances.capabilities.contains(name))
        || condition.min_kernel.is_some_and(|oldest| circumstances.kernel >= oldest)
}

fn return_value(action: Action, number: Option<u32>) -> u32 {
    let number = number.unwrap_or(libc::EPERM as u32) & 0xffff;
    match action {
        Action::Allow => ALLOW,
        Action::Errno => ERRNO | number,
        Action::Log => LOG,
        Action::Trap => TRAP,
        Action::Trace => TRACE | number,
        Action::KillProcess => KILL_PROCESS,
        Action::KillThread => KILL_THREAD,
    }
}
