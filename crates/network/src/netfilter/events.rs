//! What others do to the kernel's tables.

use std::io;
use std::os::fd::{AsRawFd, RawFd};

use netlink_sys::protocols::NETLINK_NETFILTER;

use super::batch::SUBSYSTEM;
use crate::netlink::{Message, NetlinkSocket, attributes};

/// `NFNLGRP_NFTABLES`.
const GROUP: u32 = 7;
const DELETE_TABLE: u16 = 2;
const NEW_CHAIN: u16 = 3;
const TABLE_NAME: u16 = 1;
const CHAIN_TABLE: u16 = 1;
const CHAIN_NAME: u16 = 3;
/// Size of `struct nfgenmsg`.
const FAMILY_HEADER: usize = 4;

/// A change of an IPv4 table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TableChange {
    /// A table is gone.
    TableRemoved(String),
    /// A chain was made.
    ChainMade { table: String, chain: String },
}

/// Hears of changes in one network namespace.
#[derive(Debug)]
pub(crate) struct ChangeListener(NetlinkSocket);

impl ChangeListener {
    /// Listens in the calling thread's network namespace, from now on.
    pub(crate) fn open() -> io::Result<Self> {
        let mut socket = NetlinkSocket::open(NETLINK_NETFILTER)?;
        socket.listen(GROUP)?;
        Ok(Self(socket))
    }

    /// Changes that were not read yet, some of them; `WouldBlock` when there is none, `ENOBUFS` when some were lost.
    pub(crate) fn read(&self) -> io::Result<Vec<TableChange>> {
        Ok(self.0.receive_events()?.iter().filter_map(change).collect())
    }
}

impl AsRawFd for ChangeListener {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

fn change(message: &Message) -> Option<TableChange> {
    let (family, body) = (message.payload.first()?, message.payload.get(FAMILY_HEADER..)?);
    if i32::from(*family) != libc::AF_INET || message.kind >> 8 != SUBSYSTEM {
        return None;
    }
    let text =
        |wanted| attributes(body).find(|(kind, _)| *kind == wanted).map(|(_, value)| super::text(value));
    match message.kind & 0xff {
        DELETE_TABLE => Some(TableChange::TableRemoved(text(TABLE_NAME)?)),
        NEW_CHAIN => Some(TableChange::ChainMade { table: text(CHAIN_TABLE)?, chain: text(CHAIN_NAME)? }),
        _ => None,
    }
}
