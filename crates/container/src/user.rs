//! Looking up users and groups in a container's own `/etc/passwd` and `/etc/group` (contract 1.10.4, 1.10.5).
//!
//! The files belong to the image: they are opened inside the root, bounded in size, and never trusted to be
//! well formed.

use std::path::Path;

use crate::fsroot::{self, Root};

/// Largest passwd or group file that is read, in bytes (contract 10.3).
const MAX_FILE: u64 = 10 << 20;
/// Largest user or group id: larger ones could wrap somewhere (contract 10.4).
const MAX_ID: u32 = i32::MAX as u32;

/// Who a process runs as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// User id.
    pub uid: u32,
    /// Primary group id.
    pub gid: u32,
    /// Supplementary groups, always with the primary one (CVE-2022-36109), ascending.
    pub groups: Vec<u32>,
    /// Home directory, `/` when the user has no entry.
    pub home: String,
}

/// Why there is no such user.
#[derive(Debug, thiserror::Error)]
pub enum UserError {
    /// No entry of that name.
    #[error("unable to find user {0}: no matching entries in passwd file")]
    UnknownUser(String),
    /// No entry of that name.
    #[error("unable to find group {0}: no matching entries in group file")]
    UnknownGroup(String),
    /// A number outside of 0..=2^31-1.
    #[error("uids and gids must be in range 0-{MAX_ID}: {0}")]
    OutOfRange(String),
    /// A file cannot be read.
    #[error("cannot read the container's users")]
    Read(#[from] fsroot::Error),
}

/// Finds the user of a `user[:group]` string, with `additional` groups by name or number. Empty is root.
///
/// # Errors
/// A name has no entry, a number is out of range, or a file cannot be read (a missing file has no entries).
pub fn find(root: &Root, user: &str, additional: &[String]) -> Result<User, UserError> {
    let (name, group) = user.split_once(':').map_or((user, ""), |(name, group)| (name, group));
    let passwd = read(root, "/etc/passwd")?;
    // Most containers need no group file: do not read it for nothing.
    let account = find_account(&passwd, if name.is_empty() { "0" } else { name })?;
    let needs_groups = !group.is_empty() || !additional.is_empty() || account.name.is_some();
    let groups = if needs_groups { read(root, "/etc/group")? } else { String::new() };
    let gid = if group.is_empty() { account.gid } else { find_group(&groups, group)? };
    let mut all = vec![gid];
    if group.is_empty() {
        all.extend(account.name.map(|name| groups_of(&groups, name)).unwrap_or_default());
    }
    for extra in additional {
        all.push(find_group(&groups, extra)?);
    }
    all.sort_unstable();
    all.dedup();
    Ok(User { uid: account.uid, gid, groups: all, home: account.home.to_owned() })
}

struct Account<'a> {
    name: Option<&'a str>,
    uid: u32,
    gid: u32,
    home: &'a str,
}

/// A number is only ever a uid, a name only ever a name (CVE-2024-40635 and kin).
fn find_account<'a>(passwd: &'a str, user: &str) -> Result<Account<'a>, UserError> {
    let mut accounts = passwd.lines().filter_map(parse_account);
    let Some(uid) = parse_id(user)? else {
        let found = accounts.find(|account| account.name == Some(user));
        return found.ok_or_else(|| UserError::UnknownUser(user.to_owned()));
    };
    let found = accounts.find(|account| account.uid == uid);
    Ok(found.unwrap_or(Account { name: None, uid, gid: 0, home: "/" }))
}

/// `name:password:uid:gid:comment:home:shell`; lines that are not like that do not count.
fn parse_account(line: &str) -> Option<Account<'_>> {
    let mut fields = line.split(':');
    let name = fields.next().filter(|name| !name.is_empty())?;
    let uid = parse_id(fields.nth(1)?).ok()??;
    let gid = parse_id(fields.next()?).ok()??;
    let home = fields.nth(1).filter(|home| !home.is_empty()).unwrap_or("/");
    Some(Account { name: Some(name), uid, gid, home })
}

struct Group<'a> {
    name: &'a str,
    gid: u32,
    members: &'a str,
}

/// `name:password:gid:members`.
fn parse_group(line: &str) -> Option<Group<'_>> {
    let mut fields = line.split(':');
    let name = fields.next().filter(|name| !name.is_empty())?;
    let gid = parse_id(fields.nth(1)?).ok()??;
    Some(Group { name, gid, members: fields.next().unwrap_or("") })
}

fn find_group(groups: &str, group: &str) -> Result<u32, UserError> {
    if let Some(gid) = parse_id(group)? {
        return Ok(gid);
    }
    let found = groups.lines().filter_map(parse_group).find(|entry| entry.name == group);
    found.map(|entry| entry.gid).ok_or_else(|| UserError::UnknownGroup(group.to_owned()))
}

fn groups_of(groups: &str, user: &str) -> Vec<u32> {
    let entries = groups.lines().filter_map(parse_group);
    entries
        .filter(|group| group.members.split(',').any(|member| member == user))
        .map(|group| group.gid)
        .collect()
}

/// None when `text` is not a number.
fn parse_id(text: &str) -> Result<Option<u32>, UserError> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(None);
    }
    let number = text.parse::<u32>().ok().filter(|number| *number <= MAX_ID);
    number.map(Some).ok_or_else(|| UserError::OutOfRange(text.to_owned()))
}

/// The file's text without lines that are not UTF-8; empty when there is no such file.
fn read(root: &Root, path: &str) -> Result<String, UserError> {
    match root.read(Path::new(path), MAX_FILE) {
        Ok(content) => Ok(String::from_utf8_lossy(&content).into_owned()),
        Err(error) if error.is_not_found() => Ok(String::new()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn look_up(user: &str, additional: &[&str]) -> Result<User, String> {
        let top = tempfile::tempdir().unwrap();
        fs::create_dir(top.path().join("etc")).unwrap();
        let passwd =
            "root:x:0:0:root:/root:/bin/sh\nbroken\n1000:x:0:0::/evil:\napp:x:1001:1002::/home/app:/bin/sh\n";
        fs::write(top.path().join("etc/passwd"), passwd).unwrap();
        let group = "root:x:0:\nwheel:x:10:root,app\napp:x:1002:\nextra:x:50:\n";
        fs::write(top.path().join("etc/group"), group).unwrap();
        let additional: Vec<String> = additional.iter().map(|group| (*group).to_owned()).collect();
        let root = Root::open(top.path()).unwrap();
        find(&root, user, &additional).map_err(|error| error.to_string())
    }

    fn user(uid: u32, gid: u32, groups: &[u32], home: &str) -> Result<User, String> {
        Ok(User { uid, gid, groups: groups.to_vec(), home: home.to_owned() })
    }

    #[test]
    fn users_by_name_and_number() {
        assert_eq!(look_up("", &[]), user(0, 0, &[0, 10], "/root"));
        assert_eq!(look_up("app", &[]), user(1001, 1002, &[10, 1002], "/home/app"));
        assert_eq!(look_up("1001", &[]), user(1001, 1002, &[10, 1002], "/home/app"));
        assert_eq!(look_up("1000", &[]), user(1000, 0, &[0], "/"), "a name of digits is no user");
        assert_eq!(
            look_up("app:wheel", &[]),
            user(1001, 10, &[10], "/home/app"),
            "implicit groups are dropped"
        );
        assert_eq!(look_up("7:8", &["extra", "99"]), user(7, 8, &[8, 50, 99], "/"));
    }

    #[test]
    fn what_does_not_exist_is_an_error() {
        assert_eq!(
            look_up("nobody", &[]).unwrap_err(),
            "unable to find user nobody: no matching entries in passwd file"
        );
        assert_eq!(
            look_up("0:none", &[]).unwrap_err(),
            "unable to find group none: no matching entries in group file"
        );
        for number in ["4294967296", "2147483648", "-1"] {
            assert!(look_up(number, &[]).unwrap_err().contains("range"), "{number}");
        }
    }
}
