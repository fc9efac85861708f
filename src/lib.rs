//! wharf

pub mod project;
