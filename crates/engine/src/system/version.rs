//! `/version`.

use crate::api::{API_VERSION, MIN_API_VERSION};
use crate::model::config::Labels;
use crate::model::system::{Component, PlatformName, Version};

use super::host;

/// Name and versions of this program and of the kernel below it.
pub fn version() -> Version {
    let engine = env!("CARGO_PKG_VERSION").to_owned();
    Version {
        platform: PlatformName { name: "Wharf".to_owned() },
        components: vec![Component {
            name: "Engine".to_owned(),
            version: engine.clone(),
            details: details(),
        }],
        version: engine,
        api_version: API_VERSION.to_owned(),
        min_api_version: MIN_API_VERSION.to_owned(),
        os: "linux".to_owned(),
        arch: host::go_architecture().to_owned(),
        kernel_version: host::kernel_release(),
        ..Version::default()
    }
}

fn details() -> Labels {
    let entries = [
        ("ApiVersion", API_VERSION.to_owned()),
        ("Arch", host::go_architecture().to_owned()),
        ("Experimental", "false".to_owned()),
        ("KernelVersion", host::kernel_release()),
        ("MinAPIVersion", MIN_API_VERSION.to_owned()),
        ("Os", "linux".to_owned()),
    ];
    entries.map(|(name, value)| (name.to_owned(), value)).into()
}
