//! One handler per route: decode, call the engine, encode. No handler decides anything else.

pub mod archive;
pub mod attach;
pub mod build;
pub mod container;
pub mod create;
pub mod events;
pub mod exec;
pub mod image;
pub mod image_transfer;
pub mod logs;
pub mod network;
pub mod observe;
pub mod system;
pub mod unsupported;
pub mod volume;
