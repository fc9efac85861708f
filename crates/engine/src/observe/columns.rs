//! The columns of `ps` that `top` can show, and the arguments that choose them.

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use super::processes::{Host, Process};
use crate::error::{Error, Result};

/// One column.
pub struct Column {
    /// Names in `-o`.
    names: &'static [&'static str],
    /// Its head.
    pub title: &'static str,
    /// Its text for one process.
    pub value: fn(&Process, &Host) -> String,
}

const FULL: &[&str] = &["uid", "pid", "ppid", "c", "stime", "tty", "time", "cmd"];
const USER: &[&str] =
    &["user", "pid", "pcpu", "pmem", "vsz", "rss", "tty", "stat", "start", "cputime", "command"];

static COLUMNS: &[Column] = &[
    Column { names: &["uid"], title: "UID", value: user },
    Column { names: &["user", "euser"], title: "USER", value: user },
    Column { names: &["pid"], title: "PID", value: |process, _| process.pid.to_string() },
    Column { names: &["ppid"], title: "PPID", value: |process, _| process.parent.to_string() },
    Column { names: &["c"], title: "C", value: |process, host| (cpu_share(process, host) / 10).to_string() },
    Column { names: &["stime"], title: "STIME", value: started },
    Column { names: &["start", "start_time"], title: "START", value: started },
    Column { names: &["tty", "tt", "tname"], title: "TTY", value: |process, _| terminal(process.terminal) },
    Column { names: &["time"], title: "TIME", value: cpu_time },
    Column { names: &["cputime"], title: "TIME", value: short_cpu_time },
    Column { names: &["cmd"], title: "CMD", value: |process, _| process.command.clone() },
    Column { names: &["command", "args"], title: "COMMAND", value: |process, _| process.command.clone() },
    Column { names: &["comm", "ucmd"], title: "COMMAND", value: |process, _| process.name.clone() },
    Column {
        names: &["pcpu", "%cpu"],
        title: "%CPU",
        value: |process, host| tenths(cpu_share(process, host)),
    },
    Column { names: &["pmem", "%mem"], title: "%MEM", value: memory_share },
    Column {
        names: &["vsz", "vsize"],
        title: "VSZ",
        value: |process, _| (process.virtual_size / 1024).to_string(),
    },
    Column {
        names: &["rss", "rssize"],
        title: "RSS",
        value: |process, host| (resident(process, host) / 1024).to_string(),
    },
    Column { names: &["stat", "s", "state"], title: "STAT", value: state },
    Column { names: &["nlwp", "thcount"], title: "NLWP", value: |process, _| process.threads.to_string() },
    Column { names: &["ni", "nice"], title: "NI", value: |process, _| process.nice.to_string() },
];

/// The columns that `arguments` of `ps` choose: nothing, `-ef`, `aux`, or lists after `-o`.
///
/// # Errors
/// Anything else.
pub fn chosen(arguments: &str) -> Result<Vec<&'static Column>> {
    match arguments.split_whitespace().collect::<Vec<_>>()[..] {
        [] | ["-ef" | "ef" | "-f"] => FULL.iter().map(|name| column(name)).collect(),
        ["aux" | "-aux" | "u" | "ux"] => USER.iter().map(|name| column(name)).collect(),
        ref words => listed(words),
    }
}

/// `-o pid,cmd -o user`, also `-eo` and `-opid`.
fn listed(words: &[&str]) -> Result<Vec<&'static Column>> {
    let mut columns = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let list = word
            .strip_prefix("-eo")
            .or_else(|| word.strip_prefix("-o"))
            .ok_or_else(|| Error::BadParameter(format!("ps: error: unsupported option {word:?}")))?;
        let list = if list.is_empty() { words.next().copied().unwrap_or_default() } else { list };
        for name in list.split(',') {
            columns.push(column(name)?);
        }
    }
    Ok(columns)
}

fn column(name: &str) -> Result<&'static Column> {
    COLUMNS.iter().find(|column| column.names.contains(&name)).ok_or_else(|| {
        Error::BadParameter(format!("ps: error: unknown user-defined format specifier {name:?}"))
    })
}

fn user(process: &Process, host: &Host) -> String {
    host.users.get(&process.uid).cloned().unwrap_or_else(|| process.uid.to_string())
}

fn resident(process: &Process, host: &Host) -> u64 {
    process.resident_pages * host.page_size
}

/// Seconds since 1970.
fn start_second(process: &Process, host: &Host) -> i64 {
    host.booted.saturating_add_unsigned(process.started / host.tick_rate)
}

/// CPU time against the time since the start, in thousandths.
fn cpu_share(process: &Process, host: &Host) -> u64 {
    let lived = host.now.as_second().saturating_sub(start_second(process, host)).max(1).unsigned_abs();
    process.ticks * 1000 / host.tick_rate / lived
}

fn memory_share(process: &Process, host: &Host) -> String {
    tenths(resident(process, host) * 1000 / host.memory.max(1))
}

fn tenths(thousandths: u64) -> String {
    format!("{}.{}", thousandths / 10, thousandths % 10)
}

/// The time of day for what started today, else the day.
fn started(process: &Process, host: &Host) -> String {
    let zone = TimeZone::system();
    let Ok(start) = Timestamp::from_second(start_second(process, host)) else { return "?".to_owned() };
    let (start, now): (Zoned, Zoned) = (start.to_zoned(zone.clone()), host.now.to_zoned(zone));
    let form = if start.date() == now.date() { "%H:%M" } else { "%b%d" };
    start.strftime(form).to_string()
}

fn cpu_time(process: &Process, host: &Host) -> String {
    let seconds = process.ticks / host.tick_rate;
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

fn short_cpu_time(process: &Process, host: &Host) -> String {
    let seconds = process.ticks / host.tick_rate;
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// The kernel's letter and what `ps` adds to it.
fn state(process: &Process, _: &Host) -> String {
    let mut text = String::from(process.state);
    if process.nice != 0 {
        text.push(if process.nice < 0 { '<' } else { 'N' });
    }
    if process.session_leader {
        text.push('s');
    }
    if process.threads > 1 {
        text.push('l');
    }
    text
}

/// Device numbers of the kernel (admin-guide/devices.txt): 136 to 143 are `/dev/pts`, 4 is `/dev/tty`.
fn terminal(device: u32) -> String {
    let major = device >> 8 & 0xfff;
    let minor = device & 0xff | device >> 12 & 0xfff00;
    match major {
        0 => "?".to_owned(),
        136..=143 => format!("pts/{}", minor + (major - 136) * 256),
        4 => format!("tty{minor}"),
        _ => format!("{major},{minor}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    fn host() -> Host {
        Host {
            booted: 1_000,
            now: Timestamp::from_second(1_200).unwrap(),
            tick_rate: 100,
            page_size: 4096,
            memory: 4096 * 1000,
            users: HashMap::from([(0, "root".to_owned())]),
        }
    }

    fn titles(arguments: &str) -> Vec<&'static str> {
        chosen(arguments).unwrap().iter().map(|column| column.title).collect()
    }

    #[test]
    fn arguments_choose_columns() {
        assert_eq!(titles("-o pid,cmd -o user"), ["PID", "CMD", "USER"]);
        assert_eq!(titles("-eo pid"), ["PID"]);
        assert_eq!(titles("aux")[..4], ["USER", "PID", "%CPU", "%MEM"]);
        assert!(chosen("-o bogus").is_err_and(|error| error.to_string().contains("bogus")));
        assert!(chosen("--forest").is_err());
    }

    #[test]
    fn times_and_shares_are_those_of_the_process() {
        // Started 100 s after the host, which is 100 s ago, and has used 10 s since.
        let process = Process { ticks: 1_000, started: 10_000, resident_pages: 25, ..Process::default() };
        assert_eq!(cpu_time(&process, &host()), "00:00:10");
        assert_eq!(tenths(cpu_share(&process, &host())), "10.0");
        assert_eq!(memory_share(&process, &host()), "2.5");
        assert_eq!(user(&process, &host()), "root");
    }

    #[test]
    fn terminals_have_names() {
        assert_eq!(terminal(0), "?");
        assert_eq!(terminal(136 << 8 | 3), "pts/3");
        assert_eq!(terminal(4 << 8 | 1), "tty1");
    }
}
