use larder_core::CacheKey;

#[derive(Clone, CacheKey)]
struct Name<'a>(&'a str);

fn main() {}
