#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| larder_link::fuzz::servers(bytes));
