//! What `/proc/PID/cmdline` and `/proc/PID/environ` of this process show.

use std::io;

use super::check;

/// Where the kernel believes the parts of this process's memory to be: `struct prctl_mm_map` (linux/prctl.h).
#[derive(Debug, Clone, Default)]
#[repr(C)]
pub(crate) struct MemoryMap {
    start_code: u64,
    end_code: u64,
    start_data: u64,
    end_data: u64,
    start_brk: u64,
    brk: u64,
    start_stack: u64,
    arg_start: u64,
    arg_end: u64,
    env_start: u64,
    env_end: u64,
    /// Left as it is: its size is zero.
    auxv: u64,
    auxv_size: u32,
    exe_fd: u32,
}

/// Leaves the executable as it is.
const NO_DESCRIPTOR: u32 = u32::MAX;

impl MemoryMap {
    /// Reads it from the text of `/proc/self/stat` (proc_pid_stat(5)).
    pub(crate) fn parse(stat: &str) -> io::Result<Self> {
        let wrong = || io::Error::new(io::ErrorKind::InvalidData, "unknown form of /proc/self/stat");
        // The name, which may contain anything, is the second field and ends with the last parenthesis.
        let fields: Vec<&str> = stat.rsplit_once(')').ok_or_else(wrong)?.1.split_whitespace().collect();
        // Counted from 1, as in the manual page.
        let field = |number: usize| fields.get(number - 3)?.parse().ok();
        let read = || {
            Some(Self {
                start_code: field(26)?,
                end_code: field(27)?,
                start_stack: field(28)?,
                start_data: field(45)?,
                end_data: field(46)?,
                start_brk: field(47)?,
                arg_start: field(48)?,
                arg_end: field(49)?,
                env_start: field(50)?,
                env_end: field(51)?,
                exe_fd: NO_DESCRIPTOR,
                ..Self::default()
            })
        };
        read().ok_or_else(wrong)
    }
}

/// Shows `command_line` (words that end with a zero byte) and no environment. Where the kernel has no
/// `CONFIG_CHECKPOINT_RESTORE` it shows as much of it as fits in the place of the old one.
pub(crate) fn show_command_line(memory: &MemoryMap, command_line: Vec<u8>) {
    // It is read for as long as the process lives.
    let shown: &'static [u8] = command_line.leak();
    if replace(memory, shown).is_err() {
        overwrite(memory, shown);
    }
}

fn replace(memory: &MemoryMap, shown: &'static [u8]) -> io::Result<()> {
    let start = shown.as_ptr() as u64;
    let end = start + shown.len() as u64;
    // SAFETY: zero asks where the break is and moves nothing.
    let brk = unsafe { libc::sbrk(0) } as u64;
    let map =
        MemoryMap { brk, arg_start: start, arg_end: end, env_start: end, env_end: end, ..memory.clone() };
    let size = size_of::<MemoryMap>();
    // SAFETY: `map` has the kernel's layout and lives over the call. Only where the kernel looks for the command line and the
    // environment changes, and `shown` is never freed.
    let result = unsafe { libc::prctl(libc::PR_SET_MM, libc::PR_SET_MM_MAP, &raw const map, size, 0) };
    check(result.into()).map(|_| ())
}

fn overwrite(memory: &MemoryMap, shown: &[u8]) {
    let length = usize::try_from(memory.arg_end.saturating_sub(memory.arg_start)).unwrap_or(0);
    let kept = shown.len().min(length);
    let place = memory.arg_start as *mut u8;
    // SAFETY: the kernel wrote this process's arguments there, on its stack, and nothing reads them after the start.
    unsafe {
        place.write_bytes(0, length);
        place.copy_from_nonoverlapping(shown.as_ptr(), kept);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_of_this_process_is_understood() {
        let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
        let map = MemoryMap::parse(&stat).unwrap();
        let length = usize::try_from(map.arg_end - map.arg_start).unwrap();
        assert_eq!(length, std::fs::read("/proc/self/cmdline").unwrap().len());
        assert!(
            map.start_code < map.end_code && map.start_data <= map.end_data && map.env_start >= map.arg_end
        );
        assert!(MemoryMap::parse("1 (x) R 0").is_err() && MemoryMap::parse("").is_err());
    }
}
