use larder_core::{CacheKey, Cacheable};

#[derive(Clone, CacheKey)]
#[cache_key(version = 2)]
struct Key(u8);

#[derive(Cacheable)]
#[cacheable(schema = 2)]
struct Value(u8);

#[derive(Cacheable)]
#[cacheable(version = 65536)]
struct TooNew(u8);

#[derive(Cacheable)]
struct Field {
    #[cacheable(opaq)]
    field: u8,
}

fn main() {}
