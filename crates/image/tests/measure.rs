//! How long it takes to pull and unpack an image of 100 MB. Ignored: it measures, it does not judge.

mod support;

use std::time::Instant;

use support::registry::LocalRegistry;
use support::{Archive, root};
use wharf_image::archive::{ImportOptions, import};
use wharf_image::{
    ImageConfig, ImageStore, Platform, ProgressSink, PullOptions, PushOptions, Registry, RegistryConfig,
};

const LAYERS: usize = 4;
const FILES: usize = 800;
const FILE_SIZE: usize = 32 * 1024;

/// Text that compresses about as well as programs do.
fn content(seed: usize) -> Vec<u8> {
    let mut state = (seed as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(FILE_SIZE);
    while bytes.len() < FILE_SIZE {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let word = (state >> 40).to_le_bytes();
        bytes.extend_from_slice(&word[..3]);
        bytes.extend_from_slice(&[b'a'; 3]);
    }
    bytes.truncate(FILE_SIZE);
    bytes
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures; run it alone"]
async fn pull_and_unpack_100_megabytes() {
    let Some(server) = LocalRegistry::start().filter(|_| root()) else { return };
    let origin = tempfile::tempdir().unwrap();
    let store = ImageStore::open(origin.path()).unwrap();
    let mut layers = Vec::new();
    for layer in 0..LAYERS {
        let files = (0..FILES).fold(Archive::default(), |archive, file| {
            archive.file(&format!("usr/lib/l{layer}/d{}/f{file}", file % 40), &content(layer * FILES + file))
        });
        let image = import(&store, files.bytes().as_slice(), &ImportOptions::default()).unwrap();
        layers.push(image.layers[0].clone());
    }
    let name = format!("{}/big:1", server.host()).parse().unwrap();
    store.create_image(ImageConfig::new(&Platform::host()), &layers, std::slice::from_ref(&name)).unwrap();
    let registry = Registry::new(store, RegistryConfig::default());
    let started = Instant::now();
    registry.push(&name, &PushOptions::default(), &ProgressSink::none()).await.unwrap();
    eprintln!("push: {:?}", started.elapsed());

    let directory = tempfile::tempdir().unwrap();
    let registry = Registry::new(ImageStore::open(directory.path()).unwrap(), RegistryConfig::default());
    let started = Instant::now();
    let pulled = registry.pull(&name, &PullOptions::default(), &ProgressSink::none()).await.unwrap();
    eprintln!("pull and unpack {} bytes in {LAYERS} layers: {:?}", pulled.image.size, started.elapsed());
    let started = Instant::now();
    registry.pull(&name, &PullOptions::default(), &ProgressSink::none()).await.unwrap();
    eprintln!("pull again: {:?}", started.elapsed());
}
