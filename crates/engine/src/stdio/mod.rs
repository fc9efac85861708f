//! The engine's ends of processes' streams: capture into logs, fan-out to attached clients, input.
//!
//! A process never waits for a client here, except for the one client of an exec, whose only reader it is.

mod capture;
mod fanout;
mod input;
mod terminal;

pub use capture::{Sink, Source, capture};
pub use fanout::Fanout;
pub use input::{ContainerInput, PipeInput};
pub use terminal::{Screen, is_closed_terminal, resize, terminal_input, terminal_output};
