//! Images as files: `load`, `save`, and `import` of a plain root filesystem (contract 7.7).
//!
//! Owns the layouts of archives. Everything goes through the store; calls are synchronous and may block.

mod changes;
mod error;
mod import;
mod layout;
mod load;
mod save;

pub use changes::apply_change;
pub use error::ArchiveError;
pub use import::{ImportOptions, import};
pub use load::{Loaded, load};
pub use save::save;
