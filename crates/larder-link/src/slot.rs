//! Where in a cluster a key lies.

/// A share of the keys. Each master of a cluster has some; keys that one script touches must be of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(u16);

const SLOTS: u16 = 16_384;

impl Slot {
    /// The slot of all keys with this between their braces.
    ///
    /// # Examples
    ///
    /// ```
    /// use larder_link::Slot;
    ///
    /// assert_eq!(Slot::of_tag("123456789").index(), 0x31C3);
    /// ```
    pub const fn of_tag(tag: &str) -> Self {
        let (bytes, mut at, mut crc) = (tag.as_bytes(), 0, 0_u16);
        while at < bytes.len() {
            #[expect(
                clippy::indexing_slicing,
                reason = "a loop over a slice cannot be written otherwise in a const"
            )]
            let byte = bytes[at];
            crc = step(crc ^ ((byte as u16) << 8));
            at += 1;
        }
        Self(crc % SLOTS)
    }

    /// Its number, below 16,384.
    pub const fn index(self) -> u16 {
        self.0
    }
}

/// One byte of CRC16 in its XMODEM variant.
const fn step(mut crc: u16) -> u16 {
    let mut bit = 0;
    while bit < 8 {
        crc = if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 };
        bit += 1;
    }
    crc
}
