//! On which channels is spoken.

use larder_core::AppName;
use larder_link::Address;

/// The channel of all notices of an app. Databases share the channels of their server, so its name has the number.
pub(crate) fn notices(app: &AppName, address: &Address) -> String {
    format!("larder:{app}@{}", address.database())
}

/// The channel of one listener, for the answers to its questions.
pub(crate) fn answers(app: &AppName, address: &Address, listener: u64) -> String {
    format!("{}~{listener:016x}", notices(app, address))
}
