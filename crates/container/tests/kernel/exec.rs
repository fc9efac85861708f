//! More processes in a running container, and terminals.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::AsFd;

use crate::support::{Engine, engine, exec_spec, skip};
use wharf_container::Stage;
use wharf_container::process::ExitStatus;
use wharf_container::pty;
use wharf_container::spec::{ContainerSpec, ExecSpec, TerminalSize};
use wharf_container::stdio::{ChildStdio, ParentStdio};

struct Running {
    engine: Engine,
    spec: ContainerSpec,
    launched: wharf_container::client::Launched,
    _stdio: ParentStdio,
}

fn running() -> Running {
    let mut engine = Engine::ready();
    let mut spec = engine.shell("sleep 60");
    spec.process.environment.push("COLOUR=green".into());
    let (launched, stdio) = engine.launch(&spec).unwrap();
    Running { engine, spec, launched, _stdio: stdio }
}

impl Running {
    fn exec(&self, script: &str) -> ExecSpec {
        exec_spec(&self.spec, &self.launched, &["/bin/sh", "-c", script])
    }
}

#[test]
fn an_exec_is_inside_with_the_same_rights() {
    if skip() {
        return;
    }
    let running = running();
    let script = "hostname; echo $COLOUR; ps -o args | grep -c '[s]leep 60'; touch /made-by-exec; ls -l /proc/self/fd | wc -l; \
                  grep -E '^(CapInh|CapEff|CapBnd|Seccomp:)' /proc/self/status | tr '\\t' ' '; exit 7";
    let output = running.engine.run_exec("exec-1", &running.exec(script));
    assert_eq!(output.status, ExitStatus::Code(7), "{output:?}");
    let expected = format!(
        "{}\ngreen\n1\n5\nCapInh: 0000000000000000\nCapEff: 00000000a80425fb\nCapBnd: 00000000a80425fb\nSeccomp: 2\n",
        &running.spec.id[..12]
    );
    assert_eq!(output.stdout, expected);
    assert!(running.engine.upper(&running.spec).join("made-by-exec").exists());

    let (launched, _stdio) = running.engine.exec("exec-2", &running.exec("sleep 60")).unwrap();
    let members = running.engine.cgroup(&running.spec).processes().unwrap();
    assert!(members.contains(&launched.identity.pid), "{members:?}");
    assert!(launched.identity.is_alive());
}

#[test]
fn an_exec_has_its_own_user() {
    if skip() {
        return;
    }
    let running = running();
    let mut spec = running.exec("id -u; id -G; echo $HOME; pwd; echo again > /proc/self/fd/1");
    spec.process.user = "app".into();
    spec.process.working_directory = "/tmp".into();
    let output = running.engine.run_exec("exec", &spec);
    assert_eq!(output.success(), "1000\n1001 50\n/home/app\n/tmp\nagain\n");
}

#[test]
fn execs_that_cannot_run_say_why() {
    if skip() {
        return;
    }
    let running = running();
    let mut spec = running.exec("");
    spec.process.arguments = vec!["nope".into()];
    let failure = running.engine.exec("exec", &spec).unwrap_err();
    assert_eq!((failure.exit_code, failure.stage), (127, Stage::Execute), "{failure:?}");
    running.launched.pidfd.send_signal(9).unwrap();
    running.engine.exited();
    let failure = running.engine.exec("exec", &running.exec("true")).unwrap_err();
    assert_eq!(failure.stage, Stage::Namespaces, "the container is gone: {failure:?}");
}

#[test]
fn many_execs_at_once_all_come_back() {
    if skip() {
        return;
    }
    let running = running();
    let spec = running.exec("exit 9");
    for number in 0..40 {
        running
            .engine
            .link
            .exec(&format!("e{number}"), &spec, ChildStdio::default(), ParentStdio::default())
            .unwrap();
    }
    let (mut launched, mut exited) = (0, 0);
    while exited < 40 {
        match running.engine.event() {
            wharf_container::client::Event::Launched(_) => launched += 1,
            wharf_container::client::Event::Exited { id, status } => {
                assert_eq!(status, ExitStatus::Code(9));
                running.engine.link.forget(&id).unwrap();
                exited += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(launched, 40);
}

/// Reads lines of a terminal until one contains `text`.
fn read_until(terminal: &mut BufReader<File>, text: &str) -> String {
    let mut all = String::new();
    while !all.contains(text) {
        assert!(terminal.read_line(&mut all).unwrap() > 0, "{all:?}");
    }
    all
}

#[test]
fn a_container_with_a_terminal() {
    let Some(mut engine) = engine() else { return };
    let mut spec = engine.shell(
        "tty; stat -c %u /dev/console /dev/pts/0; stty size; read line; echo got $line; stty size; exit 4",
    );
    spec.process.terminal = Some(TerminalSize { rows: 30, columns: 100 });
    spec.process.user = "1000".into();
    let (launched, _) = engine.launch(&spec).unwrap();
    let terminal = launched.terminal.expect("no terminal came");
    let mut writer = File::from(terminal.try_clone().unwrap());
    let mut reader = BufReader::new(File::from(terminal.try_clone().unwrap()));
    let text = read_until(&mut reader, "30 100");
    assert_eq!(text, "/dev/pts/0\r\n1000\r\n1000\r\n30 100\r\n");
    pty::resize(terminal.as_fd(), TerminalSize { rows: 5, columns: 6 }).unwrap();
    writer.write_all(b"word\n").unwrap();
    read_until(&mut reader, "5 6\r\n");
    assert_eq!(engine.exited().1, ExitStatus::Code(4));
    let mut rest = Vec::new();
    let end = reader.read_to_end(&mut rest);
    assert!(
        end.is_ok() || end.is_err_and(|error| error.raw_os_error() == Some(5)),
        "EIO is the end of a terminal"
    );
}

#[test]
fn an_exec_with_a_terminal() {
    if skip() {
        return;
    }
    let running = running();
    let mut spec = running.exec("test -t 0 && test -t 2 && echo yes; cat");
    spec.process.terminal = Some(TerminalSize::default());
    let (launched, _) = running.engine.exec("exec", &spec).unwrap();
    let mut writer = File::from(launched.terminal.unwrap());
    let mut reader = BufReader::new(writer.try_clone().unwrap());
    read_until(&mut reader, "yes\r\n");
    // Ctrl-C reaches the foreground process group through the terminal.
    writer.write_all(b"\x03").unwrap();
    assert_eq!(running.engine.exited().1, ExitStatus::Signal(2));
}
