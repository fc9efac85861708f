//! Taking the steps of a scenario.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::column::{Column, Tool};
use super::expect::{Expectation, Seen};
use super::text::{Action, Scenario, Step};

/// Longest time until a state is reached, and for a command to end.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks at a state.
const LOOK: Duration = Duration::from_millis(10);

/// A scenario in its folder, with a project of its own.
struct Running<'s> {
    column: Column,
    tool: &'s Tool,
    folder: tempfile::TempDir,
    /// What commands print; not in the project's folder, where a watch would see it.
    output: tempfile::TempDir,
    project: String,
    port: u16,
    begun: BTreeMap<String, Background>,
    transcript: String,
}

struct Background {
    child: Child,
    out: PathBuf,
    err: PathBuf,
}

/// Runs a scenario; the error is everything that happened.
pub fn run(scenario: &Scenario, column: Column, tool: &Tool) -> Result<(), String> {
    let mut running = Running::new(scenario, column, tool);
    let steps = scenario.steps.iter().filter(|step| column.takes(&step.only));
    for step in steps {
        if let Err(problem) = running.step(step) {
            return Err(running.story(&problem));
        }
    }
    Ok(())
}

impl<'s> Running<'s> {
    fn new(scenario: &Scenario, column: Column, tool: &'s Tool) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let project = format!("sc{}-{number}-{}", std::process::id(), column.name());
        let folder = tempfile::tempdir().unwrap();
        let running = Running {
            column,
            tool,
            folder,
            output: tempfile::tempdir().unwrap(),
            project,
            port: crate::support::free_port(),
            begun: BTreeMap::new(),
            transcript: String::new(),
        };
        for (name, content) in &scenario.files {
            let path = running.folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, running.fill(content)).unwrap();
        }
        running
    }

    fn fill(&self, text: &str) -> String {
        let folder = self.folder.path().to_string_lossy();
        text.replace("{project}", &self.project)
            .replace("{port}", &self.port.to_string())
            .replace("{folder}", &folder)
            .replace("{registry}", &super::registry().unwrap_or_default())
    }

    /// What is needed to understand a failure.
    fn story(&mut self, problem: &str) -> String {
        let state = self.tool(&["ps", "-a"].map(str::to_owned)).out;
        let logs = self.tool(&["logs", "--tail", "20"].map(str::to_owned)).out;
        let mut story = format!("{problem}\n\n{}\n--- ps -a\n{state}\n", self.transcript);
        let _ = writeln!(story, "--- logs\n{}", end_of(&logs));
        for (name, begun) in &mut self.begun {
            let Seen { out, err, code } = begun.seen();
            let _ = writeln!(story, "--- {name}: {code:?}\n{}\n{}", end_of(&out), end_of(&err));
        }
        story
    }

    fn step(&mut self, step: &Step) -> Result<(), String> {
        let _ = writeln!(self.transcript, "\n{}", step.text);
        match &step.action {
            Action::Run(args) => {
                let seen = self.tool(args);
                self.judge(step, &seen, true)
            }
            Action::Shell(line) => {
                let seen = self.shell(line);
                self.judge(step, &seen, true)
            }
            Action::Until(args) => self.until(step, true, |running| running.tool(args)),
            Action::UntilShell(line) => self.until(step, true, |running| running.shell(line)),
            Action::Begin(name, args) => {
                self.begin(name, args);
                Ok(())
            }
            Action::Shows(name) => self.until(step, false, |running| running.background(name).seen()),
            Action::Signal(name, signal) => self.signal(name, named_signal(signal)),
            Action::Ends(name) => self.end(step, name),
        }
    }

    /// Repeats a look until it shows what is expected; the last look is the one that is told of.
    fn until(
        &mut self,
        step: &Step,
        ended: bool,
        mut look: impl FnMut(&mut Self) -> Seen,
    ) -> Result<(), String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let before = self.transcript.len();
            let seen = look(self);
            let judged = self.judge(step, &seen, ended);
            if judged.is_ok() || Instant::now() > deadline {
                return judged;
            }
            self.transcript.truncate(before);
            std::thread::sleep(LOOK);
        }
    }

    /// Compares, and notes what was seen. A command that ended did so with 0 unless another code is expected.
    fn judge(&mut self, step: &Step, seen: &Seen, ended: bool) -> Result<(), String> {
        let _ =
            writeln!(self.transcript, "  code {:?}\n  out {:?}\n  err {:?}", seen.code, seen.out, seen.err);
        let mine = |(only, _): &&(String, Expectation)| self.column.takes(only);
        let expected: Vec<_> = step.expectations.iter().filter(mine).map(|(_, expected)| expected).collect();
        let any_code = expected.iter().any(|expected| matches!(expected, Expectation::Code(_)));
        if ended && !any_code && seen.code != Some(0) {
            return Err(format!("{}: ended with {:?}", step.text, seen.code));
        }
        match expected.into_iter().find(|expected| !expected.holds(seen, &|text| self.fill(text))) {
            Some(failed) => Err(format!("{}: expected {failed:?}", step.text)),
            None => Ok(()),
        }
    }

    fn tool(&mut self, args: &[String]) -> Seen {
        let args: Vec<String> = args.iter().map(|arg| self.fill(arg)).collect();
        self.finished(self.tool.command(self.folder.path(), &self.project, &args))
    }

    fn shell(&mut self, line: &str) -> Seen {
        self.finished(self.tool.shell(self.folder.path(), &self.project, &self.fill(line)))
    }

    fn begin(&mut self, name: &str, args: &[String]) {
        let args: Vec<String> = args.iter().map(|arg| self.fill(arg)).collect();
        let command = self.tool.command(self.folder.path(), &self.project, &args);
        let begun = Background::begin(command, &self.output.path().join(name));
        self.begun.insert(name.to_owned(), begun);
    }

    /// Runs a command to its end, which a scenario does not wait for without a limit.
    fn finished(&self, command: Command) -> Seen {
        let mut begun = Background::begin(command, &self.output.path().join("step"));
        if !begun.ends() {
            begun.kill();
        }
        begun.seen()
    }

    /// Sends a signal as a terminal does, to all processes of the command, as soon as it is ready for it.
    fn signal(&mut self, name: &str, signal: Signal) -> Result<(), String> {
        let pid = Pid::from_child(&self.background(name).child);
        let deadline = Instant::now() + PATIENCE;
        while signal != Signal::KILL && !is_caught(pid, signal) {
            if Instant::now() > deadline {
                return Err(format!("{name} does not listen for {signal:?}"));
            }
            std::thread::sleep(LOOK);
        }
        kill_process_group(pid, signal).map_err(|error| format!("cannot signal {name}: {error}"))
    }

    fn background(&mut self, name: &str) -> &mut Background {
        self.begun.get_mut(name).unwrap_or_else(|| panic!("{name} was not begun"))
    }

    fn end(&mut self, step: &Step, name: &str) -> Result<(), String> {
        let mut background = self.begun.remove(name).unwrap();
        if !background.ends() {
            background.kill();
            let seen = background.seen();
            let (out, err) = (end_of(&seen.out), end_of(&seen.err));
            return Err(format!("{}: still runs\n  out {out:?}\n  err {err:?}", step.text));
        }
        let seen = background.seen();
        self.judge(step, &seen, true)
    }
}

impl Background {
    /// Starts a command in a process group of its own; `output` is where its streams go.
    fn begin(mut command: Command, output: &Path) -> Background {
        let (out, err) = (output.with_extension("out"), output.with_extension("err"));
        command.stdout(File::create(&out).unwrap()).stderr(File::create(&err).unwrap());
        let child = command.process_group(0).spawn().unwrap();
        Background { child, out, err }
    }

    /// Waits for the end; false when it does not come.
    fn ends(&mut self) -> bool {
        let deadline = Instant::now() + PATIENCE;
        while self.child.try_wait().unwrap().is_none() {
            if Instant::now() > deadline {
                return false;
            }
            std::thread::sleep(LOOK);
        }
        true
    }

    fn seen(&mut self) -> Seen {
        // The status first: what is printed before the end is seen then for certain.
        let code = self.child.try_wait().unwrap().and_then(|status| status.code());
        let text = |path: &Path| String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
        Seen { out: text(&self.out), err: text(&self.err), code }
    }

    fn kill(&mut self) {
        // It may have ended by itself.
        let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        let _ = self.child.wait();
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        for background in self.begun.values_mut() {
            background.kill();
        }
        let args = ["down", "-v", "-t", "0", "--remove-orphans", "--rmi", "local"].map(str::to_owned);
        self.tool(&args);
    }
}

/// The last part of a long text.
fn end_of(text: &str) -> &str {
    const SHOWN: usize = 2000;
    let from = (text.len().saturating_sub(SHOWN)..=text.len()).find(|at| text.is_char_boundary(*at));
    from.map_or(text, |from| &text[from..])
}

/// Whether a process has a handler for a signal, as its status in `/proc` says.
fn is_caught(pid: Pid, signal: Signal) -> bool {
    let status = fs::read_to_string(format!("/proc/{}/status", pid.as_raw_nonzero())).unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap_or_default();
    let mask = u64::from_str_radix(mask.trim(), 16).unwrap_or(0);
    mask & (1 << (signal.as_raw() - 1)) != 0
}

fn named_signal(name: &str) -> Signal {
    match name {
        "INT" => Signal::INT,
        "TERM" => Signal::TERM,
        "KILL" => Signal::KILL,
        other => panic!("signal {other} is not known to scenarios"),
    }
}
