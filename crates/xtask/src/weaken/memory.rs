//! What can be weaker about the reference of the shared tier and the bus.
//!
//! These are noticed by a suite and not by one test: the suite is what any other shared tier must pass too.

mod loads;
mod writes;

use super::{Test, Weakening};

pub(super) fn weakenings() -> impl Iterator<Item = &'static Weakening> {
    [loads::WEAKENINGS, writes::WEAKENINGS].into_iter().flatten()
}

const fn server(name: &'static str, file: &'static str, from: &'static str, to: &'static str) -> Weakening {
    Weakening { name, file, from, to, noticed_by: Test::Memory }
}
