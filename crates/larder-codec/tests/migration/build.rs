//! One build of a service, whatever type it knows.

use bytes::Bytes;
use larder_codec::{Envelope, Unreadable};
use larder_core::{Label, Lifetime, Ttl};

use crate::bodies::KEY;

/// What becomes of an entry that a build finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It is read, and rightly.
    Hit,
    /// It is a miss, and what is loaded takes its place.
    Replace,
    /// It is a miss, and stays.
    Leave,
}

/// Whether what it reads is the right value.
type Open = dyn Fn(&[u8]) -> Result<bool, Unreadable>;

pub(super) struct Build {
    /// What it writes.
    sealed: Bytes,
    open: Box<Open>,
}

impl Build {
    /// A build that stores this value.
    pub(super) fn new<V: PartialEq + Send + Sync + 'static>(value: V, envelope: Envelope<V>) -> Self {
        let sealed = envelope.seal(KEY, &label(), Some(&value)).unwrap();
        let value = Some(value);
        let open = move |stored: &[u8]| Ok(envelope.open(KEY, stored)?.value == value);
        Self { sealed, open: Box::new(open) }
    }

    /// What it makes of what the other has stored.
    pub(super) fn reads(&self, other: &Self) -> Outcome {
        self.reads_bytes(&other.sealed)
    }

    pub(super) fn reads_bytes(&self, stored: &[u8]) -> Outcome {
        match (self.open)(stored) {
            Ok(is_right) => {
                assert!(is_right, "a value that nobody stored");
                Outcome::Hit
            }
            Err(unreadable) if unreadable.may_be_newer() => Outcome::Leave,
            Err(_) => Outcome::Replace,
        }
    }
}

pub(super) fn label() -> Label {
    Label::new(Lifetime::new(Ttl::seconds(60)))
}
