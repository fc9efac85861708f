//! PAX extended headers: `LENGTH KEY=VALUE\n` records.
//!
//! Owns the record syntax. Values are bytes: extended attributes contain newlines and zeros.

use super::reader::TarError;

/// The records of one extended header, in order.
#[derive(Debug, Default)]
pub(crate) struct Records(Vec<(Vec<u8>, Vec<u8>)>);

impl Records {
    /// Reads the records of one extended header.
    pub(crate) fn parse(mut data: &[u8]) -> Result<Records, TarError> {
        let mut records = Vec::new();
        while !data.is_empty() {
            let (record, rest) = split_record(data).ok_or(TarError::Malformed("broken PAX record"))?;
            records.push(record);
            data = rest;
        }
        Ok(Records(records))
    }

    /// The last value of `key`.
    pub(crate) fn get(&self, key: &str) -> Option<&[u8]> {
        self.0.iter().rev().find(|(name, _)| name == key.as_bytes()).map(|(_, value)| value.as_slice())
    }

    /// The last value of `key` as a decimal number.
    pub(crate) fn number(&self, key: &str) -> Result<Option<u64>, TarError> {
        self.get(key).map(decimal).transpose()
    }

    /// All records in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.0.iter().map(|(key, value)| (key.as_slice(), value.as_slice()))
    }
}

/// Reads a decimal number.
pub(crate) fn decimal(text: &[u8]) -> Result<u64, TarError> {
    let number = std::str::from_utf8(text).ok().and_then(|text| text.trim().parse().ok());
    number.ok_or(TarError::Malformed("a PAX number is not a number"))
}

/// Reads `seconds[.fraction]`, possibly negative.
pub(crate) fn time(text: &[u8]) -> Result<(i64, u32), TarError> {
    let parse = || {
        let text = std::str::from_utf8(text).ok()?;
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let seconds: i64 = whole.parse().ok()?;
        let digits: String = fraction.chars().chain("000000000".chars()).take(9).collect();
        let nanoseconds: u32 = digits.parse().ok()?;
        // -1.25 is 0.75 seconds after -2.
        Some(match (whole.starts_with('-'), nanoseconds) {
            (true, 1..) => (seconds.checked_sub(1)?, 1_000_000_000 - nanoseconds),
            _ => (seconds, nanoseconds),
        })
    };
    parse().ok_or(TarError::Malformed("a PAX time is not a time"))
}

/// Appends one record; the length counts itself.
pub(crate) fn push_record(data: &mut Vec<u8>, key: &[u8], value: &[u8]) {
    let rest = key.len() + value.len() + 3;
    let mut length = rest + 1;
    while length.to_string().len() + rest != length {
        length = rest + length.to_string().len();
    }
    data.extend_from_slice(length.to_string().as_bytes());
    data.push(b' ');
    data.extend_from_slice(key);
    data.push(b'=');
    data.extend_from_slice(value);
    data.push(b'\n');
}

type Record = (Vec<u8>, Vec<u8>);

fn split_record(data: &[u8]) -> Option<(Record, &[u8])> {
    let space = data.iter().take(20).position(|&byte| byte == b' ')?;
    let length: usize = std::str::from_utf8(&data[..space]).ok()?.parse().ok()?;
    let record = data.get(space + 1..length)?;
    let record = record.strip_suffix(b"\n")?;
    let equals = record.iter().position(|&byte| byte == b'=')?;
    let (key, value) = (record[..equals].to_vec(), record[equals + 1..].to_vec());
    if key.is_empty() { None } else { Some(((key, value), &data[length..])) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_with_newlines_survive() {
        let mut data = Vec::new();
        push_record(&mut data, b"SCHILY.xattr.security.capability", b"\x01\n\n=\0");
        push_record(&mut data, b"path", &[b'a'; 90]);
        let records = Records::parse(&data).unwrap();
        assert_eq!(records.get("SCHILY.xattr.security.capability").unwrap(), b"\x01\n\n=\0");
        assert_eq!(records.get("path").unwrap().len(), 90);
    }

    #[test]
    fn refuses_records_that_lie_about_their_length() {
        for data in
            [&b"99 a=b\n"[..], b"3 a=b\n", b"a=b\n", b"6 a=bc", b"5 =b\n", b"99999999999999999999 a=b\n"]
        {
            assert!(Records::parse(data).is_err(), "{data:?}");
        }
    }

    #[test]
    fn times_may_be_negative_and_fractional() {
        assert_eq!(time(b"12.5").unwrap(), (12, 500_000_000));
        assert_eq!(time(b"-1.25").unwrap(), (-2, 750_000_000));
        assert_eq!(time(b"7").unwrap(), (7, 0));
        assert!(time(b"x").is_err());
    }
}
