//! The rows, one file per section of the language. Data only.

mod build;
mod deploy;
mod develop;
mod isolation;
mod mounts;
mod networking;
mod networks;
mod resources;
mod service;
mod storage;
mod top;

use super::row::Attribute;

/// Titles and rows, in the order of the document made from them.
pub const SECTIONS: &[(&str, &[Attribute])] = &[
    ("Top level, include and models", top::ROWS),
    ("Services: what runs and when", service::ROWS),
    ("Services: privileges and namespaces", isolation::ROWS),
    ("Services: limits and devices", resources::ROWS),
    ("Services: networks, names and ports", networking::ROWS),
    ("Services: volumes, secrets and configs", mounts::ROWS),
    ("Services: build", build::ROWS),
    ("Services: deploy", deploy::ROWS),
    ("Services: develop and hooks", develop::ROWS),
    ("Networks", networks::ROWS),
    ("Volumes, secrets and configs", storage::ROWS),
];
