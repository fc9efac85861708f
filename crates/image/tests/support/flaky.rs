//! A proxy in front of a registry that cuts long answers off.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

pub struct FlakyProxy {
    pub port: u16,
    ranges: Arc<Mutex<Vec<u64>>>,
}

impl FlakyProxy {
    /// Cuts a connection after `limit` bytes of answers, `times` times; then behaves.
    pub fn start(upstream: u16, limit: usize, times: usize) -> FlakyProxy {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let ranges = Arc::new(Mutex::new(Vec::new()));
        let cuts = Arc::new(AtomicUsize::new(times));
        let seen = ranges.clone();
        thread::spawn(move || {
            for client in listener.incoming() {
                let (cuts, seen) = (cuts.clone(), seen.clone());
                thread::spawn(move || serve(&client.unwrap(), upstream, limit, &cuts, seen));
            }
        });
        FlakyProxy { port, ranges }
    }

    /// Where the ranges that were asked for begin.
    pub fn range_starts(&self) -> Vec<u64> {
        self.ranges.lock().unwrap().clone()
    }
}

fn serve(client: &TcpStream, upstream: u16, limit: usize, cuts: &AtomicUsize, seen: Arc<Mutex<Vec<u64>>>) {
    let server = TcpStream::connect(("127.0.0.1", upstream)).unwrap();
    let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    thread::spawn(move || {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            note_ranges(&String::from_utf8_lossy(&buffer[..count]), &seen);
            if to.write_all(&buffer[..count]).is_err() {
                break;
            }
        }
    });
    answer(client, &server, limit, cuts);
    let _ = client.shutdown(Shutdown::Both);
    let _ = server.shutdown(Shutdown::Both);
}

fn answer(mut client: &TcpStream, mut server: &TcpStream, limit: usize, cuts: &AtomicUsize) {
    let mut buffer = vec![0; 64 * 1024];
    let mut passed = 0;
    while let Ok(count @ 1..) = server.read(&mut buffer) {
        passed += count;
        let cut = passed > limit
            && cuts.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
        if cut || client.write_all(&buffer[..count]).is_err() {
            return;
        }
    }
}

fn note_ranges(request: &str, seen: &Mutex<Vec<u64>>) {
    for line in request.lines() {
        let Some(range) = line.to_ascii_lowercase().strip_prefix("range: bytes=").map(str::to_owned) else {
            continue;
        };
        let start: Option<u64> = range.split('-').next().and_then(|start| start.parse().ok());
        seen.lock().unwrap().extend(start);
    }
}
