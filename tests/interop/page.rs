//! What the page says is so.

use larder_core::{AppName, CacheKey, CacheName, Chain, Key, Namespace, Partition, Tag};
use larder_link::hash_tag;

const PAGE: &str = include_str!("../../crates/larder/src/guide/interop.md");
const PROGRAM: &str = include_str!("invalidate.py");

#[test]
fn the_page_and_the_program_list_the_hash_tags_of_all_partitions() {
    let tags = Partition::all().map(|partition| hash_tag(Chain::Keys(partition)));
    let tags = tags.collect::<Vec<_>>().join(" ");
    for text in [PAGE, PROGRAM] {
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains(&tags), "{tags}");
    }
    let of_tags = hash_tag(Chain::Tags);
    assert!(PAGE.contains(&format!("larder:{{{of_tags}}}:")) && PROGRAM.contains(&format!("\"{of_tags}\"")));
}

/// Makes sure that the page has a key's text, hash and partition, one below the other.
fn check_key<Q: CacheKey + ?Sized>(key: &Q) {
    let namespace = Namespace::new(AppName::new("prod.shop").unwrap(), CacheName::new("user").unwrap());
    let key = Key::new(&namespace, key).unwrap();
    let (hash, partition) = (key.hash(), key.hash().partition());
    let lines = format!(
        "text {} hash {hash} on the wire {:032x} partition {}: {}",
        key.text(),
        u128::from_be_bytes(hash.to_bytes()),
        partition.index(),
        hash_tag(Chain::Keys(partition)),
    );
    let words = PAGE.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains(&lines), "{lines}");
}

#[test]
fn the_keys_on_the_page_are_hashed_as_it_says() {
    check_key(&7);
    check_key(&("a", "b:c"));
}

#[test]
fn the_tag_on_the_page_is_hashed_as_it_says() {
    let hash = Tag::new("tenant:42").unwrap().hash().to_bits();
    assert!(PAGE.contains(&format!("`{hash:016x}`, on the wire `{:016x}`", hash.swap_bytes())));
}

#[test]
fn the_scripts_on_the_page_are_given_out() {
    let scripts = larder::redis::scripts();
    for name in ["invalidate", "expire", "tags", "clear"] {
        assert!(PAGE.contains(&format!("| `{name}` |")), "{name}");
        assert!(scripts.iter().any(|script| script.name() == name), "{name}");
    }
}
