//! One HTTP request over one new connection: enough to ask a published port.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// The body of a 200 answer to `GET path`, or `None`.
pub fn get(port: u16, path: &str) -> Option<String> {
    request(port, &format!("GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n"))
}

/// The body of a 200 answer to a JSON `POST path`, or `None`.
pub fn post(port: u16, path: &str, json: &str) -> Option<String> {
    let length = json.len();
    let head = "Host: localhost\r\nContent-Type: application/json";
    request(port, &format!("POST {path} HTTP/1.0\r\n{head}\r\nContent-Length: {length}\r\n\r\n{json}"))
}

fn request(port: u16, text: &str) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
    stream.write_all(text.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    head.lines().next()?.contains(" 200 ").then(|| body.to_owned())
}
