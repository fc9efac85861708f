//! Reads and prints projects with `wharf config` and, side by side in the same run, with `docker compose config`, and
//! prints the median times, their ratio and the peak memory of both.
//!
//!     cargo bench --bench config
//!
//! The reference is the program `docker-compose` on PATH, else the plugin of that name below `~/.docker` or `/usr`;
//! without it only our column is printed. `WHARF_BENCH_ROUNDS` (default 11) rounds are timed after one that is not.
//! Needs: the typical file at least 5 times faster, 500 services within 60 ms.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use wait4::Wait4;

/// A project on disk and the arguments that read it.
struct Case {
    name: &'static str,
    arguments: Vec<String>,
}

/// What one program took.
#[derive(Clone, Copy)]
struct Taken {
    time: Duration,
    /// Peak resident memory, in KiB.
    memory: u64,
}

fn main() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let reference = reference();
    let rounds = std::env::var("WHARF_BENCH_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(11);
    println!("{:<38} {:>10} {:>8} {:>12} {:>9} {:>7}", "work", "wharf", "peak", "docker", "peak", "ratio");
    for case in cases(folder.path()) {
        let ours = Path::new(env!("CARGO_BIN_EXE_wharf"));
        let mut times = (Vec::new(), Vec::new());
        for round in 0..=rounds {
            let our = run(ours, &case, folder.path());
            let their = reference.as_deref().map(|program| run(program, &case, folder.path()));
            if round > 0 {
                times.0.push(our);
                times.1.extend(their);
            }
        }
        println!("{}", line(case.name, median(times.0), (!times.1.is_empty()).then(|| median(times.1))));
    }
}

fn line(name: &str, ours: Taken, theirs: Option<Taken>) -> String {
    let milliseconds = |taken: Taken| format!("{:.1} ms", taken.time.as_secs_f64() * 1e3);
    let memory = |taken: Taken| format!("{:.1} MB", taken.memory as f64 / 1024.0);
    let mut line = format!("{name:<38} {:>10} {:>8}", milliseconds(ours), memory(ours));
    if let Some(theirs) = theirs {
        let ratio = theirs.time.as_secs_f64() / ours.time.as_secs_f64();
        // Writing to a string cannot fail.
        let _ = write!(line, " {:>12} {:>9} {ratio:>6.1}x", milliseconds(theirs), memory(theirs));
    }
    line
}

/// The reference as a program of its own: starting `docker` first would count against it.
fn reference() -> Option<PathBuf> {
    let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let plugins = [home.join(".docker"), "/usr/libexec/docker".into(), "/usr/lib/docker".into()];
    let folders = std::env::split_paths(&path).chain(plugins.map(|folder| folder.join("cli-plugins")));
    let found = folders.map(|folder| folder.join("docker-compose")).find(|program| program.is_file());
    if found.is_none() {
        println!("docker-compose was not found: only our own times");
    }
    found
}

/// Runs one program with its output thrown away; panics when it fails.
fn run(program: &Path, case: &Case, folder: &Path) -> Taken {
    let mut command = Command::new(program);
    command.args(&case.arguments).current_dir(folder);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    let ended = command.spawn().expect("the program starts").wait4().expect("the program ends");
    let time = start.elapsed();
    assert!(ended.status.success(), "{} {:?} failed", program.display(), case.arguments);
    Taken { time, memory: ended.rusage.maxrss / 1024 }
}

/// The run of median time, with the memory of that run.
fn median(mut taken: Vec<Taken>) -> Taken {
    taken.sort_by_key(|taken| taken.time);
    taken[taken.len() / 2]
}

fn cases(folder: &Path) -> Vec<Case> {
    let write = |name: &str, text: String| {
        fs::write(folder.join(name), text).expect("the file is written");
        name.to_owned()
    };
    let config = |files: Vec<String>| {
        let mut arguments: Vec<String> = files.into_iter().flat_map(|file| ["-f".to_owned(), file]).collect();
        arguments.push("config".into());
        arguments
    };
    let one = write("one.yml", "services:\n  web:\n    image: nginx\n".into());
    let quiet = [config(vec![one]), vec!["-q".into()]].concat();
    let mut cases = vec![
        Case { name: "version", arguments: vec!["version".into()] },
        Case { name: "config -q, one service", arguments: quiet },
        Case {
            name: "typical file, 5 services",
            arguments: config(vec![write("typical.yml", TYPICAL.into())]),
        },
    ];
    for (name, count) in [("50 services, many attributes", 50), ("500 services, many attributes", 500)] {
        let file = write(&format!("{count}.yml"), services(count, "s", ""));
        cases.push(Case { name, arguments: config(vec![file]) });
    }
    cases.push(Case {
        name: "500 services, usual attributes",
        arguments: config(vec![write("usual.yml", usual(500))]),
    });
    cases.push(Case { name: "20 includes of 5 services", arguments: config(vec![includes(&write)]) });
    cases.push(Case {
        name: "100 services that extend",
        arguments: config(vec![write("extends.yml", extends())]),
    });
    let overrides =
        (0..10).map(|number| write(&format!("override{number}.yml"), services(20, "s", OVERRIDE)));
    cases.push(Case { name: "10 override files of 20 services", arguments: config(overrides.collect()) });
    cases
}

/// Services of a dozen lines each.
fn usual(count: usize) -> String {
    let mut text = String::from("services:\n");
    for number in 0..count {
        let before = number.checked_sub(1).map(|before| format!("s{before}: {{condition: service_started}}"));
        let _ = writeln!(
            text,
            r#"  s{number}:
    image: example/s{number}:1.0
    command: ["run", "--port", "80"]
    environment: {{NUMBER: "{number}", FOLDER: "${{HOME}}", MODE: fast, LEVEL: info}}
    ports: ["{}:80"]
    volumes: ["data:/data", "./source{number}:/source:ro"]
    depends_on: {{{}}}
    labels: {{team: blue, tier: back}}
    healthcheck: {{test: ["CMD", "true"], interval: 10s}}
    deploy: {{resources: {{limits: {{memory: 64m}}}}}}
    networks: [front, back]"#,
            10_000 + number,
            before.unwrap_or_default()
        );
    }
    text + "networks: {front: {}, back: {}}\nvolumes: {data: {}}\n"
}

fn includes(write: &dyn Fn(&str, String) -> String) -> String {
    let mut text = String::from("include:\n");
    for number in 0..20 {
        let part = write(&format!("part{number}.yml"), services(5, &format!("p{number}-"), ""));
        let _ = writeln!(text, "  - {part}");
    }
    write("includes.yml", text)
}

fn extends() -> String {
    let mut text = services(1, "base", "");
    for number in 0..100 {
        let _ = write!(
            text,
            "  s{number}:\n    extends: {{service: base0}}\n    environment: {{N: \"{number}\"}}\n    hostname: s{number}\n"
        );
    }
    text
}

const OVERRIDE: &str = "    cap_add: [NET_ADMIN]\n";

fn services(count: usize, prefix: &str, more: &str) -> String {
    let mut text = String::from("services:\n");
    for number in 0..count {
        let _ = write!(text, "  {prefix}{number}:\n{SERVICE}{more}");
    }
    text
}

const SERVICE: &str = r#"    image: registry.example.com/team/service:${TAG:-1.2.3}
    command: ["serve", "--port", "8080", "--workers", "4"]
    restart: unless-stopped
    user: "1000:1000"
    working_dir: /app
    environment:
      DATABASE_URL: postgres://user:${DB_PASSWORD:-secret}@db:5432/app
      REDIS_URL: redis://redis:6379/0
      LOG_LEVEL: info
      WORKERS: "4"
    labels:
      com.example.team: platform
      com.example.tier: backend
    ports: ["8080", "127.0.0.1::9090/tcp"]
    volumes:
      - ./config:/etc/app:ro
      - type: tmpfs
        target: /tmp
    healthcheck:
      test: ["CMD", "curl", "-f", "http://localhost:8080/health"]
      interval: 30s
      timeout: 5s
      retries: 3
    deploy:
      resources:
        limits: {cpus: "0.5", memory: 512M}
    logging:
      driver: json-file
      options: {max-size: 10m, max-file: "3"}
    ulimits: {nofile: {soft: 1024, hard: 4096}}
"#;

const TYPICAL: &str = r#"name: shop
services:
  web:
    image: nginx:1.27
    ports: ["8080:80"]
    volumes: ["./nginx.conf:/etc/nginx/nginx.conf:ro"]
    depends_on: [api]
  api:
    build: {context: ./api, args: {VERSION: "${VERSION:-dev}"}}
    command: uvicorn app:app --host 0.0.0.0
    environment:
      DATABASE_URL: postgres://app:${POSTGRES_PASSWORD:-secret}@db/app
      REDIS_URL: redis://cache:6379
    depends_on:
      db: {condition: service_healthy}
      cache: {condition: service_started}
    healthcheck: {test: curl -f http://localhost:8000/health, interval: 10s}
  worker:
    build: ./api
    command: celery -A app worker
    deploy: {replicas: 2}
    depends_on: [db, cache]
  db:
    image: postgres:16
    environment: {POSTGRES_PASSWORD: "${POSTGRES_PASSWORD:-secret}"}
    volumes: [data:/var/lib/postgresql/data]
    healthcheck: {test: [CMD-SHELL, pg_isready], interval: 5s, retries: 5}
  cache:
    image: redis:7
    command: redis-server --appendonly yes
volumes:
  data:
"#;
