//! Requests at a steady rate while something else happens, and what became of them.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Requests in a second.
const RATE: u32 = 200;
/// Clients that take turns; more than are busy at a time.
const CLIENTS: u32 = 16;

/// What became of all requests.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Answers by their text.
    pub answers: BTreeMap<String, usize>,
    /// Requests without an answer, each with the reason.
    pub failures: Vec<String>,
}

impl Report {
    pub fn answered(&self) -> usize {
        self.answers.values().sum()
    }
}

/// Clients that ask until they are stopped.
pub struct Load {
    stop: Arc<AtomicBool>,
    report: Arc<Mutex<Report>>,
    clients: Vec<JoinHandle<()>>,
}

impl Load {
    /// 200 requests a second over a connection each (HTTP/1.0), and one client with a connection that it keeps and asks for
    /// what takes a second.
    pub fn begin(port: u16) -> Self {
        let mut load = Self { stop: Arc::default(), report: Arc::default(), clients: Vec::new() };
        let pause = Duration::from_secs(1) * CLIENTS / RATE;
        for client in 0..CLIENTS {
            let mut next = Instant::now() + pause * client / CLIENTS;
            load.client(move || {
                std::thread::sleep(next.saturating_duration_since(Instant::now()));
                next += pause;
                once(port)
            });
        }
        load.client(move || kept(port));
        load
    }

    fn client(&mut self, mut ask: impl FnMut() -> Vec<Result<String, String>> + Send + 'static) {
        let (stop, report) = (Arc::clone(&self.stop), Arc::clone(&self.report));
        self.clients.push(std::thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                note(&report, ask());
            }
        }));
    }

    /// What became of the requests so far.
    pub fn so_far(&self) -> Report {
        self.report.lock().unwrap().clone()
    }

    /// Ends all clients.
    pub fn end(self) -> Report {
        self.stop.store(true, Ordering::Relaxed);
        self.clients.into_iter().for_each(|client| client.join().unwrap());
        Arc::into_inner(self.report).unwrap().into_inner().unwrap()
    }
}

fn note(report: &Mutex<Report>, results: Vec<Result<String, String>>) {
    let mut report = report.lock().unwrap();
    for result in results {
        match result {
            Ok(answer) => *report.answers.entry(answer).or_default() += 1,
            Err(reason) => report.failures.push(reason),
        }
    }
}

fn once(port: u16) -> Vec<Result<String, String>> {
    let ask = || {
        let mut stream = connect(port)?;
        stream.write_all(b"GET / HTTP/1.0\r\n\r\n").map_err(|error| format!("send: {error}"))?;
        answer(&mut stream)
    };
    vec![ask()]
}

/// Two slow requests over one connection.
fn kept(port: u16) -> Vec<Result<String, String>> {
    let mut stream = match connect(port) {
        Ok(stream) => stream,
        Err(reason) => return vec![Err(reason)],
    };
    let mut ask = || {
        let text = b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n";
        stream.write_all(text).map_err(|error| format!("kept, send: {error}"))?;
        answer(&mut stream).map_err(|error| format!("kept, {error}"))
    };
    vec![ask(), ask()]
}

fn connect(port: u16) -> Result<TcpStream, String> {
    let stream = TcpStream::connect(("127.0.0.1", port)).map_err(|error| format!("connect: {error}"))?;
    stream.set_read_timeout(Some(Duration::from_secs(20))).map_err(|error| error.to_string())?;
    Ok(stream)
}

/// The body of an answer that says how long it is.
fn answer(stream: &mut TcpStream) -> Result<String, String> {
    let mut bytes = Vec::new();
    let mut piece = [0; 1024];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
            let length: usize = length.and_then(|length| length.parse().ok()).ok_or("no length")?;
            if body.len() >= length {
                return Ok(body.to_owned());
            }
        }
        match stream.read(&mut piece).map_err(|error| format!("receive: {error}"))? {
            0 => return Err(format!("the connection ended after {} bytes", bytes.len())),
            count => bytes.extend_from_slice(&piece[..count]),
        }
    }
}
