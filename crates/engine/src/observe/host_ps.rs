//! `top` with arguments that only the host's own `ps` understands: it is run as Docker Engine runs it, and of its lines those of the
//! container's processes are kept.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::process::{Command, Output};

use crate::error::{Error, Result};
use crate::model::summary::Top;

/// What the host's `ps` says of the processes `pids`; `None` on a host without it.
///
/// # Errors
/// It cannot be run, refuses the arguments, or shows no process ids.
pub fn top(pids: &[i32], arguments: &str) -> Result<Option<Top>> {
    let words: Vec<&str> = arguments.split_whitespace().collect();
    if words.iter().any(|word| renames_pid(word)) {
        let text = format!("specifying \"{arguments}\" is not allowed: the column PID is needed");
        return Err(Error::BadParameter(text));
    }
    let list = pids.iter().map(i32::to_string).collect::<Vec<_>>().join(",");
    // A choice of processes cannot be combined with every argument: without it, all of the host's are shown and filtered.
    let Some(mut output) = run(&[&words[..], &["-q", &list]].concat())? else { return Ok(None) };
    if !output.status.success() {
        output = run(&words)?.unwrap_or(output);
    }
    if !output.status.success() {
        let reason = String::from_utf8_lossy(&output.stderr);
        return Err(Error::BadParameter(format!("ps: {}", reason.lines().next().unwrap_or("it failed"))));
    }
    parse(&String::from_utf8_lossy(&output.stdout), pids).map(Some)
}

/// `-o cmd=PID` and the like: lines of others could pass for the container's.
fn renames_pid(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, title)| title.starts_with("PID") && name != "pid")
}

fn run(arguments: &[&str]) -> Result<Option<Output>> {
    match Command::new("ps").args(arguments).output() {
        Ok(output) => Ok(Some(output)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io("run", "ps")(error)),
    }
}

/// A line whose process is `-` is a thread of the process above it.
fn parse(output: &str, pids: &[i32]) -> Result<Top> {
    let wanted: BTreeSet<String> = pids.iter().map(i32::to_string).collect();
    let mut lines = output.lines();
    let titles: Vec<String> =
        lines.next().unwrap_or_default().split_whitespace().map(str::to_owned).collect();
    let column = titles.iter().position(|title| title == "PID");
    let column =
        column.ok_or_else(|| Error::BadParameter("Couldn't find PID field in ps output".to_owned()))?;
    let mut processes = Vec::new();
    let mut kept = false;
    for line in lines {
        let fields = fields(line, titles.len());
        match fields.get(column).map(String::as_str) {
            Some("-") => {}
            Some(pid) => kept = wanted.contains(pid),
            None => continue,
        }
        if kept {
            processes.push(fields);
        }
    }
    Ok(Top { titles, processes })
}

/// Words, of which the last is the rest of the line: only that column has blanks in it.
fn fields(line: &str, count: usize) -> Vec<String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let (single, rest) = words.split_at(words.len().min(count.saturating_sub(1)));
    let mut fields: Vec<String> = single.iter().map(|word| (*word).to_owned()).collect();
    if !rest.is_empty() {
        fields.push(rest.join(" "));
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_containers_lines_are_kept() {
        let output = "  PID TTY   COMMAND\n    7 ?     sleep 100\n    - -     -\n    8 pts/0 top -d 1\n";
        let top = parse(output, &[7]).unwrap();
        assert_eq!(top.titles, ["PID", "TTY", "COMMAND"]);
        assert_eq!(top.processes, [vec!["7", "?", "sleep 100"], vec!["-", "-", "-"]]);
        assert!(parse("COMMAND\nsleep\n", &[7]).is_err());
    }

    #[test]
    fn no_other_column_passes_for_the_process() {
        assert!(renames_pid("ppid=PID") && renames_pid("cmd=PIDx"));
        assert!(!renames_pid("pid=PID") && !renames_pid("cmd=COMMAND"));
    }
}
