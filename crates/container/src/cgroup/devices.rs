//! Restricting which devices a group may use (contract 1.4.2, 1.4.3).

use super::{Cgroup, CgroupError, device_program, write_each};
use crate::spec::{DeviceKind, DeviceRule};
use crate::sys;

impl Cgroup {
    /// Applies `rules` in order, the last match wins; no rules change nothing.
    ///
    /// # Errors
    /// The kernel refuses one, or (v2) lacks eBPF device programs: then there is no way to keep a container
    /// from the host's disks, so this is an error and not a warning.
    pub(super) fn set_device_rules(&self, rules: &[DeviceRule]) -> Result<(), CgroupError> {
        if rules.is_empty() {
            return Ok(());
        }
        if let Some(directory) = self.legacy("devices") {
            let mut runs = rules.chunk_by(|one, next| one.allow == next.allow);
            return runs.try_for_each(|run| {
                let file = if run[0].allow { "devices.allow" } else { "devices.deny" };
                write_each(directory, file, run.iter().map(legacy_rule))
            });
        }
        let Some(unified) = &self.unified else { return Ok(()) };
        let program = device_program::compile(rules);
        sys::attach_device_program(unified, &program)
            .map_err(|source| CgroupError::new("restrict devices of", unified, source))
    }
}

/// `c 1:3 rwm`. The kernel's `a` covers every device whatever else the rule says, so it stands only for rules
/// that do.
fn legacy_rule(rule: &DeviceRule) -> String {
    let kind = match rule.kind {
        None => return "a".to_owned(),
        Some(DeviceKind::Character) => "c",
        Some(DeviceKind::Block) => "b",
    };
    let number = |number: Option<u32>| number.map_or("*".to_owned(), |number| number.to_string());
    format!("{kind} {}:{} {}", number(rule.major), number(rule.minor), rule.access)
}
