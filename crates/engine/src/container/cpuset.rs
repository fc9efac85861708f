//! CPUs and memory nodes that a container asks for (contract 1.13.1): lists such as `0-3,5`, held against the host's.

use std::collections::BTreeSet;
use std::fs;

/// Larger numbers are no CPUs: no list may take memory without end.
const MOST: u32 = 8192;

/// Checks both lists; empty asks for nothing.
///
/// # Errors
/// Docker's texts: a list that is none, or what the host does not have.
pub fn check(cpus: &str, nodes: &str) -> Result<(), String> {
    check_list(cpus, "cpus", "CPUs", "/sys/devices/system/cpu/online")?;
    check_list(nodes, "mems", "memory nodes", "/sys/devices/system/node/online")
}

fn check_list(asked: &str, kind: &str, what: &str, file: &str) -> Result<(), String> {
    if asked.is_empty() {
        return Ok(());
    }
    let invalid = || format!("Invalid value {asked} for cpuset {kind}: invalid format: {asked}");
    let wanted = parse(asked).ok_or_else(invalid)?;
    // A kernel without this file cannot say; then the cgroup decides.
    let Ok(online) = fs::read_to_string(file) else { return Ok(()) };
    let online = online.trim();
    if parse(online).is_none_or(|known| wanted.is_subset(&known)) {
        return Ok(());
    }
    Err(format!("Requested {what} are not available - requested {asked}, available: {online}"))
}

fn parse(list: &str) -> Option<BTreeSet<u32>> {
    let mut numbers = BTreeSet::new();
    for part in list.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last): (u32, u32) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        if first > last || last > MOST {
            return None;
        }
        numbers.extend(first..=last);
    }
    Some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_held_against_the_host() {
        assert_eq!(parse("0-2,5").unwrap().into_iter().collect::<Vec<_>>(), [0, 1, 2, 5]);
        assert!(check("", "").is_ok() && check("0", "").is_ok());
        for wrong in ["x", "3-1", "0,,1", "99999999"] {
            let text = format!("Invalid value {wrong} for cpuset cpus: invalid format: {wrong}");
            assert_eq!(check(wrong, "").unwrap_err(), text);
        }
        let error = check("8000", "").unwrap_err();
        assert!(
            error.starts_with("Requested CPUs are not available - requested 8000, available: 0"),
            "{error}"
        );
    }
}
