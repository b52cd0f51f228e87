//! What is stored.

use larder::Cacheable;
use serde::{Deserialize, Serialize};
use shop::service::Sold;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Cacheable)]
pub(crate) struct Product {
    name: String,
    version: u64,
}

impl Sold for Product {
    fn of(id: u64, version: u64) -> Self {
        Self { name: name(id, version), version }
    }

    fn revision(&self) -> u64 {
        self.version
    }

    fn is_of(&self, id: u64) -> bool {
        self.name == name(id, self.version)
    }
}

fn name(id: u64, version: u64) -> String {
    format!("product {id}, version {version}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_is_known_again_and_no_other_is_taken_for_it() {
        let product = Product::of(7, 3);
        assert!(product.is_of(7) && !product.is_of(8));
        assert!(!Product { version: 4, ..product }.is_of(7));
    }
}
