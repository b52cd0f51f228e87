//! What `#[cache_key(…)]` and `#[cacheable(…)]` say.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Attribute, Error, LitInt, Path, Result, parse_quote};

/// The attributes of a type.
pub(crate) struct OnType {
    /// Where `larder_core` is found.
    pub(crate) larder: Path,
    /// `version = …`, for values.
    pub(crate) version: u16,
}

impl OnType {
    /// Reads those named `name`; only values have a version.
    pub(crate) fn read(name: &str, attributes: &[Attribute]) -> Result<Self> {
        let mut found = Self { larder: parse_quote!(::larder_core), version: 0 };
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident(name)) {
            attribute.parse_nested_meta(|meta| {
                if meta.path.is_ident("crate") {
                    found.larder = meta.value()?.parse()?;
                } else if meta.path.is_ident("version") && name == "cacheable" {
                    found.version = meta.value()?.parse::<LitInt>()?.base10_parse()?;
                } else if name == "cacheable" {
                    return Err(meta.error("expected `version = …` or `crate = …`"));
                } else {
                    return Err(meta.error("expected `crate = …`"));
                }
                Ok(())
            })?;
        }
        Ok(found)
    }
}

/// Whether a field is marked `#[cacheable(opaque)]`.
pub(crate) fn is_opaque(attributes: &[Attribute]) -> Result<bool> {
    let mut opaque = false;
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("cacheable")) {
        attribute.parse_nested_meta(|meta| {
            if !meta.path.is_ident("opaque") {
                return Err(meta.error("expected `opaque`"));
            }
            opaque = true;
            Ok(())
        })?;
    }
    Ok(opaque)
}

/// What `serde` is told about a type, a variant or a field, as text: it changes the bytes.
pub(crate) fn serde(attributes: &[Attribute]) -> Vec<String> {
    attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("serde"))
        .map(|attribute| attribute.meta.to_token_stream().to_string())
        .collect()
}

/// Whether `serde` is told to leave a field out altogether.
pub(crate) fn is_skipped(attributes: &[Attribute]) -> bool {
    serde(attributes)
        .iter()
        .any(|said| said.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == "skip"))
}

/// The error for what cannot be derived.
pub(crate) fn refuse(what: impl ToTokens, why: &str) -> Result<TokenStream> {
    Err(Error::new_spanned(what, why))
}
