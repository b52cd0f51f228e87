//! The fuzz targets over their seeds, with every cut of each, on stable.

use std::fs;
use std::path::Path;

use crate::bodies;

fn check(target: &str, body: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target);
    let mut seeds = 0;
    for file in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let seed = fs::read(file.unwrap().path()).unwrap();
        (0..=seed.len()).for_each(|len| body(&seed[..len]));
        seeds += 1;
    }
    assert!(seeds > 0, "no seeds in {}", folder.display());
}

#[test]
fn headers() {
    check("header", bodies::header);
}

#[test]
fn envelopes() {
    check("open", bodies::open);
}

#[test]
fn formats() {
    check("decode", bodies::decode);
}
