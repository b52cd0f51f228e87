//! What `#[cache_key(…)]` and `#[cacheable(…)]` say.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::ToTokens;
use syn::punctuated::Punctuated;
use syn::{Attribute, Error, LitInt, Meta, Path, Result, Token};

/// The attributes of a type.
pub(crate) struct OnType {
    /// Where `larder_core` is found.
    pub(crate) larder: Path,
    /// `version = …`, for values.
    pub(crate) version: u16,
}

impl OnType {
    /// Reads those named `name`, which need not say where `larder_core` is; only values have a version.
    pub(crate) fn read(name: &str, attributes: &[Attribute], larder: Path) -> Result<Self> {
        let mut found = Self { larder, version: 0 };
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

/// What `serde` is told about a type, a variant or a field that changes the bytes: as text, in one order, and the same
/// however it is set in the source.
pub(crate) fn serde(attributes: &[Attribute]) -> Result<Vec<String>> {
    /// What only concerns reading what is missing, or the code that is generated.
    const WITHOUT_EFFECT: [&str; 7] =
        ["alias", "borrow", "bound", "crate", "default", "deny_unknown_fields", "expecting"];
    let mut told: Vec<String> = serde_metas(attributes)?
        .into_iter()
        .filter(|meta| !WITHOUT_EFFECT.iter().any(|name| meta.path().is_ident(name)))
        .map(|meta| text(&meta))
        .collect();
    told.sort();
    Ok(told)
}

/// Whether `serde` is told to leave a field out altogether.
pub(crate) fn is_skipped(attributes: &[Attribute]) -> Result<bool> {
    Ok(serde_metas(attributes)?.iter().any(|meta| meta.path().is_ident("skip")))
}

fn serde_metas(attributes: &[Attribute]) -> Result<Vec<Meta>> {
    let mut metas = Vec::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("serde")) {
        metas.extend(attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)?);
    }
    Ok(metas)
}

/// The tokens one by one. Between tokens a compiler may print what white space it likes.
pub(crate) fn text(tokens: &impl ToTokens) -> String {
    fn write(tokens: TokenStream, text: &mut String) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => {
                    let (open, close) = match group.delimiter() {
                        Delimiter::Parenthesis => ("(", ")"),
                        Delimiter::Brace => ("{", "}"),
                        Delimiter::Bracket => ("[", "]"),
                        Delimiter::None => ("", ""),
                    };
                    text.push_str(open);
                    write(group.stream(), text);
                    text.push_str(close);
                }
                TokenTree::Ident(_) | TokenTree::Literal(_) => {
                    text.push_str(&token.to_string());
                    text.push(' ');
                }
                TokenTree::Punct(punct) => text.push(punct.as_char()),
            }
        }
    }
    let mut text = String::new();
    write(tokens.to_token_stream(), &mut text);
    text
}

/// The error for what cannot be derived.
pub(crate) fn refuse(what: impl ToTokens, why: &str) -> Result<TokenStream> {
    Err(Error::new_spanned(what, why))
}
