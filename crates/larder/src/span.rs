//! The span of a load, for who traces where the time goes.
//!
//! It is at level debug, and nothing in it says which key. A read that needs no load has none.

use larder_core::{CacheName, Error};
use tracing::Span;
use tracing::field::Empty;

/// Where it is noted what becomes of a load. Clones are the same span.
#[derive(Clone, Debug)]
pub(crate) struct LoadSpan(Span);

impl LoadSpan {
    /// The span of a load of so many keys.
    pub(crate) fn new(cache: &CacheName, keys: usize) -> Self {
        Self(tracing::debug_span!(
            "larder.load",
            cache = cache.as_str(),
            keys,
            outcome = Empty,
            // By the conventions of OpenTelemetry, and those of its layer for tracing.
            "error.type" = Empty,
            "otel.status_code" = Empty
        ))
    }

    /// No span, for a load that is a part of another's.
    pub(crate) fn none() -> Self {
        Self(Span::none())
    }

    /// As tracing knows it.
    pub(crate) fn inner(&self) -> Span {
        self.0.clone()
    }

    /// Notes that it went well, and what it came to.
    pub(crate) fn ended(&self, outcome: &'static str) {
        self.0.record("outcome", outcome);
    }

    /// Notes that it did not. The error's text stays out of it: it is the loader's, who may name the key.
    pub(crate) fn failed(&self, error: &Error) {
        self.ended("failed");
        self.0.record("error.type", tracing::field::debug(error.kind()));
        self.0.record("otel.status_code", "ERROR");
    }
}
