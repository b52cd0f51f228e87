//! What a service can do wrong itself. A checker that does not see it sees nothing.

use std::env;
use std::sync::LazyLock;

static WEAKNESS: LazyLock<Option<String>> = LazyLock::new(|| env::var("LARDER_WEAK").ok());

/// Whether the writers invalidate before they commit.
pub(super) fn invalidates_before_commit() -> bool {
    WEAKNESS.as_deref() == Some("invalidation before commit")
}
