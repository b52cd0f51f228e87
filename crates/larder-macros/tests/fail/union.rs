use larder_core::{CacheKey, Cacheable};

#[derive(Clone, Copy, CacheKey)]
union Key {
    number: u8,
}

#[derive(Clone, Copy, Cacheable)]
union Value {
    number: u8,
}

fn main() {}
