//! That no public async function is forgotten.

use std::collections::BTreeSet;

use super::operations::OPERATIONS;
use super::published::{async_functions, check_listed};

#[test]
fn every_public_async_function_is_dropped_in_the_middle() {
    let names: BTreeSet<&str> = OPERATIONS.iter().map(|operation| operation.name).collect();
    assert_eq!(names.len(), OPERATIONS.len(), "a function is listed twice");
    check_listed(env!("CARGO_MANIFEST_DIR"), names);
}

#[test]
fn functions_are_found_in_sources() {
    let source = "\
impl<'a, K: Into<Option<u8>>, V> Reading<'a, K, V>
where
    V: Send,
{
    pub async fn get<Q>(self, key: &Q) -> Result<V> {
        Ok(())
    }

    pub(crate) async fn fetch(self) {}

    pub fn name(&self) -> &str { async_fn() }

    pub fn wait<F>(&self) -> impl Future<Output = ()>
    where
        F: Send,
    {
    }

    pub fn loader<L>(&self) -> u8
    where
        L: Future<Output = ()>,
    {
    }
}

impl fmt::Debug for Cache {
    pub async fn odd() {}
}

pub async fn alone() {}
";
    let found: BTreeSet<String> = async_functions(source).into_iter().collect();
    let expected = ["Cache::odd", "Reading::get", "Reading::wait", "alone"];
    assert_eq!(found, expected.into_iter().map(str::to_owned).collect());
}
