#![no_main]

#[path = "../../../crates/larder-codec/tests/bodies.rs"]
#[allow(dead_code, reason = "shared by all targets of the codec")]
mod bodies;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    bodies::open(bytes);
    bodies::open_in_migration(bytes);
});
