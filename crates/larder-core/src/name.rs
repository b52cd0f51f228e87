//! Names that stay the same from one deploy to the next.
//!
//! The most common cause of a hit rate of zero after a deploy is a name that moved: a commit hash,
//! a build time or a variable that was not set has crept into the prefix, and every key with it.
//! Such names are refused where they are made, with the reason.

mod suspicion;

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use suspicion::Suspicion;

/// The longest name, in bytes.
pub const MAX_NAME_BYTES: usize = 64;

/// An application in one of its environments, written `environment.app`.
///
/// Two environments that share a Redis must not share names, so a name without an environment is
/// refused.
///
/// # Examples
///
/// ```
/// use larder_core::AppName;
///
/// let app = AppName::new("prod.shop")?;
/// assert_eq!(app.as_str(), "prod.shop");
///
/// let error = AppName::new("prod.shop-20261120").unwrap_err();
/// assert!(error.to_string().contains("changes with every build"));
/// # Ok::<(), larder_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AppName(Arc<str>);

/// One cache of an application: `user`, `product.price`.
///
/// # Examples
///
/// ```
/// use larder_core::CacheName;
///
/// assert!(CacheName::new("user").is_ok());
/// assert!(CacheName::new("user:profile").is_err());
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CacheName(Arc<str>);

impl AppName {
    /// Checks and takes a name.
    pub fn new(name: impl AsRef<str>) -> Result<Self> {
        let name = check("an app name", name.as_ref())?;
        if name.contains('.') {
            Ok(Self(name.into()))
        } else {
            Err(refusal("an app name", name, "it has no environment: write `environment.app`"))
        }
    }
}

impl CacheName {
    /// Checks and takes a name.
    pub fn new(name: impl AsRef<str>) -> Result<Self> {
        check("a cache name", name.as_ref()).map(|name| Self(name.into()))
    }
}

fn check<'a>(what: &'static str, name: &'a str) -> Result<&'a str> {
    match Suspicion::of(name) {
        None => Ok(name),
        Some(suspicion) => Err(refusal(what, name, suspicion)),
    }
}

fn refusal(what: &'static str, name: &str, reason: impl fmt::Display) -> Error {
    // A name may come from anywhere; the message must not grow with it.
    let shown: String = name.chars().take(MAX_NAME_BYTES).collect();
    Error::new(ErrorKind::Invalid, format!("this cannot be {what}"))
        .with("name", format_args!("{shown:?}"))
        .with("reason", reason)
}

macro_rules! name_traits {
    ($($name:ident),*) => {$(
        impl $name {
            /// The name as it was given.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({:?})", stringify!($name), &*self.0)
            }
        }

        impl FromStr for $name {
            type Err = Error;

            fn from_str(name: &str) -> Result<Self> {
                Self::new(name)
            }
        }
    )*};
}

name_traits!(AppName, CacheName);

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, expected_reason: Option<&str>) {
        let got = CacheName::new(name).map_err(|error| error.to_string());
        match (got, expected_reason) {
            (Ok(_), None) => {}
            (Err(message), Some(reason)) => assert!(message.contains(reason), "{name}: {message}"),
            (got, expected) => panic!("{name:?}: expected {expected:?}, got {got:?}"),
        }
    }

    #[test]
    fn stable_names_are_taken() {
        for name in [
            "user",
            "user.profile",
            "Order-Lines_2",
            "v2",
            "user.v2",
            "cafe",
            "facade",
            "decade2",
            "oauth2",
            "2fa",
            "s3",
            "top-100",
            "iso-8601",
            "price.1-2",
            "deadbeef-fans",
            "cafe2024",
            "decade80",
            "feed100",
        ] {
            check(name, None);
        }
    }

    #[test]
    fn build_metadata_is_refused_with_the_reason() {
        let commit = "looks like a commit hash";
        let time = "looks like a timestamp or a build number";
        for (name, reason) in [
            ("user-2414721", time),
            ("user-9f8e7d6", commit),
            ("user.9f8e7d6c5b4a39281706f5e4d3c2b1a098765432", commit),
            ("user-g9f8e7d6", commit),
            ("user_sha9f8e7d6", commit),
            ("67e55044-10b1-426f-9247-bb680e5fe0c8", commit),
            ("user-20261120", time),
            ("user-20261120T101500Z", time),
            ("user-1763632800", time),
            ("user.v1763632800123", time),
            ("user-2026-11-20", time),
            ("user-build482913", time),
            ("user-20261120t101500z", time),
            ("user-20261120101500Z", time),
            ("user-SHA9f8e7d6", commit),
            ("user-rev9f8e7d6", commit),
            ("user-9f8e7d6dirty", commit),
            ("user-1-4-2", "looks like a release version"),
            ("user-1.4.2", "looks like a release version"),
            ("user-v1.4.2", "looks like a release version"),
            ("user.1.0.0-rc.1", "looks like a release version"),
        ] {
            check(name, Some(reason));
        }
    }

    #[test]
    fn unset_variables_are_refused() {
        let unset = "as if a variable was not set";
        for name in [
            "",
            " ",
            "${CACHE}",
            "$CACHE",
            "%CACHE%",
            "{{cache}}",
            "<cache>",
            ".user",
            "user.",
            "a..b",
            "-user",
            "undefined",
            "null",
            "user.None",
            "nil",
            "NaN",
        ] {
            check(name, Some(unset));
        }
    }

    #[test]
    fn separators_of_the_key_layout_and_the_like_are_refused() {
        for name in ["a:b", "a~b", "a@b", "a b", "a/b", "a*b", "ü", "a\nb", "a\0b"] {
            check(name, Some("may not contain"));
        }
        check(&"n".repeat(MAX_NAME_BYTES), None);
        check(&"n".repeat(MAX_NAME_BYTES + 1), Some("longer than 64 bytes"));
        assert!(CacheName::new("a".repeat(1 << 20)).unwrap_err().to_string().len() < 300);
    }

    #[test]
    fn an_app_names_its_environment() {
        assert!(AppName::new("prod.shop").is_ok());
        let error = AppName::new("shop").unwrap_err().to_string();
        assert_eq!(
            error,
            "this cannot be an app name (name: \"shop\", reason: it has no environment: write `environment.app`)"
        );
        let error = CacheName::new("").unwrap_err().to_string();
        assert!(error.starts_with("this cannot be a cache name (name: \"\""), "{error}");
    }
}
