use larder_core::CacheKey;

#[derive(Clone, CacheKey)]
enum Never {}

fn main() {}
