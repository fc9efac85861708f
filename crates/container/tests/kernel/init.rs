//! `init: true`: what process 1 does, and what it shows.

use std::fs;

use wharf_container::capabilities::Capabilities;
use wharf_container::process::ExitStatus;

use crate::support::{PROBE, engine};

#[test]
fn an_init_reaps_and_passes_signals_on() {
    let Some(mut engine) = engine() else { return };
    let mut spec = engine.shell("trap 'echo term; exit 5' TERM; (sleep 0.01 &); sleep 0.1; ps -o pid,stat,comm | grep -c Z; echo $$; sleep 9 & wait");
    spec.init = true;
    let (launched, stdio) = engine.launch(&spec).unwrap();
    let mut lines = std::io::BufReader::new(fs::File::from(stdio.stdout.unwrap()));
    let mut text = String::new();
    while !text.contains("\n2\n") && !text.starts_with("2\n") {
        assert!(std::io::BufRead::read_line(&mut lines, &mut text).unwrap() > 0, "{text}");
    }
    launched.pidfd.send_signal(15).unwrap();
    let (_, status) = engine.exited();
    assert_eq!(status, ExitStatus::Code(5));
    std::io::Read::read_to_string(&mut lines, &mut text).unwrap();
    assert_eq!(text, "0\n2\nterm\n");

    let mut spec = engine.container(&["nope"]);
    spec.init = true;
    assert_eq!(engine.failure(&spec).exit_code, 127);
}

#[test]
fn it_shows_the_command_and_nothing_of_the_host() {
    let Some(mut engine) = engine() else { return };
    let script = "tr '\\0' '|' < /proc/1/cmdline; echo; cat /proc/1/comm; readlink /proc/1/exe; cat /proc/1/environ; exit 0";
    let mut spec = engine.shell(script);
    spec.init = true;
    let shown = format!("/sbin/docker-init|--|/bin/sh|-c|{script}|\ndocker-init\n");
    assert_eq!(engine.run(&spec).success(), shown);
    // With all rights to look at it, it is a file without a name.
    spec.process.capabilities = Capabilities::all();
    let output = engine.run(&spec).success();
    assert_eq!(output, format!("{shown}/\n"));
    assert!(!output.contains(PROBE));
}

/// What was kept to start the command would outlive it in the init.
#[test]
fn it_has_no_more_rights_than_the_command() {
    let Some(mut engine) = engine() else { return };
    let mut spec =
        engine.shell("for process in 1 self; do grep -E '^Cap(Prm|Eff)' /proc/$process/status; done");
    spec.init = true;
    spec.process.user = "app".into();
    let none = "CapPrm:\t0000000000000000\nCapEff:\t0000000000000000\n";
    assert_eq!(engine.run(&spec).success(), none.repeat(2));
}
