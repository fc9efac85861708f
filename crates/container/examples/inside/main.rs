//! What a process sees inside of a container, as one flat JSON object on standard output.
//!
//! A witness for tests: run under two engines, every difference between the two objects is a difference that a
//! program could notice. It judges nothing, hides nothing, and changes only what it made itself. It needs nothing but
//! the standard library, so that one call of `rustc` with `-C target-feature=+crt-static` makes a program that runs in
//! an empty image; its errors are part of what it reports.
//!
//! `inside [syscalls] [PATH...]`: with `syscalls` also what every system call answers to senseless arguments; each
//! PATH is looked at in detail.

mod cgroups;
mod devices;
mod files;
mod mounts;
mod network;
mod process;
mod report;
mod syscalls;

use report::Report;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut report = Report::default();
    process::describe(&mut report);
    mounts::describe(&mut report);
    devices::describe(&mut report);
    network::describe(&mut report);
    cgroups::describe(&mut report);
    files::describe(&mut report, arguments.iter().filter(|word| word.starts_with('/')));
    if arguments.iter().any(|word| word == "syscalls") {
        syscalls::describe(&mut report);
    }
    println!("{report}");
}
