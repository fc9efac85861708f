//! The two spellings of a mount: `source:target:mode` and the `Mount` object (contract 2.4).

use wharf_container::spec::Propagation;

use super::record::{MountKind, MountRecord, ReadOnly};
use crate::error::{Error, Result};
use crate::model::json::meaningful;
use crate::model::mount::{BindOptions, ImageOptions, Mount, TmpfsOptions, VolumeOptions};

/// Reads one entry of `Binds`.
///
/// # Errors
/// Docker's texts.
pub fn bind(text: &str) -> Result<MountRecord> {
    let invalid = || Error::BadParameter(format!("invalid volume specification: '{text}'"));
    let parts: Vec<&str> = text.split(':').collect();
    let (source, destination, mode) = match parts[..] {
        [destination] => ("", destination, ""),
        [source, destination] => (source, destination, ""),
        [source, destination, mode] => (source, destination, mode),
        _ => return Err(invalid()),
    };
    if destination.is_empty() || (source.is_empty() && parts.len() > 1) {
        return Err(invalid());
    }
    let wrong = |why: &str| {
        let kind = if source.starts_with('/') { "bind" } else { "volume" };
        let text =
            format!("invalid volume specification: '{text}': invalid mount config for type {kind:?}: {why}");
        Error::BadParameter(text)
    };
    let destination = absolute(destination).map_err(|why| wrong(&why))?;
    let mut record = MountRecord { destination, ..MountRecord::default() };
    if source.starts_with('/') {
        record.source = clean(source);
        record.create_source = true;
    } else {
        record.kind = MountKind::Volume;
        record.anonymous = source.is_empty();
        source.clone_into(&mut record.volume);
    }
    apply_mode(&mut record, mode)?;
    let foreign = match record.kind {
        MountKind::Volume => mode.split(',').any(|word| propagation(word).is_some()).then_some("BindOptions"),
        _ => record.no_copy.then_some("VolumeOptions"),
    };
    match foreign {
        Some(field) => Err(wrong(&format!("field {field} must not be specified"))),
        None => Ok(record),
    }
}

/// The comma list of contract 2.4.3; of each group at most one word.
fn apply_mode(record: &mut MountRecord, mode: &str) -> Result<()> {
    let invalid = || Error::BadParameter(format!("invalid mode: {mode}"));
    let mut groups = [false; 5];
    let mut once = |group: usize| {
        if std::mem::replace(&mut groups[group], true) { Err(invalid()) } else { Ok(()) }
    };
    for word in mode.split(',').filter(|_| !mode.is_empty()) {
        match word {
            "rw" => once(0)?,
            "ro" => {
                once(0)?;
                record.read_only = ReadOnly::Recursive;
            }
            // Labels of SELinux have no meaning without it; the words are part of the syntax.
            "z" | "Z" => once(1)?,
            "nocopy" => {
                once(2)?;
                record.no_copy = true;
            }
            "cached" | "delegated" | "consistent" => once(3)?,
            other => {
                once(4)?;
                record.propagation = propagation(other).ok_or_else(invalid)?;
            }
        }
    }
    mode.clone_into(&mut record.mode);
    Ok(())
}

fn propagation(word: &str) -> Option<Propagation> {
    Some(match word {
        "rprivate" => Propagation::Rprivate,
        "private" => Propagation::Private,
        "rslave" => Propagation::Rslave,
        "slave" => Propagation::Slave,
        "rshared" => Propagation::Rshared,
        "shared" => Propagation::Shared,
        _ => return None,
    })
}

/// Reads one entry of `Mounts`.
///
/// # Errors
/// Docker's texts, and options that this engine does not honour.
pub fn mount(mount: &Mount) -> Result<MountRecord> {
    let invalid =
        |why: String| Error::BadParameter(format!("invalid mount config for type {:?}: {why}", mount.kind));
    if let Some(name) = meaningful(&mount.unknown).next() {
        return Err(invalid(format!("option {name} is not supported by this engine")));
    }
    if mount.target.is_empty() && !mount.kind.is_empty() {
        return Err(invalid("field Target must not be empty".to_owned()));
    }
    let mut record =
        MountRecord { destination: absolute(&mount.target).map_err(invalid)?, ..MountRecord::default() };
    refuse_foreign_options(mount)?;
    if mount.read_only {
        record.read_only = ReadOnly::Recursive;
    }
    match mount.kind.as_str() {
        "bind" => bind_mount(&mut record, mount).map_err(invalid)?,
        "volume" => volume_mount(&mut record, mount).map_err(invalid)?,
        "tmpfs" => tmpfs_mount(&mut record, mount).map_err(invalid)?,
        "image" => image_mount(&mut record, mount).map_err(invalid)?,
        "" => return Err(Error::BadParameter("invalid mount config: type must not be empty".to_owned())),
        _ => return Err(invalid("mount type unknown".to_owned())),
    }
    Ok(record)
}

/// Options of another kind of mount than this one is; in Docker's words, which are of two forms.
fn refuse_foreign_options(mount: &Mount) -> Result<()> {
    let kind = &mount.kind;
    let options = [
        ("bind", "BindOptions", mount.bind_options.is_some()),
        ("volume", "VolumeOptions", mount.volume_options.is_some()),
        ("tmpfs", "TmpfsOptions", mount.tmpfs_options.is_some()),
    ];
    let foreign = options.into_iter().find(|(owner, _, given)| *given && owner != kind);
    if let Some((_, name, _)) = foreign {
        return Err(Error::BadParameter(format!("{name} must not be specified on mount type {kind:?}")));
    }
    if mount.image_options.is_some() && kind != "image" {
        let text =
            format!("invalid mount config for type {kind:?}: field ImageOptions must not be specified");
        return Err(Error::BadParameter(text));
    }
    Ok(())
}

/// Read-only whatever is asked for, as on Docker Engine.
fn image_mount(record: &mut MountRecord, mount: &Mount) -> Result<(), String> {
    if mount.source.is_empty() {
        return Err("field Source must not be empty".to_owned());
    }
    record.kind = MountKind::Image;
    record.source.clone_from(&mount.source);
    record.read_only = ReadOnly::Recursive;
    let default = ImageOptions::default();
    let options = mount.image_options.as_ref().unwrap_or(&default);
    refuse(meaningful(&options.unknown))?;
    record.subpath = relative(&options.subpath)?;
    Ok(())
}

fn bind_mount(record: &mut MountRecord, mount: &Mount) -> Result<(), String> {
    if mount.source.is_empty() {
        return Err("field Source must not be empty".to_owned());
    }
    if !mount.source.starts_with('/') {
        return Err(format!("invalid mount path: '{}' mount path must be absolute", mount.source));
    }
    record.source = clean(&mount.source);
    let default = BindOptions::default();
    let options = mount.bind_options.as_ref().unwrap_or(&default);
    refuse(meaningful(&options.unknown))?;
    record.create_source = options.create_mountpoint;
    record.not_recursive = options.non_recursive;
    if mount.read_only && (options.non_recursive || options.read_only_non_recursive) {
        record.read_only = ReadOnly::Top;
    }
    if !options.propagation.is_empty() {
        record.propagation = propagation(&options.propagation)
            .ok_or_else(|| format!("invalid propagation mode: {}", options.propagation))?;
    }
    if options.read_only_force_recursive && record.propagation != Propagation::Rprivate {
        return Err("recursive read-only needs the propagation rprivate".to_owned());
    }
    Ok(())
}

fn volume_mount(record: &mut MountRecord, mount: &Mount) -> Result<(), String> {
    record.kind = MountKind::Volume;
    record.anonymous = mount.source.is_empty();
    record.volume.clone_from(&mount.source);
    let default = VolumeOptions::default();
    let options = mount.volume_options.as_ref().unwrap_or(&default);
    refuse(meaningful(&options.unknown))?;
    record.no_copy = options.no_copy;
    record.volume_labels.clone_from(&options.labels);
    if let Some(driver) = &options.driver_config {
        if !matches!(driver.name.as_str(), "" | "local") {
            return Err(format!("volume driver {:?} is not supported by this engine", driver.name));
        }
        record.volume_options.clone_from(&driver.options);
    }
    if !options.subpath.is_empty() {
        if record.anonymous {
            return Err("must not set Subpath when using anonymous volumes".to_owned());
        }
        record.subpath = relative(&options.subpath)?;
    }
    Ok(())
}

/// The path as it is, when it does not leave its start by its text alone.
fn relative(path: &str) -> Result<String, String> {
    let step = |depth: i32, part: &str| match part {
        "" | "." => Some(depth),
        ".." => Some(depth - 1).filter(|depth| *depth >= 0),
        _ => Some(depth + 1),
    };
    if path.starts_with('/') || path.split('/').try_fold(0, step).is_none() {
        return Err("subpath must be a relative path within the volume".to_owned());
    }
    Ok(path.to_owned())
}

fn tmpfs_mount(record: &mut MountRecord, mount: &Mount) -> Result<(), String> {
    record.kind = MountKind::Tmpfs;
    if !mount.source.is_empty() {
        return Err("field Source must not be specified".to_owned());
    }
    let default = TmpfsOptions::default();
    let options = mount.tmpfs_options.as_ref().unwrap_or(&default);
    refuse(meaningful(&options.unknown))?;
    if options.size_bytes > 0 {
        record.tmpfs.push(format!("size={}", options.size_bytes));
    }
    if options.mode != 0 {
        record.tmpfs.push(format!("mode={:o}", options.mode));
    }
    record.tmpfs.extend(options.options.iter().map(|words| words.join("=")));
    Ok(())
}

fn refuse<'a>(mut unknown: impl Iterator<Item = &'a str>) -> Result<(), String> {
    unknown.next().map_or(Ok(()), |name| Err(format!("option {name} is not supported by this engine")))
}

/// An absolute path in the container, cleaned.
///
/// # Errors
/// It is relative, or the root.
pub fn target(path: &str) -> Result<String> {
    absolute(path).map_err(|why| Error::BadParameter(format!("invalid mount config: {why}")))
}

/// The path in its shortest form.
///
/// # Errors
/// Why nothing can be mounted there.
pub fn absolute(path: &str) -> std::result::Result<String, String> {
    if !path.starts_with('/') {
        return Err(format!("invalid mount path: '{path}' mount path must be absolute"));
    }
    let cleaned = clean(path);
    if cleaned == "/" {
        return Err("invalid specification: destination can't be '/'".to_owned());
    }
    Ok(cleaned)
}

/// Removes `.`, `..` and doubled slashes from an absolute path, by text alone.
pub fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => _ = parts.pop(),
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings() {
        let host = bind("/a/../b:/c/:ro,z").unwrap();
        assert_eq!((host.source.as_str(), host.destination.as_str()), ("/b", "/c"));
        assert_eq!((host.read_only, host.create_source), (ReadOnly::Recursive, true));
        let named = bind("data:/x:nocopy").unwrap();
        assert_eq!((named.kind, named.volume.as_str(), named.no_copy), (MountKind::Volume, "data", true));
        assert!(bind("/x").unwrap().anonymous);
    }

    #[test]
    fn wrong_strings() {
        for wrong in [
            "",
            ":",
            "a:",
            ":/b",
            "x:/",
            "x:rel",
            "/a:/b:ro,rw",
            "/a:/b:what",
            "a:b:c:d",
            "/a:/b:nocopy",
            "a:/b:rslave",
        ] {
            assert!(bind(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn subpaths_stay_inside() {
        for inside in ["", "a", "./a/../b", "a/.."] {
            assert!(relative(inside).is_ok(), "{inside}");
        }
        for outside in ["/a", "..", "a/../../b", "../a"] {
            assert!(relative(outside).is_err(), "{outside}");
        }
    }

    #[test]
    fn objects() {
        let decode = |text: &str| mount(&serde_json::from_str::<Mount>(text).unwrap());
        let tmpfs =
            decode(r#"{"Type":"tmpfs","Target":"/t","TmpfsOptions":{"SizeBytes":10,"Mode":448}}"#).unwrap();
        assert_eq!(tmpfs.tmpfs, ["size=10", "mode=700"]);
        let volume =
            r#"{"Type":"volume","Source":"v","Target":"/t","VolumeOptions":{"Subpath":"a/b","NoCopy":true}}"#;
        assert_eq!(decode(volume).unwrap().subpath, "a/b");
        let image = decode(r#"{"Type":"image","Source":"i:1","Target":"/t","ImageOptions":{"Subpath":"a"}}"#);
        let image = image.unwrap();
        assert_eq!(
            (image.kind, image.source.as_str(), image.subpath.as_str()),
            (MountKind::Image, "i:1", "a")
        );
        assert_eq!(image.read_only, ReadOnly::Recursive);
        for wrong in [
            r#"{"Type":"image","Target":"/t"}"#,
            r#"{"Type":"image","Source":"i","Target":"/t","VolumeOptions":{}}"#,
            r#"{"Type":"image","Source":"i","Target":"/t","ImageOptions":{"Subpath":"../b"}}"#,
            r#"{"Type":"volume","Source":"i","Target":"/t","ImageOptions":{}}"#,
            r#"{"Type":"bind","Source":"rel","Target":"/t"}"#,
            r#"{"Type":"volume","Source":"v","Target":"/t","VolumeOptions":{"Subpath":"../b"}}"#,
            r#"{"Type":"npipe","Source":"v","Target":"/t"}"#,
            r#"{"Type":"tmpfs","Target":"/t","Surprise":1}"#,
        ] {
            assert!(decode(wrong).is_err(), "{wrong}");
        }
    }
}
