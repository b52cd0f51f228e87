//! What is stored, and what was.

use larder::Cacheable;
use serde::{Deserialize, Serialize};
use shop::service::Sold;

/// What the build before calls `Product`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Cacheable)]
pub(crate) struct ProductV1 {
    name: String,
    version: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Cacheable)]
#[cacheable(version = 1)]
pub(crate) struct Product {
    /// Not known of what was stored in the old form.
    page: Option<String>,
    version: u64,
    name: String,
}

impl From<ProductV1> for Product {
    fn from(old: ProductV1) -> Self {
        Self { page: None, version: old.version, name: old.name }
    }
}

impl From<&Product> for ProductV1 {
    fn from(new: &Product) -> Self {
        Self { name: new.name.clone(), version: new.version }
    }
}

impl Sold for Product {
    fn of(id: u64, version: u64) -> Self {
        Self { page: Some(page(id, version)), version, name: name(id, version) }
    }

    fn revision(&self) -> u64 {
        self.version
    }

    fn is_of(&self, id: u64) -> bool {
        let is_page = self.page.as_ref().is_none_or(|text| *text == page(id, self.version));
        is_page && self.name == name(id, self.version)
    }
}

fn name(id: u64, version: u64) -> String {
    format!("product {id}, version {version}")
}

fn page(id: u64, version: u64) -> String {
    format!("/product/{id}?version={version}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_is_known_again_in_each_form_and_no_other_is_taken_for_it() {
        let product = Product::of(7, 3);
        let upgraded = Product::from(ProductV1::from(&product));
        assert!(product.is_of(7) && upgraded.is_of(7));
        assert!(!product.is_of(8) && !upgraded.is_of(8));
    }

    #[test]
    fn a_product_of_two_versions_is_none() {
        let torn = Product { version: 4, ..Product::of(7, 3) };
        assert!(!torn.is_of(7));
        let page = Product { page: Product::of(7, 4).page, ..Product::of(7, 3) };
        assert!(!page.is_of(7));
    }
}
