//! What is in effect.

use std::fmt;

use larder_core::CacheName;

/// How a cache is set up, after all defaults.
///
/// It is displayed in one line, as the log shows it when the cache is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configuration {
    cache: CacheName,
    settings: Vec<(&'static str, String)>,
}

impl Configuration {
    pub(crate) fn new(cache: &CacheName, settings: Vec<(&'static str, String)>) -> Self {
        Self { cache: cache.clone(), settings }
    }

    /// Every setting by the name that the builder has for it, with its value.
    pub fn settings(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.settings.iter().map(|(name, value)| (*name, value.as_str()))
    }
}

impl fmt::Display for Configuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.cache)?;
        for (index, (name, value)) in self.settings().enumerate() {
            write!(f, "{} {name} = {value}", if index == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}
