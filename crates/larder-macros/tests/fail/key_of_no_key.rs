use larder_core::CacheKey;

#[derive(Clone, CacheKey)]
struct Price(f64);

fn main() {}
