//! The guide: what does not belong to one item.

#[doc = include_str!("guide/architecture.md")]
pub mod architecture {}

#[doc = include_str!("guide/consistency.md")]
pub mod consistency {}

#[doc = include_str!("guide/deploys.md")]
#[doc = include_str!("guide/forecast.svg")]
pub mod deploys {}

#[doc = include_str!("guide/failure.md")]
pub mod failure {}

#[doc = include_str!("guide/freshness.svg")]
#[doc = include_str!("guide/freshness.md")]
#[doc = include_str!("guide/badday.svg")]
pub mod freshness {}

#[doc = include_str!("guide/interop.md")]
pub mod interop {}

#[doc = include_str!("guide/migration.md")]
#[doc = include_str!("guide/rolling.svg")]
pub mod migration {}

#[doc = include_str!("guide/observability.md")]
pub mod observability {}

#[doc = include_str!("guide/operations.md")]
pub mod operations {}

#[doc = include_str!("guide/testing.md")]
pub mod testing {}

#[doc = include_str!("guide/writes.md")]
pub mod writes {}
