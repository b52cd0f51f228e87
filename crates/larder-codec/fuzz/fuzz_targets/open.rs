#![no_main]

#[path = "../bodies.rs"]
#[allow(dead_code, reason = "shared by all targets")]
mod bodies;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bodies::open(bytes));
