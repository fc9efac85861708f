//! Writing and reading a log together.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use futures::StreamExt;
use tempfile::TempDir;

use super::options::LogSettings;
use super::{Format, Log, LogWriter, TagSource};
use crate::container::LogOptions;
use crate::io::StdStream;
use crate::model::config::Config;
use crate::model::host_config::LogConfig;

fn log(directory: &TempDir, format: Format, max_size: u64, max_files: usize) -> Log {
    let settings =
        LogSettings::parse(&LogConfig::default(), &TagSource::example(), &Config::default()).unwrap();
    let compress = format == Format::Local && max_files > 1;
    let settings = LogSettings { format, compress, max_size, max_files, ..settings };
    Log::new(directory.path().join("x.log"), settings)
}

fn writer(log: &Log, stream: StdStream) -> LogWriter {
    let journal = log.path().with_extension(format!("journal-{stream:?}"));
    log.writer(stream, &journal).unwrap()
}

fn write(writer: &mut LogWriter, text: &[u8]) {
    let (read, end) = rustix::pipe::pipe().unwrap();
    // Less than a pipe holds.
    for piece in text.chunks(16 * 1024) {
        rustix::io::write(&end, piece).unwrap();
        let taken = writer.take(&read, piece.len(), |_| {}).unwrap();
        assert!(taken.count == piece.len() && taken.failure.is_none(), "{taken:?}");
    }
}

fn both() -> LogOptions {
    LogOptions { stdout: true, stderr: true, ..LogOptions::default() }
}

async fn bytes(log: &Log, options: LogOptions) -> Vec<u8> {
    let outputs: Vec<_> = log.read(options).await.unwrap().collect().await;
    outputs.into_iter().flat_map(|output| output.unwrap().data.to_vec()).collect()
}

async fn text(log: &Log, options: LogOptions) -> String {
    String::from_utf8(bytes(log, options).await).unwrap()
}

#[tokio::test]
async fn what_was_written_is_read() {
    for format in [Format::Json, Format::Local] {
        let directory = tempfile::tempdir().unwrap();
        let log = log(&directory, format, u64::MAX, 1);
        let (mut out, mut err) = (writer(&log, StdStream::Stdout), writer(&log, StdStream::Stderr));
        write(&mut out, b"one\ntwo\npart");
        write(&mut err, b"bad\n");
        out.finish().unwrap();
        assert_eq!(text(&log, both()).await, "one\ntwo\nbad\npart");
        assert_eq!(text(&log, LogOptions { stdout: false, ..both() }).await, "bad\n");
    }
}

#[tokio::test]
async fn tail_counts_over_files_also_compressed_ones() {
    for (format, size) in [(Format::Json, 500), (Format::Local, 200)] {
        let directory = tempfile::tempdir().unwrap();
        let log = log(&directory, format, size, 4);
        let mut out = writer(&log, StdStream::Stdout);
        for number in 0..14 {
            write(&mut out, format!("{number}\n").as_bytes());
        }
        for count in [0, 1, 5, 9, 12] {
            let wanted: String = (14 - count..14).map(|number| format!("{number}\n")).collect();
            let tail = LogOptions { tail: Some(count), ..both() };
            assert_eq!(text(&log, tail).await, wanted, "{format:?} tail {count}");
        }
    }
}

#[tokio::test]
async fn since_and_until_bound_the_times() {
    for format in [Format::Json, Format::Local] {
        let directory = tempfile::tempdir().unwrap();
        let log = log(&directory, format, u64::MAX, 1);
        let mut out = writer(&log, StdStream::Stdout);
        write(&mut out, b"a\nb\nc\n");
        let stamped = text(&log, LogOptions { timestamps: true, ..both() }).await;
        let middle: jiff::Timestamp =
            stamped.lines().nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
        assert_eq!(text(&log, LogOptions { since: Some(middle), ..both() }).await, "b\nc\n");
        assert_eq!(text(&log, LogOptions { until: Some(middle), ..both() }).await, "a\nb\n");
    }
}

#[tokio::test]
async fn a_follower_loses_nothing_over_rotations() {
    for format in [Format::Json, Format::Local] {
        let directory = tempfile::tempdir().unwrap();
        let log = log(&directory, format, 2000, 2);
        let mut out = writer(&log, StdStream::Stdout);
        let follower = tokio::spawn({
            let stream = log.read(LogOptions { follow: true, ..both() }).await.unwrap();
            stream.map(|output| String::from_utf8(output.unwrap().data.to_vec()).unwrap()).collect::<Vec<_>>()
        });
        let lines: Vec<String> = (0..2000).map(|number| format!("line {number}\n")).collect();
        for line in &lines {
            write(&mut out, line.as_bytes());
            tokio::task::yield_now().await;
        }
        out.finish().unwrap();
        assert_eq!(follower.await.unwrap(), lines);
    }
}

#[test]
fn files_are_bounded() {
    let directory = tempfile::tempdir().unwrap();
    let log = log(&directory, Format::Json, 2000, 2);
    let mut out = writer(&log, StdStream::Stdout);
    (0..500).for_each(|number| write(&mut out, format!("line {number}\n").as_bytes()));
    out.finish().unwrap();
    assert_eq!(names(directory.path()), BTreeSet::from(["x.log", "x.log.1"].map(str::to_owned)));
    assert!(fs::metadata(log.path()).unwrap().len() < 2100);
}

fn names(directory: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(directory).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[tokio::test]
async fn the_local_format_keeps_any_bytes() {
    let directory = tempfile::tempdir().unwrap();
    let log = log(&directory, Format::Local, 50_000, 5);
    let mut out = writer(&log, StdStream::Stdout);
    let text: Vec<u8> =
        (0..100_000_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    text.chunks(999).for_each(|chunk| write(&mut out, chunk));
    out.finish().unwrap();
    assert_eq!(bytes(&log, both()).await, text);
}

/// A worker is killed between two of its steps: its files are as they were then, and nobody has closed anything.
fn killed(writer: LogWriter) {
    std::mem::forget(writer);
}

#[tokio::test]
async fn an_unfinished_line_survives_the_worker() {
    let directory = tempfile::tempdir().unwrap();
    let first = log(&directory, Format::Json, u64::MAX, 1);
    let mut out = writer(&first, StdStream::Stdout);
    write(&mut out, b"one\ntw");
    killed(out);
    let second = log(&directory, Format::Json, u64::MAX, 1);
    let mut out = writer(&second, StdStream::Stdout);
    write(&mut out, b"o\nthree");
    out.finish().unwrap();
    assert_eq!(text(&second, both()).await, "one\ntwo\nthree");
    assert_eq!(names(directory.path()), BTreeSet::from(["x.log".to_owned()]), "the journal is gone");
}

#[tokio::test]
async fn half_a_write_is_taken_back_and_done_again() {
    for lost in [1, 20, 90] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x.log");
        let first = log(&directory, Format::Json, u64::MAX, 1);
        let mut out = writer(&first, StdStream::Stdout);
        write(&mut out, b"before\n");
        let journal = directory.path().join("x.journal-Stdout");
        let head = fs::read(&journal).unwrap();
        write(&mut out, b"one\ntwo\n");
        killed(out);
        // The journal as it was between the promise and the write; the write only in part.
        let whole = fs::read(&path).unwrap();
        let promised = super::journal::Journal::open(&journal).unwrap();
        let mut again = fs::OpenOptions::new().write(true).open(&journal).unwrap();
        std::io::Write::write_all(&mut again, &head[..4096]).unwrap();
        let before = whole.iter().position(|byte| *byte == b'\n').unwrap() as u64 + 1;
        let mut journal = super::journal::Journal::open(&journal).unwrap();
        let intent = super::journal::Intent {
            until: promised.recorded(),
            log_before: before,
            log_after: whole.len() as u64,
            line: promised.line(),
        };
        journal.intend(intent).unwrap();
        fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(whole.len() as u64 - lost).unwrap();

        let second = log(&directory, Format::Json, u64::MAX, 1);
        let mut out = writer(&second, StdStream::Stdout);
        write(&mut out, b"three\n");
        out.finish().unwrap();
        assert_eq!(text(&second, both()).await, "before\none\ntwo\nthree\n", "{lost} bytes lost");
    }
}

#[tokio::test]
async fn half_a_line_of_a_host_that_died_does_not_spoil_the_next() {
    let directory = tempfile::tempdir().unwrap();
    let log = log(&directory, Format::Json, u64::MAX, 1);
    fs::write(log.path(), "{\"log\":\"cut o").unwrap();
    let mut out = writer(&log, StdStream::Stdout);
    write(&mut out, b"next\n");
    out.finish().unwrap();
    assert_eq!(text(&log, both()).await, "next\n");
}
