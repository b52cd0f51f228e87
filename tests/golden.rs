//! What must stay as it is from one release to the next, because nodes of both are running.
//!
//! `LARDER_BLESS=1` writes the files anew. A line that changes by it is a break of compatibility.

mod key_hash;

use std::path::Path;
use std::{env, fs};

/// Compares `text` with the golden file of that name, line by line.
fn check(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(name);
    if env::var_os("LARDER_BLESS").is_some_and(|bless| bless == "1") {
        fs::write(&path, text).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap();
    for (number, (got, expected)) in text.lines().zip(golden.lines()).enumerate() {
        assert_eq!(got, expected, "{name}, line {}", number + 1);
    }
    assert_eq!(text.lines().count(), golden.lines().count(), "lines of {name}");
}
