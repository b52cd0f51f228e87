use larder_core::Cacheable;

struct Foreign;

#[derive(Cacheable)]
struct Value {
    foreign: Foreign,
}

fn main() {}
