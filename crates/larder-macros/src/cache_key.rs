//! `#[derive(CacheKey)]`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::ext::IdentExt;
use syn::{Data, DataEnum, DeriveInput, Fields, Generics, Ident, Path, Result, Variant, parse_quote};

use crate::attributes::{OnType, refuse};

pub(crate) fn derive(input: &DeriveInput, larder: Path) -> Result<TokenStream> {
    if let Some(lifetime) = input.generics.lifetimes().next() {
        return refuse(
            lifetime,
            "a key must own its parts: a loader outlives its caller, and takes the key along",
        );
    }
    let larder = OnType::read("cache_key", &input.attrs, larder)?.larder;
    let name = &input.ident;
    let body = match &input.data {
        Data::Struct(data) => write_struct(name, &data.fields, &larder),
        Data::Enum(data) if data.variants.is_empty() => {
            return refuse(name, "a type without values cannot be a key");
        }
        Data::Enum(data) => write_enum(data, &larder),
        Data::Union(_) => return refuse(name, "a union cannot be a key"),
    };
    let generics = bounded(&input.generics, &larder);
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    Ok(quote! {
        #[automatically_derived]
        impl #impl_generics #larder::CacheKey for #name #type_generics #where_clause {
            type Owned = Self;

            #body

            fn to_owned_key(&self) -> Self {
                ::core::clone::Clone::clone(self)
            }
        }
    })
}

/// One field speaks for the whole struct; several are parts; none leaves only the name.
fn write_struct(name: &Ident, fields: &Fields, larder: &Path) -> TokenStream {
    let members: Vec<_> = fields.members().collect();
    match members.as_slice() {
        [] => {
            let name = name.unraw().to_string();
            quote! {
                fn write_text(&self, text: &mut #larder::KeyText) {
                    text.push_str(#name);
                }
            }
        }
        [only] => quote! {
            #[inline]
            fn write_text(&self, text: &mut #larder::KeyText) {
                #larder::CacheKey::write_text(&self.#only, text);
            }

            #[inline]
            fn read_text<R>(&self, read: impl ::core::ops::FnOnce(&[u8]) -> R) -> R {
                #larder::CacheKey::read_text(&self.#only, read)
            }
        },
        members => quote! {
            #[inline]
            fn write_text(&self, text: &mut #larder::KeyText) {
                #(text.part(&self.#members);)*
            }
        },
    }
}

fn write_enum(data: &DataEnum, larder: &Path) -> TokenStream {
    let arms = data.variants.iter().map(write_variant);
    quote! {
        fn write_text(&self, text: &mut #larder::KeyText) {
            match self { #(#arms)* }
        }
    }
}

/// The name of the variant is the first part, its fields are the others.
fn write_variant(variant: &Variant) -> TokenStream {
    let ident = &variant.ident;
    let name = ident.unraw().to_string();
    let members: Vec<_> = variant.fields.members().collect();
    let bound: Vec<_> = (0..members.len()).map(|index| format_ident!("part_{index}")).collect();
    quote! {
        Self::#ident { #(#members: #bound),* } => {
            text.part(#name);
            #(text.part(#bound);)*
        }
    }
}

fn bounded(generics: &Generics, larder: &Path) -> Generics {
    let mut generics = generics.clone();
    for parameter in generics.type_params_mut() {
        parameter.bounds.push(parse_quote!(#larder::CacheKey));
        parameter.bounds.push(parse_quote!(::core::clone::Clone));
        parameter.bounds.push(parse_quote!(::core::marker::Send));
        parameter.bounds.push(parse_quote!(::core::marker::Sync));
        parameter.bounds.push(parse_quote!('static));
    }
    generics
}
