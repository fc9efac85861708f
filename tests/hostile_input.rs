//! Projects that nobody would write, given to the real program: each ends in time, within bounded memory, with a project
//! or with a short error that names the place, and never with a panic or a stack overflow.

use std::fmt::Write as _;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;
use wait4::Wait4;

/// Most memory, in bytes: a million values at some hundred bytes, in two copies, and as much again for the typed project.
const MEMORY: u64 = 1 << 30;

/// Longest run, in seconds. Seconds are enough for a release build; this is an unoptimised one beside other tests.
const LONGEST: &str = "240";

/// Longest output on standard error, in bytes: a hundred errors with their lines, a thousand warnings.
const MESSAGES: usize = 256 << 10;

/// What is read instead of a file of its own.
const STDIN: &str = "-";

/// How a run ended.
struct Ended {
    code: Option<i32>,
    messages: String,
}

impl Ended {
    /// Asserts an error that says this.
    fn refused(&self, expected: &str) {
        assert_eq!(self.code, Some(1), "{}", self.messages);
        assert!(self.messages.contains(expected), "{expected:?} is not in:\n{}", self.messages);
    }

    fn accepted(&self) {
        assert_eq!(self.code, Some(0), "{}", self.messages);
    }
}

/// `wharf config -q` of a file below `folder`, within the bounds.
fn config(folder: &Path, file: &str, stdin: Stdio) -> Ended {
    // `timeout` waits for the program, so what it used is in the numbers of `timeout`.
    let mut command = Command::new("timeout");
    command.args(["--signal=KILL", LONGEST, env!("CARGO_BIN_EXE_wharf"), "-f", file, "config", "-q"]);
    command.current_dir(folder).stdin(stdin).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("timeout starts");
    let mut bytes = Vec::new();
    child.stderr.take().expect("a pipe").read_to_end(&mut bytes).expect("messages are read");
    let ended = child.wait4().expect("timeout ends");
    let messages = String::from_utf8_lossy(&bytes).into_owned();
    assert!(!messages.contains("panicked"), "{messages}");
    assert!(messages.len() <= MESSAGES, "{} bytes of messages for {file}", messages.len());
    let (code, used) = (ended.status.code(), ended.rusage.maxrss);
    assert!(matches!(code, Some(0 | 1)), "{file}: {:?}\n{messages}", ended.status);
    assert!(used <= MEMORY, "{file}: {} MiB of memory", used >> 20);
    Ended { code, messages }
}

/// As [`config`], of one file with this content.
fn one(content: impl AsRef<[u8]>) -> Ended {
    several(&[("compose.yaml".into(), content)])
}

/// As [`config`], of the first of several files.
fn several(files: &[(String, impl AsRef<[u8]>)]) -> Ended {
    let folder = TempDir::new().expect("a temporary folder");
    for (name, content) in files {
        fs::write(folder.path().join(name), content).expect("the file is written");
    }
    config(folder.path(), &files[0].0, Stdio::null())
}

const SERVICE: &str = "services: {a: {image: x}}\n";

/// Lines made from a number each.
fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).fold(String::new(), |mut text, index| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}", line(index));
        text
    })
}

#[test]
fn aliases_do_not_multiply_without_bound() {
    let ten = |level: usize| vec![format!("*a{}", level - 1); 10].join(",");
    let lists = lines(9, |level| match level {
        0 => "x-0: &a0 [x]".into(),
        _ => format!("x-{level}: &a{level} [{}]", ten(level)),
    });
    one(lists).refused("more than 1000000 values (aliases expanded)");
    let merged = lines(9, |level| match level {
        0 => "x-0: &a0 {k0: v}".into(),
        _ => format!("x-{level}: &a{level} {{<<: [{}], k{level}: [{}]}}", ten(level), ten(level)),
    });
    one(merged).refused("more than 1000000 values (aliases expanded)");
    let text = format!("x-a: &a '{}'\nx-b: [{}]\n", "y".repeat(1 << 20), vec!["*a"; 10_000].join(","));
    one(text).refused("more than 1000000 values (aliases expanded)");
    one("x-a: &a [*a]\n").refused("contains itself");
}

#[test]
fn nesting_has_a_bottom() {
    one(format!("x-a: {}{}\n", "[".repeat(10_000), "]".repeat(10_000))).refused("deeper than 200 levels");
    one(format!("x-a: {}", "{a: ".repeat(10_000))).refused("deeper than 200 levels");
    one(lines(10_000, |level| format!("{}a:", " ".repeat(level)))).refused("deeper than 200 levels");
    let template = format!("x-a: \"{}x{}\"\n", "${A:-".repeat(10_000), "}".repeat(10_000));
    one(template).refused("variables are nested deeper than 50 levels");
    one(format!("x-a: \"{}\"\n", "${A:-".repeat(500_000))).refused("nested deeper than 50 levels");
}

#[test]
fn chains_and_circles_of_files_end() {
    let chain: Vec<(String, String)> =
        (0..300).map(|n| (format!("{n}.yaml"), format!("include: [{}.yaml]\n{SERVICE}", n + 1))).collect();
    several(&chain).refused("files include each other over more than 100 levels");
    let doubled: Vec<(String, String)> =
        (0..40).map(|n| (format!("{n}.yaml"), format!("include: [{0}.yaml, {0}.yaml]\n", n + 1))).collect();
    let last = [("40.yaml".to_owned(), SERVICE.to_owned())];
    several(&[doubled, last.to_vec()].concat()).refused("includes more than 2000 files");
    one("include: [compose.yaml]\n").refused("include cycle detected");
    one("services: {a: {extends: b}, b: {extends: a}}\n").refused("Circular reference");
    let base =
        |n: usize| format!("services: {{a: {{image: x, extends: {{file: {}.yaml, service: a}}}}}}\n", n + 1);
    let files: Vec<(String, String)> = (0..1000).map(|n| (format!("{n}.yaml"), base(n))).collect();
    several(&[files, vec![("1000.yaml".to_owned(), SERVICE.to_owned())]].concat()).accepted();
}

#[test]
fn chains_of_services_are_no_recursion() {
    let extending = lines(10_000, |n| format!("  s{n}: {{extends: s{}}}", n + 1));
    one(format!("services:\n{extending}  s10000: {{image: x}}\n")).accepted();
    let waiting = lines(10_000, |n| format!("  s{n}: {{image: x, depends_on: [s{}]}}", n + 1));
    one(format!("services:\n{waiting}  s10000: {{image: x}}\n")).accepted();
    one(format!("services:\n{waiting}  s10000: {{image: x, depends_on: [s0]}}\n"))
        .refused("dependency cycle detected");
    let large = lines(50_000, |n| format!("      - A{n}=1"));
    let copies = lines(2_000, |n| format!("  s{n}: {{extends: b}}"));
    one(format!("services:\n  b:\n    image: x\n    environment:\n{large}{copies}"))
        .refused("the project holds more than 2000000 values");
}

#[test]
fn large_files_are_read_or_refused() {
    one(format!("x-a: '{}'\n{SERVICE}", "y".repeat(50_000_000))).accepted();
    one(lines(1_000_000, |n| format!("x-{n}: {n}"))).refused("more than 1000000 values");
    one(format!("services:\n{}", lines(1_000_000, |n| format!("  s{n}: {{image: x}}"))))
        .refused("more than 1000000 values");
    one(format!("services:\n{}", lines(100_000, |n| format!("  s{n}: {{}}"))))
        .refused("the project has 100000 services; 20000 are the most");
    one("#".repeat((64 << 20) + 1)).refused("is larger than 64 MiB");
    let folder = TempDir::new().expect("a temporary folder");
    let zero = fs::File::open("/dev/zero").expect("a device");
    config(folder.path(), STDIN, zero.into()).refused("is larger than 64 MiB");
}

#[test]
fn long_lists_take_linear_time() {
    let list = |key: &str, line: fn(usize) -> String| {
        format!("services:\n  a:\n    image: x\n    {key}:\n{}", lines(100_000, line))
    };
    one(list("cap_add", |n| format!("      - A{n}"))).accepted();
    one(list("extra_hosts", |n| format!("      - a{n}=1.2.3.4"))).accepted();
    one(list("environment", |n| format!("      A{n}: b"))).accepted();
    one(list("ports", |n| format!("      - a{n}"))).refused("Invalid containerPort: a0");
    one(list("environment", |n| format!("      A{n}: $B{n}"))).accepted();
    one(list("imge", |n| format!("      - {n}"))).refused("imge");
}

#[test]
fn variables_do_not_multiply_without_bound() {
    let doubling = lines(40, |n| match n {
        0 => "A0=0123456789abcdef".into(),
        _ => format!("A{n}=$A{0}$A{0}$A{0}$A{0}", n - 1),
    });
    let with = |env: String| several(&[("compose.yaml".into(), SERVICE.to_owned()), (".env".into(), env)]);
    with(doubling).refused("becomes longer than 64 MiB");
    with(lines(200_000, |n| format!("A{n}=$B{n}"))).accepted();
    with(format!("A=\"{}", "x\n".repeat(100_000))).refused("unterminated quoted value");
    let uses = lines(10_000, |n| format!("x-{n}: $A"));
    several(&[("compose.yaml".into(), uses), (".env".into(), format!("A={}\n", "y".repeat(100_000)))])
        .refused("becomes longer than 64 MiB");
    let warned = one(format!("x-a: '{}'\n{SERVICE}", "$A$B ".repeat(1_000_000)));
    warned.accepted();
    assert!(warned.messages.contains("more than 1000 warnings"), "{}", warned.messages);
}

#[test]
fn numbers_out_of_range_are_refused() {
    let service = |attribute: &str| one(format!("services: {{a: {{image: x, {attribute}}}}}\n"));
    service("ports: ['1-65535:1-65535']").accepted();
    let all = lines(10, |n| format!("  s{n}: {{image: x, ports: ['1-65535:1-65535']}}"));
    one(format!("services:\n{all}")).refused("publishes more than 131072 ports");
    service("ports: ['65536']").refused("Invalid containerPort: 65536");
    for attribute in ["mem_limit: 99999999999999999999g", "shm_size: 9223372036854775807g"] {
        service(attribute).refused("compose.yaml:1:");
    }
    service("stop_grace_period: 99999999999999999999h").refused("compose.yaml:1:");
    let long = format!("mem_limit: '{}'", "9".repeat(5_000_000));
    service(&long).refused("more bytes)");
}

#[test]
fn what_is_no_text_is_refused() {
    one(b"services:\n  a: {image: \"x\xff\"}\n").refused("compose.yaml:2:16");
    one(b"\x7fELF\x02\x01\x01\x00\x80\x90").refused("compose.yaml");
    one(b"services:\n  a: {image: \"x\0y\"}\n").refused("control characters are not allowed");
    one(b"services:\n  a: {image: \"x\x01y\"}\n").refused("compose.yaml:2:16");
    one(b"\xff\xfes\0\x00\xd8").refused("is not UTF-16 text");
    let utf16: Vec<u8> =
        "\u{feff}services: {a: {image: x}}\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    one(utf16).accepted();
    one(format!("\u{feff}{SERVICE}")).accepted();
}

/// A folder with a pipe, a socket and a directory in it.
fn oddities() -> TempDir {
    let folder = TempDir::new().expect("a temporary folder");
    let made = Command::new("mkfifo").arg(folder.path().join("pipe")).status().expect("mkfifo starts");
    assert!(made.success());
    drop(std::os::unix::net::UnixListener::bind(folder.path().join("socket")).expect("a socket"));
    fs::create_dir(folder.path().join("directory")).expect("a directory");
    folder
}

#[test]
fn only_regular_files_are_read_and_nothing_waits() {
    let folder = oddities();
    for odd in ["pipe", "socket", "directory", "/dev/zero", "/dev/tty"] {
        if !folder.path().join(odd).exists() {
            continue;
        }
        config(folder.path(), odd, Stdio::null()).refused("is not a regular file");
        let uses = [
            format!("include: [{odd}]\n"),
            format!("include: [{{path: good.yaml, env_file: {odd}}}]\n"),
            format!("services: {{a: {{extends: {{file: {odd}, service: a}}}}}}\n"),
            format!("services: {{a: {{image: x, env_file: {odd}}}}}\n"),
            format!("services: {{a: {{image: x, label_file: {odd}}}}}\n"),
        ];
        fs::write(folder.path().join("good.yaml"), SERVICE).expect("the file is written");
        for content in uses {
            fs::write(folder.path().join("uses.yaml"), &content).expect("the file is written");
            let ended = config(folder.path(), "uses.yaml", Stdio::null());
            ended.refused("is not a regular file");
            assert!(ended.messages.contains("uses.yaml:1:"), "{content}: {}", ended.messages);
        }
        let secrets = format!(
            "services: {{a: {{image: x, secrets: [s], configs: [c]}}}}\nsecrets: {{s: {{file: {odd}}}}}\nconfigs: {{c: {{file: {odd}}}}}\n"
        );
        fs::write(folder.path().join("uses.yaml"), secrets).expect("the file is written");
        config(folder.path(), "uses.yaml", Stdio::null()).accepted();
    }
}

#[test]
fn what_the_shell_opened_is_read() {
    let folder = TempDir::new().expect("a temporary folder");
    fs::write(folder.path().join("compose.yaml"), SERVICE).expect("the file is written");
    let wharf = env!("CARGO_BIN_EXE_wharf");
    for line in [
        format!("cat compose.yaml | {wharf} -f - config --services"),
        format!("cat compose.yaml | {wharf} -f /dev/stdin config --services"),
        format!("{wharf} -f /dev/stdin config --services < compose.yaml"),
        format!("{wharf} -f <(sleep 0.1; cat compose.yaml) config --services"),
        format!("{wharf} --env-file /dev/null -f compose.yaml config --services"),
    ] {
        let mut shell = Command::new("timeout");
        shell.args([LONGEST, "bash", "-c", &line]).current_dir(folder.path());
        let output = shell.output().expect("bash starts");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "a\n", "{line}: {output:?}");
    }
    config(folder.path(), "/dev/null", Stdio::null()).refused("empty compose file");
}
