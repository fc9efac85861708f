//! Answers that are not one JSON value: framed output, hijacked connections, lines of JSON, tar archives.

mod detach;
mod frame;
mod grpc;
mod hijack;
mod lines;
mod old_clients;
mod session;

pub use detach::DetachKeys;
pub use frame::{media_type, output_body};
pub use grpc::refuse;
pub use hijack::Hijack;
pub use lines::{json_later, json_lines, progress, tar};
pub use old_clients::OldClientStream;
