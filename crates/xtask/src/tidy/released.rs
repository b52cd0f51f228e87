//! What was written by a release is added to, and never changed: the releases after it must read it as it was.

use super::{Finding, Source};

/// The files of such bytes: how long each was when it was released, and the hash of that.
const RELEASED: &[(&str, usize, u64)] = &[
    ("crates/larder-bus/src/frames-1.txt", 526, 0x5bd2_b7c4_6230_3675),
    ("crates/larder-codec/tests/golden/envelopes-1.txt", 6710, 0x7313_7022_5196_fb3f),
    ("crates/larder/src/layout/layouts-1.txt", 306, 0x0c17_3c86_6d71_ddcd),
    ("tests/golden/key-hash.txt", 4948, 0xc03a_5a10_3afc_6c16),
    ("tests/golden/tag-hash.txt", 531, 0x35d6_178f_8138_053a),
];

pub(super) fn changed_release(source: &Source) -> Vec<Finding> {
    let released = RELEASED.iter().find(|(path, ..)| *path == source.path);
    let is_changed = released.is_some_and(|(_, length, hash)| {
        source.text.as_bytes().get(..*length).is_none_or(|released| fnv(released) != *hash)
    });
    let what = "what a release has written is changed here, and must still be read: add to it instead";
    is_changed.then(|| Finding { line: 1, what: what.to_owned() }).into_iter().collect()
}

/// FNV-1a, with 64 bits.
fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::super::source;
    use super::*;

    const TAGS: &str = include_str!("../../../../tests/golden/tag-hash.txt");

    fn is_found(path: &str, text: &str) -> bool {
        !changed_release(&source(path, text)).is_empty()
    }

    #[test]
    fn what_was_released_may_be_added_to_and_not_changed() {
        let path = "tests/golden/tag-hash.txt";
        assert!(!is_found(path, TAGS) && !is_found(path, &format!("{TAGS}more\n")));
        assert!(is_found(path, &TAGS.replacen('0', "1", 1)) && is_found(path, &TAGS[..TAGS.len() - 2]));
        assert!(is_found(path, "") && !is_found("tests/golden/other.txt", ""));
    }

    #[test]
    fn every_file_of_released_bytes_is_there() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        assert!(RELEASED.iter().all(|(path, ..)| root.join(path).is_file()));
    }
}
