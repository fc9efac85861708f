//! Owners by name or number, as `COPY --chown` writes them (contract 8.4.4).

use wharf_container::fsroot::Root;
use wharf_container::user::{self, UserError};

/// Owner and group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Owner {
    pub uid: u32,
    pub gid: u32,
}

/// What `user[:group]` means in a file system.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Resolved {
    pub owner: Owner,
    /// A name that does not exist there counts as 0, as in Docker; this says so.
    pub warning: Option<String>,
}

/// Resolves `user[:group]` against the file system that is being built.
///
/// # Errors
/// A number is out of range, or passwd or group cannot be read.
pub(crate) fn resolve(root: &Root, text: &str) -> Result<Resolved, UserError> {
    // `root` needs no files to be 0.
    let number = |name: &str| if name == "root" { "0".to_owned() } else { name.to_owned() };
    let whole = match text.split_once(':') {
        // A number alone is the group too.
        None if number(text).bytes().all(|byte| byte.is_ascii_digit()) => format!("{0}:{0}", number(text)),
        Some((user, "")) => number(user),
        Some((user, group)) => format!("{}:{}", number(user), number(group)),
        None => text.to_owned(),
    };
    match user::find(root, &whole, &[]) {
        Ok(found) => Ok(Resolved { owner: Owner { uid: found.uid, gid: found.gid }, warning: None }),
        Err(error @ (UserError::UnknownUser(_) | UserError::UnknownGroup(_))) => {
            let (user, group) = whole.split_once(':').unwrap_or((&whole, ""));
            Ok(Resolved {
                owner: known_parts(root, user, group)?,
                warning: Some(format!("{error}; 0 is used")),
            })
        }
        Err(error) => Err(error),
    }
}

/// What is known of each part on its own; 0 for the rest.
fn known_parts(root: &Root, user: &str, group: &str) -> Result<Owner, UserError> {
    let known = |text: &str| match user::find(root, text, &[]) {
        Ok(found) => Ok(Some(Owner { uid: found.uid, gid: found.gid })),
        Err(UserError::UnknownUser(_) | UserError::UnknownGroup(_)) => Ok(None),
        Err(error) => Err(error),
    };
    let user = known(user)?;
    let group = if group.is_empty() { user } else { known(&format!("0:{group}"))? };
    Ok(Owner { uid: user.map_or(0, |user| user.uid), gid: group.map_or(0, |group| group.gid) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_forms() {
        let top = tempfile::tempdir().unwrap();
        std::fs::create_dir(top.path().join("etc")).unwrap();
        std::fs::write(top.path().join("etc/passwd"), "root:x:0:0::/:\napp:x:1001:1002::/:\n").unwrap();
        std::fs::write(top.path().join("etc/group"), "root:x:0:\nweb:x:33:\n").unwrap();
        let root = Root::open(top.path()).unwrap();
        let resolve = |text| {
            resolve(&root, text)
                .map(|found| (found.owner.uid, found.owner.gid, found.warning.is_some()))
                .unwrap()
        };
        assert_eq!(resolve("app"), (1001, 1002, false));
        assert_eq!(resolve("app:web"), (1001, 33, false));
        assert_eq!(resolve("5"), (5, 5, false));
        assert_eq!(resolve("5:web"), (5, 33, false));
        assert_eq!(resolve("5:6"), (5, 6, false));
        assert_eq!(resolve("nobody"), (0, 0, true));
        assert_eq!(resolve("nobody:web"), (0, 33, true));
        assert_eq!(resolve("app:none"), (1001, 0, true));
        let empty = Root::open(&top.path().join("etc")).unwrap();
        for text in ["root", "root:root", "0:root"] {
            let expected = Resolved { owner: Owner { uid: 0, gid: 0 }, warning: None };
            assert_eq!(super::resolve(&empty, text).unwrap(), expected, "{text}");
        }
        assert!(super::resolve(&root, "4294967296").is_err());
    }
}
