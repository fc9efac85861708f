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
    let wanted =
        parse(asked).map_err(|reason| format!("Invalid value {asked} for cpuset {kind}: {reason}"))?;
    // A kernel without this file cannot say; then the cgroup decides.
    let Ok(online) = fs::read_to_string(file) else { return Ok(()) };
    let online = online.trim();
    if parse(online).is_ok_and(|known| !wanted.is_subset(&known)) {
        return Err(format!("Requested {what} are not available - requested {asked}, available: {online}"));
    }
    Ok(())
}

/// The numbers of a list, or what is wrong with it.
fn parse(list: &str) -> Result<BTreeSet<u32>, String> {
    let invalid = || format!("invalid format: {list}");
    let number = |text: &str| text.trim().parse::<u32>().map_err(|_| invalid());
    let mut numbers = BTreeSet::new();
    for part in list.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (number(first)?, number(last)?);
        if first > last {
            return Err(invalid());
        }
        if last > MOST {
            return Err(format!("value of out range, maximum is {MOST}"));
        }
        numbers.extend(first..=last);
    }
    Ok(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_held_against_the_host() {
        assert_eq!(parse("0-2,5").unwrap().into_iter().collect::<Vec<_>>(), [0, 1, 2, 5]);
        assert!(check("", "").is_ok() && check("0", "").is_ok());
        for wrong in ["x", "3-1", "0,,1"] {
            let text = format!("Invalid value {wrong} for cpuset cpus: invalid format: {wrong}");
            assert_eq!(check(wrong, "").unwrap_err(), text);
        }
        assert!(check("99999999", "").unwrap_err().ends_with("value of out range, maximum is 8192"));
        let error = check("8000", "").unwrap_err();
        assert!(
            error.starts_with("Requested CPUs are not available - requested 8000, available: 0"),
            "{error}"
        );
    }
}
