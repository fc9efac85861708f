//! Secrets and configs without a file of their own: written into a container before its start.

use bollard::query_parameters::UploadToContainerOptionsBuilder;

use crate::execute::{Runner, StepError};
use crate::plan::desired::InlineFile;

pub(super) async fn write(
    runner: &Runner,
    id: &str,
    name: &str,
    files: &[InlineFile],
) -> Result<(), StepError> {
    if files.is_empty() {
        return Ok(());
    }
    let archive = archive(files)
        .map_err(|error| StepError::Context { path: name.to_owned(), reason: error.to_string() })?;
    let options = UploadToContainerOptionsBuilder::default().path("/").build();
    let body = bollard::body_full(archive.into());
    let answer = runner.engine.docker().upload_to_container(id, Some(options), body).await;
    answer.map_err(|error| {
        StepError::call(format!("cannot write secrets and configs into container {name}"), &error)
    })
}

fn archive(files: &[InlineFile]) -> std::io::Result<Vec<u8>> {
    let mut builder = tar::Builder::new(Vec::new());
    for file in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(u64::try_from(file.content.len()).unwrap_or(u64::MAX));
        header.set_mode(file.mode);
        header.set_uid(file.uid);
        header.set_gid(file.gid);
        builder.append_data(&mut header, file.path.trim_start_matches('/'), file.content.as_bytes())?;
    }
    builder.into_inner()
}
