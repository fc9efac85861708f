//! A service: limits and devices.

use crate::project::attributes::cases::{ALWAYS, CDI, ZERO};
use crate::project::attributes::row::{Attribute, row};
use crate::project::attributes::support::{Support::Differs, refused, warned};
use crate::project::attributes::texts::{GPUS, REALTIME, WINDOWS};
use crate::project::interpolate::Cast;
use crate::project::merge::{Key, Rule};

/// Its rows.
pub const ROWS: &[Attribute] = &[
    row("services.*.blkio_config", "Limits of block devices"),
    row("services.*.blkio_config.device_read_bps", "Bytes read per second, by device"),
    row("services.*.blkio_config.device_read_bps.[].path", "The device"),
    row("services.*.blkio_config.device_read_bps.[].rate", "The limit"),
    row("services.*.blkio_config.device_read_iops", "Reads per second, by device"),
    row("services.*.blkio_config.device_read_iops.[].path", "The device"),
    row("services.*.blkio_config.device_read_iops.[].rate", "The limit"),
    row("services.*.blkio_config.device_write_bps", "Bytes written per second, by device"),
    row("services.*.blkio_config.device_write_bps.[].path", "The device"),
    row("services.*.blkio_config.device_write_bps.[].rate", "The limit"),
    row("services.*.blkio_config.device_write_iops", "Writes per second, by device"),
    row("services.*.blkio_config.device_write_iops.[].path", "The device"),
    row("services.*.blkio_config.device_write_iops.[].rate", "The limit"),
    row("services.*.blkio_config.weight", "Share of block I/O, 10 to 1000").cast(Cast::Integer),
    row("services.*.blkio_config.weight_device", "Share by device")
        .built_in(refused(ALWAYS, "the engine sets one weight for all devices")),
    row("services.*.blkio_config.weight_device.[].path", "The device"),
    row("services.*.blkio_config.weight_device.[].weight", "Its share, 10 to 1000").cast(Cast::Integer),
    row("services.*.cpu_count", "CPUs of a container on Windows")
        .cast(Cast::Integer)
        .both(refused(ALWAYS, WINDOWS).help("use `cpus`")),
    row("services.*.cpu_percent", "Share of the CPUs of a container on Windows")
        .cast(Cast::Float)
        .both(refused(ALWAYS, WINDOWS).help("use `cpus`")),
    row("services.*.cpu_shares", "Weight among containers that compete for CPUs")
        .default("`1024`")
        .cast(Cast::Integer),
    row("services.*.cpu_quota", "CPU time per period, in microseconds").cast(Cast::Integer),
    row("services.*.cpu_period", "Length of a period, in microseconds")
        .default("`100000`")
        .cast(Cast::Integer),
    row("services.*.cpu_rt_period", "Length of a realtime period, in microseconds")
        .cast(Cast::Integer)
        .built_in(refused(ALWAYS, REALTIME)),
    row("services.*.cpu_rt_runtime", "Realtime CPU time per period, in microseconds")
        .cast(Cast::Integer)
        .built_in(refused(ALWAYS, REALTIME)),
    row("services.*.cpus", "Number of CPUs, fractions too").default("no limit").cast(Cast::Float),
    row("services.*.cpuset", "CPUs to run on").default("all"),
    row("services.*.device_cgroup_rules", "Rules for devices"),
    row("services.*.devices", "Devices of the host in the container")
        .unique(Key::Device)
        .built_in(refused(CDI, "the engine reads no CDI specifications")),
    row("services.*.devices.[].source", "Path on the host, or CDI name"),
    row("services.*.devices.[].target", "Path in the container").default("the same"),
    row("services.*.devices.[].permissions", "Of `r`, `w` and `m`").default("`rwm`"),
    row("services.*.gpus", "GPUs").built_in(refused(ALWAYS, GPUS)),
    row("services.*.gpus.[].capabilities", "What the device must be able to do"),
    row("services.*.gpus.[].count", "How many; `all`").default("`all`"),
    row("services.*.gpus.[].device_ids", "Devices by id"),
    row("services.*.gpus.[].driver", "Device driver of the engine"),
    row("services.*.gpus.[].options", "Options of the driver"),
    row("services.*.mem_limit", "Most memory").default("no limit"),
    row("services.*.mem_reservation", "Memory kept when the host runs short"),
    row("services.*.mem_swappiness", "How readily memory is swapped out, 0 to 100")
        .both(warned(ZERO, "the engine is told nothing, as by Docker Compose")),
    row("services.*.memswap_limit", "Most memory and swap together; `-1` is no limit")
        .default("twice the memory"),
    row("services.*.oom_kill_disable", "Wait instead of being killed when memory runs out")
        .default("`false`")
        .cast(Cast::Boolean)
        .both(Differs("cgroup v2 has no such switch; the engine says so")),
    row("services.*.pids_limit", "Most processes; `-1` is no limit").default("no limit").cast(Cast::Integer),
    row("services.*.shm_size", "Size of `/dev/shm`").default("`64m`"),
    row("services.*.ulimits", "Limits of the process, by name").default("the engine's"),
    row("services.*.ulimits.*", "One limit: a number, or soft and hard")
        .merge(Rule::Replace)
        .cast(Cast::Integer),
    row("services.*.ulimits.*.hard", "Hard limit").cast(Cast::Integer),
    row("services.*.ulimits.*.soft", "Soft limit").cast(Cast::Integer),
];
