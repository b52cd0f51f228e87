//! What is stored, before and after: each product says what it is and what it was when it was read from the database.

use larder::Cacheable;
use serde::{Deserialize, Serialize};

/// What an instance can make of a row, and recognise again.
pub(crate) trait Sold: Cacheable + Clone + Send + Sync + 'static {
    fn of(id: u64, version: u64) -> Self;
    fn revision(&self) -> u64;
    /// Whether it could have been made of a row of this product.
    fn is_of(&self, id: u64) -> bool;
}

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

impl Sold for ProductV1 {
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
        let (old, new) = (ProductV1::of(7, 3), Product::of(7, 3));
        let upgraded = Product::from(old.clone());
        assert_eq!(ProductV1::from(&new), old);
        assert!(old.is_of(7) && new.is_of(7) && upgraded.is_of(7));
        assert!(!old.is_of(8) && !new.is_of(8) && !upgraded.is_of(8));
    }

    #[test]
    fn a_product_of_two_versions_is_none() {
        let torn = Product { version: 4, ..Product::of(7, 3) };
        assert!(!torn.is_of(7));
        let page = Product { page: Product::of(7, 4).page, ..Product::of(7, 3) };
        assert!(!page.is_of(7));
    }
}
