//! Netlink attributes: written into and read from plain bytes.

use super::align;

const NESTED: u16 = 1 << 15;
const KIND_MASK: u16 = !(NESTED | 1 << 14);

/// Collects attributes, aligned and nested as `netlink(7)` asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct AttributeWriter(Vec<u8>);

impl AttributeWriter {
    /// Starts with a family's fixed header.
    pub(crate) fn after(header: &[u8]) -> Self {
        Self(header.to_vec())
    }

    pub(crate) fn bytes(mut self, kind: u16, value: &[u8]) -> Self {
        let length = 4 + value.len();
        self.0.extend(u16::try_from(length).unwrap_or(u16::MAX).to_ne_bytes());
        self.0.extend(kind.to_ne_bytes());
        self.0.extend(value);
        self.0.resize(self.0.len() + align(length) - length, 0);
        self
    }

    /// A text with the terminating zero.
    pub(crate) fn text(self, kind: u16, value: &str) -> Self {
        let mut bytes = value.as_bytes().to_vec();
        bytes.push(0);
        self.bytes(kind, &bytes)
    }

    /// A number in network byte order, as netfilter uses throughout.
    pub(crate) fn be32(self, kind: u16, value: u32) -> Self {
        self.bytes(kind, &value.to_be_bytes())
    }

    /// A 64 bit number in network byte order.
    pub(crate) fn be64(self, kind: u16, value: u64) -> Self {
        self.bytes(kind, &value.to_be_bytes())
    }

    pub(crate) fn nested(self, kind: u16, inner: Self) -> Self {
        self.bytes(kind | NESTED, &inner.0)
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.0
    }
}

/// The attributes in `bytes`, kind and value; ends at the first one that is cut off.
pub(crate) fn attributes(mut bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let length = usize::from(u16::from_ne_bytes(bytes.get(..2)?.try_into().ok()?));
        let kind = u16::from_ne_bytes(bytes.get(2..4)?.try_into().ok()?);
        let value = bytes.get(4..length)?;
        bytes = bytes.get(align(length)..).unwrap_or_default();
        Some((kind & KIND_MASK, value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let inner = AttributeWriter::default().text(1, "eth0");
        let bytes = AttributeWriter::default().be32(3, 7).nested(4, inner).bytes(5, &[9]).finish();
        let read: Vec<_> = attributes(&bytes).collect();
        assert_eq!(read[0], (3, &[0, 0, 0, 7][..]));
        assert_eq!(attributes(read[1].1).next(), Some((1, &b"eth0\0"[..])));
        assert_eq!(read[2], (5, &[9][..]));
        assert_eq!(read.len(), 3);
    }

    #[test]
    fn a_cut_off_attribute_ends_the_list() {
        let bytes = AttributeWriter::default().be32(1, 1).be32(2, 2).finish();
        assert_eq!(attributes(&bytes[..14]).count(), 1);
        assert_eq!(attributes(&[3, 0]).count(), 0);
        assert_eq!(attributes(&[0, 0, 1, 0]).count(), 0);
    }
}
