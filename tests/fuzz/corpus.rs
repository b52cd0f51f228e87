//! The body of a fuzz target over its seeds, every cut of each, and some thousand mutations of them: on stable, and the
//! same each time.

use std::fs;
use std::path::{Path, PathBuf};

use fastrand::Rng;

/// How often the seeds are mutated.
const MUTATIONS: usize = 4_000;

/// Bytes at which something may change.
const EDGES: [u8; 9] = [0, 1, b'\n', b'0', b':', 0x7f, 0x80, 0xfe, 0xff];

pub(crate) fn check(target: &str, body: fn(&[u8])) {
    let seeds = read(&folder(target));
    for seed in &seeds {
        (0..=seed.len()).for_each(|len| try_out(body, &seed[..len]));
    }
    let mut dice = Rng::with_seed(7);
    for _ in 0..MUTATIONS {
        let mut bytes = dice.choice(&seeds).expect("there are seeds").clone();
        for _ in 0..dice.usize(1..=4) {
            mutate(&mut bytes, &seeds, &mut dice);
        }
        try_out(body, &bytes);
    }
}

/// The seeds lie beside this file, wherever the crate is that runs it.
fn folder(target: &str) -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let seeds = here.ancestors().map(|folder| folder.join("tests/fuzz/seeds")).find(|seeds| seeds.is_dir());
    seeds.expect("the seeds are there").join(target)
}

fn read(folder: &Path) -> Vec<Vec<u8>> {
    let files = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = files.map(|file| file.expect("it can be listed").path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "no seeds in {}", folder.display());
    paths.iter().map(|path| fs::read(path).expect("it can be read")).collect()
}

fn mutate(bytes: &mut Vec<u8>, seeds: &[Vec<u8>], dice: &mut Rng) {
    let at = dice.usize(0..=bytes.len());
    let end = dice.usize(at..=bytes.len());
    match dice.u8(0..6) {
        0 => bytes.truncate(at),
        1 => drop(bytes.drain(at..end)),
        2 => bytes.insert(at, *dice.choice(&EDGES).expect("there are some")),
        3 => bytes.extend_from_within(at..end),
        4 => {
            let other = dice.choice(seeds).expect("there are seeds");
            bytes.truncate(at);
            bytes.extend_from_slice(&other[dice.usize(0..=other.len())..]);
        }
        _ => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << dice.u8(0..8);
            }
        }
    }
}

fn try_out(body: fn(&[u8]), bytes: &[u8]) {
    /// Shows what it was if that panics.
    struct Shown<'a>(&'a [u8]);
    impl Drop for Shown<'_> {
        fn drop(&mut self) {
            if std::thread::panicking() {
                eprintln!("the input was b\"{}\"", self.0.escape_ascii());
            }
        }
    }
    let shown = Shown(bytes);
    body(shown.0);
}
