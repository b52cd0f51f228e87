//! What each trait promises, as one suite that runs on every implementation, the reference first.

mod local;
