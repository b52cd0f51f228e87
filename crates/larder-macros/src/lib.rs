//! The derives of Larder.
//!
//! Use them through the crate that re-exports them: `larder`, or `larder_core` with its feature `derive`.

mod attributes;
mod cache_key;
mod cacheable;

use proc_macro::TokenStream;
use syn::{DeriveInput, Result, parse_macro_input, parse_quote};

/// Makes a type a key: `#[derive(CacheKey)]`.
///
/// The text of a struct with one field is that of the field. Several fields are written one after the other, in the
/// order of their declaration, and told apart whatever they contain. An enum writes the name of its variant first.
/// A struct without fields writes its own name. So renaming a struct with fields, or a field, changes no key; reordering
/// fields and renaming a variant do.
///
/// The type must be `Clone`, and must own its parts: a loader outlives its caller, and takes the key along.
///
/// # Attributes
///
/// - `#[cache_key(crate = path)]`: where to find `larder_core`, if it goes by another name.
///
/// # Examples
///
/// ```
/// use larder_core::{CacheKey, KeyText};
///
/// #[derive(Clone, CacheKey)]
/// struct UserId(u64);
///
/// #[derive(Clone, CacheKey)]
/// enum Page {
///     Home,
///     Profile { user: UserId, tab: String },
/// }
///
/// let page = Page::Profile { user: UserId(7), tab: "a:b".into() };
/// assert_eq!(KeyText::of(&page).to_string(), r"Profile:7:a\:b");
/// assert_eq!(KeyText::of(&Page::Home).to_string(), "Home");
/// ```
#[proc_macro_derive(CacheKey, attributes(cache_key))]
pub fn derive_cache_key(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    expand(cache_key::derive(&input, parse_quote!(::larder_core)))
}

/// [`CacheKey`](macro@CacheKey) for the users of `larder`, who find it there under its proper name.
#[doc(hidden)]
#[proc_macro_derive(FacadeCacheKey, attributes(cache_key))]
pub fn derive_facade_cache_key(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    expand(cache_key::derive(&input, parse_quote!(::larder)))
}

/// Declares the version and the shape of a stored type: `#[derive(Cacheable)]`.
///
/// The shape covers the names, the order and the types of all fields and variants, the shapes of the types in
/// them, and what `serde` attributes say of the bytes. Entries of another shape are misses.
///
/// A struct around one other type, without a version of its own, has the version and the shape of that type.
///
/// # Attributes
///
/// On the type:
///
/// - `#[cacheable(version = 2)]`: the version of the meaning, 0 by default. Raise it when the same bytes mean
///   something else, and when a build must know that the entries of another are older.
/// - `#[cacheable(crate = path)]`: where to find `larder_core`, if it goes by another name.
///
/// On a field:
///
/// - `#[cacheable(opaque)]`: does not look into the field's type, only at its name. For types of other crates,
///   and to end the recursion of a type that contains itself.
///
/// # Examples
///
/// ```
/// use larder_core::{Cacheable, Schema};
///
/// #[derive(Cacheable)]
/// #[cacheable(version = 2)]
/// struct User {
///     name: String,
///     tags: Vec<String>,
/// }
///
/// assert_eq!(Schema::of::<User>().number(), 2);
/// ```
#[proc_macro_derive(Cacheable, attributes(cacheable))]
pub fn derive_cacheable(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    expand(cacheable::derive(&input, parse_quote!(::larder_core)))
}

/// [`Cacheable`](macro@Cacheable) for the users of `larder`, who find it there under its proper name.
#[doc(hidden)]
#[proc_macro_derive(FacadeCacheable, attributes(cacheable))]
pub fn derive_facade_cacheable(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    expand(cacheable::derive(&input, parse_quote!(::larder)))
}

fn expand(derived: Result<proc_macro2::TokenStream>) -> TokenStream {
    derived.unwrap_or_else(syn::Error::into_compile_error).into()
}
