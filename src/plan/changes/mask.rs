//! Values that nobody shall read over a shoulder or in a log.

/// What stands for a value that is not shown.
const HIDDEN: &str = "(hidden)";

/// Parts of names that promise a secret.
const SECRET_WORDS: [&str; 13] = [
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "SECRET",
    "TOKEN",
    "CREDENTIAL",
    "PRIVATE",
    "APIKEY",
    "API_KEY",
    "ACCESS_KEY",
    "SIGNING_KEY",
    "ENCRYPTION_KEY",
    "COOKIE",
];

/// Ends of names that promise a secret.
const SECRET_ENDS: [&str; 5] = ["_PASS", "_PWD", "_KEY", "_AUTH", "_SALT"];

/// The value of a setting as it may be shown.
pub fn masked(field: &[String], value: &str) -> String {
    match field {
        [section, name, ..] if section == "environment" && is_secret(name) => HIDDEN.to_owned(),
        _ => without_password(value),
    }
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase().replace('-', "_");
    // A path to a secret is none.
    if name.ends_with("_FILE") || name.ends_with("_PATH") {
        return false;
    }
    SECRET_WORDS.iter().any(|word| name.contains(word)) || SECRET_ENDS.iter().any(|end| name.ends_with(end))
}

/// `scheme://user:password@host` loses the password.
fn without_password(value: &str) -> String {
    let Some((scheme, rest)) = value.split_once("://") else { return value.to_owned() };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let Some((user, host)) = authority.rsplit_once('@') else { return value.to_owned() };
    let Some((user, _)) = user.split_once(':') else { return value.to_owned() };
    format!("{scheme}://{user}:{HIDDEN}@{host}{}", &rest[authority.len()..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_secrets() {
        for name in ["DB_PASSWORD", "api-token", "AWS_SECRET_ACCESS_KEY", "SSH_KEY", "REDIS_PASS"] {
            assert!(is_secret(name), "{name}");
        }
        for name in ["LOG_LEVEL", "KEYBOARD", "POSTGRES_PASSWORD_FILE", "PWD", "MONKEY"] {
            assert!(!is_secret(name), "{name}");
        }
    }

    #[test]
    fn addresses_lose_their_password_and_nothing_else() {
        let cases = [
            ("postgres://ml:s3cret@db:5432/ml?x=1", "postgres://ml:(hidden)@db:5432/ml?x=1"),
            ("postgres://ml@db/ml", "postgres://ml@db/ml"),
            ("http://a/b@c:d", "http://a/b@c:d"),
            ("plain", "plain"),
        ];
        for (value, shown) in cases {
            assert_eq!(without_password(value), shown);
        }
    }
}
