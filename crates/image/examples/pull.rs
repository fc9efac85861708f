//! Pulls images into a store and says how long each took.
//!
//! `cargo run -p wharf-image --example pull -- DIRECTORY MIRROR NAME…`; MIRROR may be empty.

use std::path::Path;
use std::time::Instant;

use wharf_image::{ImageStore, ProgressSink, PullOptions, Reference, Registry, RegistryConfig};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let directory = arguments.next().ok_or("a directory for the store is needed")?;
    let mirrors: Vec<String> = arguments.next().into_iter().filter(|mirror| !mirror.is_empty()).collect();
    let config = RegistryConfig::new(&mirrors, &[])?;
    let registry = Registry::new(ImageStore::open(Path::new(&directory))?, config);
    for name in arguments {
        let reference: Reference = name.parse()?;
        let started = Instant::now();
        let pulled = registry.pull(&reference, &PullOptions::default(), &ProgressSink::none()).await?;
        let (image, took) = (pulled.image, started.elapsed());
        println!("{name}: {} layers, {} bytes, {took:.2?}, {}", image.layers.len(), image.size, image.id);
    }
    Ok(())
}
