//! One of the two engines: runs cases through the `docker` client and notes what was shown.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;

use serde_json::Value;
use tempfile::TempDir;

use crate::cases::{Case, words};
use crate::image;
use crate::normalise::Normaliser;

/// What was seen, by name.
pub type Seen = BTreeMap<String, String>;
/// What was seen in each case.
pub type Shown = BTreeMap<&'static str, Seen>;

/// How many cases run at a time.
const PARALLEL: usize = 3;

/// What `show` says of each item, some at a time: an engine waits more than it works.
pub fn in_parallel<I: Send>(
    items: impl Iterator<Item = I> + Send,
    show: impl Fn(I) -> (&'static str, Seen) + Sync,
) -> Shown {
    let queue = Mutex::new(items);
    let shown = Mutex::new(Shown::new());
    std::thread::scope(|threads| {
        for _ in 0..PARALLEL {
            threads.spawn(|| {
                loop {
                    let next = queue.lock().unwrap().next();
                    let Some(item) = next else { return };
                    let (name, seen) = show(item);
                    shown.lock().unwrap().insert(name, seen);
                }
            });
        }
    });
    shown.into_inner().unwrap()
}

/// Denies two calls with errors of its own and allows the rest.
const PROFILE: &str = r#"{"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_X86_64","SCMP_ARCH_X86","SCMP_ARCH_X32"],"syscalls":[
    {"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":38},
    {"names":["personality"],"action":"SCMP_ACT_ERRNO","args":[{"index":0,"value":8,"op":"SCMP_CMP_EQ"}]}]}"#;

pub struct Side<C: Fn(&[&str]) -> Command + Sync> {
    client: C,
    /// Starts the name of everything that is made.
    prefix: String,
    folder: TempDir,
    normaliser: Normaliser,
}

/// What a command did.
pub struct Done {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl<C: Fn(&[&str]) -> Command + Sync> Side<C> {
    pub fn new(name: &str, client: C, program: &Path) -> Self {
        let prefix = format!("wharf-probe-{}", std::process::id());
        let folder = tempfile::tempdir().unwrap();
        fill(folder.path());
        let mut side = Self { client, prefix, folder, normaliser: Normaliser::default() };
        for (kind, changes) in image::KINDS {
            side.import(kind, changes, &image::archive(program));
        }
        let all = "run --rm --privileged --network host --pid host --ipc host --uts host --cgroupns host {i} /inside";
        let host = side.run(all, "host");
        assert_eq!(host.code, 0, "{name}: {}", host.stderr);
        side.normaliser.learn_host(&parse(&host.stdout).unwrap());
        side
    }

    fn import(&self, kind: &str, changes: &[&str], archive: &[u8]) {
        let file = self.folder.path().join("image.tar");
        fs::write(&file, archive).unwrap();
        let name = self.image(kind);
        let file = file.display().to_string();
        let changes = changes.iter().flat_map(|change| ["--change", change]);
        let arguments: Vec<&str> =
            ["import"].into_iter().chain(changes).chain([file.as_str(), &name]).collect();
        let output = (self.client)(&arguments).output().unwrap();
        assert!(output.status.success(), "import: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn image(&self, kind: &str) -> String {
        format!("{}-{kind}:latest", self.prefix)
    }

    pub fn run_all(&self, cases: &[Case]) -> Shown {
        in_parallel(cases.iter().enumerate(), |(number, case)| {
            (case.name, self.show(case, &number.to_string()))
        })
    }

    /// Runs the commands of a case; notes what the last one showed.
    fn show(&self, case: &Case, number: &str) -> Seen {
        let (last, preparation) = case.steps.split_last().unwrap();
        let mut donor = None;
        for step in preparation {
            let done = self.run(step, number);
            assert!(done.code == 0, "{}: {step}: {} {}", case.name, done.code, done.stderr);
            donor = parse(&done.stdout).or(donor);
        }
        let done = self.run(last, number);
        self.clean_up(number);
        let normalise = |text: &str| self.normal(text);
        let mut seen = match parse(&done.stdout) {
            Some(seen) => self.normaliser.seen(seen, donor.as_ref(), normalise),
            None => BTreeMap::from([("stdout".to_owned(), normalise(done.stdout.trim()))]),
        };
        seen.insert("exit code".to_owned(), done.code.to_string());
        seen.insert("stderr".to_owned(), self.message(&done.stderr));
        seen
    }

    /// Any text, without what differs between runs.
    pub fn normal(&self, text: &str) -> String {
        let own = [(self.prefix.as_str(), "wharf-probe"), (self.folder.path().to_str().unwrap(), "{d}")];
        let text = own.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to));
        self.normaliser.text(&text)
    }

    /// What the client said went wrong.
    pub fn message(&self, stderr: &str) -> String {
        self.normaliser.message(&self.normal(stderr))
    }

    /// Runs a command of the case with this number.
    pub fn run(&self, step: &str, number: &str) -> Done {
        let words: Vec<String> = words(step).iter().map(|word| self.fill_in(word, number)).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let output = (self.client)(&words).output().unwrap();
        Done {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// What stands for the names in braces in the case with this number.
    pub fn fill_in(&self, word: &str, number: &str) -> String {
        let mut word = word.replace("{d}", self.folder.path().to_str().unwrap());
        for name in ["a", "b", "v", "n"] {
            word = word.replace(&format!("{{{name}}}"), &format!("{}-{number}-{name}", self.prefix));
        }
        word = word.replace("{i}", &self.image("plain")).replace("{disk}", &format!("/dev/{}", disk().0));
        word.replace("{rich}", &self.image("rich")).replace("{bare}", &self.image("bare"))
    }

    /// Removes what a case made; most cases make only a part of it.
    fn clean_up(&self, number: &str) {
        self.run("rm --force --volumes {a} {b}", number);
        for command in ["volume rm --force {v}", "network rm {n}"] {
            self.run(command, number);
        }
    }
}

impl<C: Fn(&[&str]) -> Command + Sync> Drop for Side<C> {
    fn drop(&mut self) {
        for (kind, _) in image::KINDS {
            let _ = (self.client)(&["rmi", "--force", &self.image(kind)]).output();
        }
    }
}

/// Name and number (`254:0`) of a disk of this machine.
pub fn disk() -> (String, String) {
    let of = |name: &str| {
        let number = fs::read_to_string(format!("/sys/block/{name}/dev")).ok()?;
        Path::new("/dev").join(name).exists().then(|| (name.to_owned(), number.trim().to_owned()))
    };
    ["vda", "sda", "nvme0n1", "xvda", "loop0"].into_iter().find_map(of).unwrap_or_default()
}

/// The files of the host that cases use.
fn fill(folder: &Path) {
    let bound = folder.join("bound");
    fs::create_dir(&bound).unwrap();
    fs::write(bound.join("hello"), "from the host\n").unwrap();
    fs::set_permissions(&bound, fs::Permissions::from_mode(0o750)).unwrap();
    std::os::unix::fs::chown(&bound, Some(1000), Some(50)).unwrap();
    fs::write(folder.join("file.txt"), "a file of the host\n").unwrap();
    fs::write(folder.join("profile.json"), PROFILE).unwrap();
    fs::write(folder.join("env.list"), "# a comment\nONE=1\nTWO=a b\nNOT_SET_HERE\n").unwrap();
}

/// What the program inside said, if it is what spoke.
fn parse(stdout: &str) -> Option<Seen> {
    let Value::Object(seen) = serde_json::from_str(stdout.trim()).ok()? else { return None };
    seen.into_iter().map(|(name, value)| Some((name, value.as_str()?.to_owned()))).collect()
}
