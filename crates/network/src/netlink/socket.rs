//! One netlink socket: messages out, acknowledgements and dumps in.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

use netlink_packet_core::{NLM_F_ACK, NLM_F_DUMP, NLM_F_REQUEST};
use netlink_sys::{Socket, SocketAddr};

const HEADER: usize = 16;
const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
/// The objects changed while the kernel listed them, so some may be missing.
const NLM_F_DUMP_INTR: u16 = 16;
const DUMP_ATTEMPTS: usize = 20;
/// The kernel never puts more than this into one datagram of a dump.
const RECEIVE_BUFFER: usize = 64 * 1024;

/// A message without its 16 byte header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    /// `nlmsg_type`.
    pub(crate) kind: u16,
    /// `nlmsg_flags`; the request flag is added on sending.
    pub(crate) flags: u16,
    /// The family's header and attributes.
    pub(crate) payload: Vec<u8>,
}

/// A blocking netlink socket. Calls on it must not overlap; its owner holds it exclusively.
#[derive(Debug)]
pub(crate) struct NetlinkSocket {
    socket: Socket,
    sequence: u32,
}

/// Rounds up to netlink's alignment of 4 bytes.
pub(crate) const fn align(length: usize) -> usize {
    (length + 3) & !3
}

impl NetlinkSocket {
    /// Opens a socket of a netlink family (`NETLINK_*`) in the calling thread's network namespace.
    pub(crate) fn open(family: isize) -> io::Result<Self> {
        let mut socket = Socket::new(family)?;
        socket.bind_auto()?;
        socket.connect(&SocketAddr::new(0, 0))?;
        // A refusal then comes without a copy of the request, which a large batch would not fit.
        socket.set_cap_ack(true)?;
        Ok(Self { socket, sequence: 1 })
    }

    /// Makes the socket one that hears of a group's events and never waits for them.
    pub(crate) fn listen(&mut self, group: u32) -> io::Result<()> {
        self.socket.add_membership(group)?;
        self.socket.set_non_blocking(true)
    }

    /// The events of one datagram; `WouldBlock` when there is none, `ENOBUFS` when some were lost.
    pub(crate) fn receive_events(&self) -> io::Result<Vec<Message>> {
        Ok(self.receive()?.into_iter().map(|(_, message)| message).collect())
    }

    /// Sends one request and waits until the kernel has done it.
    pub(crate) fn request(&mut self, message: &Message) -> io::Result<()> {
        let flags = message.flags | NLM_F_ACK;
        let sequence = self.send(&[&Message { flags, ..message.clone() }])?;
        self.await_answer(sequence, sequence).map_err(|(_, error)| error)
    }

    /// Sends requests in one datagram and returns the sequence number of the first; the others follow it.
    pub(crate) fn send(&mut self, messages: &[&Message]) -> io::Result<u32> {
        let first = self.sequence;
        let mut buffer = Vec::new();
        for message in messages {
            append(&mut buffer, message, message.flags | NLM_F_REQUEST, self.sequence);
            self.sequence = self.sequence.wrapping_add(1).max(1);
        }
        self.socket.send(&buffer, 0)?;
        Ok(first)
    }

    /// Waits for the answer to `last`. A refusal of any request from `first` on is the result, with its place.
    pub(crate) fn await_answer(&mut self, first: u32, last: u32) -> Result<(), (u32, io::Error)> {
        let mut result = Ok(());
        loop {
            for (sequence, message) in self.receive().map_err(|error| (0, error))? {
                if message.kind != NLMSG_ERROR || !(first..=last).contains(&sequence) {
                    continue;
                }
                result = result
                    .and_then(|()| acknowledgement(&message).map_err(|error| (sequence - first, error)));
                if sequence == last {
                    return result;
                }
            }
        }
    }

    /// Asks for a list and returns all its messages. A list that changed meanwhile is asked for again.
    pub(crate) fn dump(&mut self, message: &Message) -> io::Result<Vec<Message>> {
        for _ in 0..DUMP_ATTEMPTS {
            if let Some(answers) = self.dump_once(message)? {
                return Ok(answers);
            }
        }
        Err(io::Error::other("the kernel's list kept changing while it was read"))
    }

    fn dump_once(&mut self, message: &Message) -> io::Result<Option<Vec<Message>>> {
        let wanted = self.send(&[&Message { flags: message.flags | NLM_F_DUMP, ..message.clone() }])?;
        let mut answers = Vec::new();
        let mut interrupted = false;
        loop {
            for (sequence, message) in self.receive()? {
                if sequence != wanted {
                    continue;
                }
                interrupted |= message.flags & NLM_F_DUMP_INTR != 0;
                match message.kind {
                    NLMSG_DONE => return Ok((!interrupted).then_some(answers)),
                    NLMSG_ERROR => acknowledgement(&message)?,
                    _ => answers.push(message),
                }
            }
        }
    }

    /// Asks for one object and returns it.
    pub(crate) fn get(&mut self, message: &Message) -> io::Result<Message> {
        let wanted = self.send(&[message])?;
        loop {
            for (sequence, message) in self.receive()? {
                match message.kind {
                    _ if sequence != wanted => {}
                    NLMSG_ERROR => acknowledgement(&message)?,
                    _ => return Ok(message),
                }
            }
        }
    }

    fn receive(&self) -> io::Result<Vec<(u32, Message)>> {
        let mut buffer: Vec<u8> = Vec::with_capacity(RECEIVE_BUFFER);
        self.socket.recv(&mut buffer, 0)?;
        split(&buffer)
    }
}

impl AsFd for NetlinkSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl AsRawFd for NetlinkSocket {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }
}

fn append(buffer: &mut Vec<u8>, message: &Message, flags: u16, sequence: u32) {
    let length = HEADER + message.payload.len();
    buffer.extend(u32::try_from(length).unwrap_or(u32::MAX).to_ne_bytes());
    buffer.extend(message.kind.to_ne_bytes());
    buffer.extend(flags.to_ne_bytes());
    buffer.extend(sequence.to_ne_bytes());
    buffer.extend([0; 4]);
    buffer.extend(&message.payload);
    buffer.resize(buffer.len() + align(length) - length, 0);
}

fn split(mut datagram: &[u8]) -> io::Result<Vec<(u32, Message)>> {
    let mut messages = Vec::new();
    while !datagram.is_empty() {
        let (sequence, message, rest) = split_one(datagram)
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "truncated netlink message"))?;
        messages.push((sequence, message));
        datagram = rest;
    }
    Ok(messages)
}

fn split_one(datagram: &[u8]) -> Option<(u32, Message, &[u8])> {
    let length = u32::from_ne_bytes(datagram.get(..4)?.try_into().ok()?) as usize;
    let kind = u16::from_ne_bytes(datagram.get(4..6)?.try_into().ok()?);
    let flags = u16::from_ne_bytes(datagram.get(6..8)?.try_into().ok()?);
    let sequence = u32::from_ne_bytes(datagram.get(8..12)?.try_into().ok()?);
    let payload = datagram.get(HEADER..length)?.to_vec();
    let rest = datagram.get(align(length)..).unwrap_or_default();
    Some((sequence, Message { kind, flags, payload }, rest))
}

/// An `NLMSG_ERROR` of 0 is an acknowledgement.
fn acknowledgement(message: &Message) -> io::Result<()> {
    let code = message.payload.get(..4).and_then(|bytes| bytes.try_into().ok()).map_or(0, i32::from_ne_bytes);
    if code == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(code.saturating_neg())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_survive_framing() {
        let messages = [
            Message { kind: 20, flags: 0, payload: vec![1, 2, 3, 4, 5] },
            Message { kind: 21, flags: 4, payload: vec![] },
        ];
        let mut buffer = Vec::new();
        for (sequence, message) in (7..).zip(&messages) {
            append(&mut buffer, message, message.flags, sequence);
        }
        assert_eq!(buffer.len(), 24 + 16);
        let read = split(&buffer).unwrap();
        assert_eq!(read, [(7, messages[0].clone()), (8, messages[1].clone())]);
    }

    #[test]
    fn truncated_datagrams_are_errors() {
        let mut buffer = Vec::new();
        append(&mut buffer, &Message { kind: 20, flags: 0, payload: vec![0; 8] }, 0, 1);
        for length in 1..buffer.len() {
            assert!(split(&buffer[..length]).is_err(), "{length} bytes");
        }
    }
}
