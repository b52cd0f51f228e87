//! `#[derive(Cacheable)]`.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Data, DeriveInput, Field, Fields, Generics, Path, Result, Variant, parse_quote};

use crate::attributes::{OnType, is_opaque, is_skipped, refuse, serde};

pub(crate) fn derive(input: &DeriveInput) -> Result<TokenStream> {
    let OnType { larder, version } = OnType::read("cacheable", &input.attrs)?;
    let name = &input.ident;
    let shape = match &input.data {
        Data::Struct(data) if is_transparent(input, &data.fields, version) => {
            let inner = data.fields.iter().map(|field| &field.ty);
            quote!(#(<#inner as #larder::Cacheable>::SHAPE)*)
        }
        Data::Struct(data) => {
            let fields = fields(&data.fields, &larder)?;
            begin("struct", version, input, &larder, &fields)
        }
        Data::Enum(data) => {
            let variants = data.variants.iter().map(|variant| self::variant(variant, &larder));
            let variants = variants.collect::<Result<TokenStream>>()?;
            begin("enum", version, input, &larder, &variants)
        }
        Data::Union(_) => return refuse(name, "a union has no shape that could be read back"),
    };
    let generics = bounded(&input.generics, &larder);
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    Ok(quote! {
        #[automatically_derived]
        impl #impl_generics #larder::Cacheable for #name #type_generics #where_clause {
            const VERSION: u16 = #version;
            const SHAPE: #larder::Shape = #shape;
        }
    })
}

/// A new type around one other serializes as that other.
fn is_transparent(input: &DeriveInput, fields: &Fields, version: u16) -> bool {
    let plain = |field: &Field| serde(&field.attrs).is_empty() && !is_opaque(&field.attrs).unwrap_or(true);
    version == 0
        && serde(&input.attrs).is_empty()
        && matches!(fields, Fields::Unnamed(_))
        && fields.len() == 1
        && fields.iter().all(plain)
}

/// The version is part of the shape, so that a type that holds this one notices a new version of it.
fn begin(kind: &str, version: u16, input: &DeriveInput, larder: &Path, rest: &TokenStream) -> TokenStream {
    let version = format!("version {version}");
    let serde = serde(&input.attrs);
    quote!(#larder::Shape::new(#kind).text(#version)#(.text(#serde))* #rest)
}

fn variant(variant: &Variant, larder: &Path) -> Result<TokenStream> {
    let name = variant.ident.to_string();
    let serde = serde(&variant.attrs);
    let fields = fields(&variant.fields, larder)?;
    let inner = quote!(#larder::Shape::new(#name)#(.text(#serde))* #fields);
    Ok(quote!(.holds(#inner)))
}

fn fields(fields: &Fields, larder: &Path) -> Result<TokenStream> {
    fields
        .members()
        .zip(fields)
        .filter(|(_, field)| !is_skipped(&field.attrs))
        .map(|(member, field)| {
            let name = member.to_token_stream().to_string();
            let serde = serde(&field.attrs);
            let ty = &field.ty;
            Ok(if is_opaque(&field.attrs)? {
                let ty = ty.to_token_stream().to_string();
                quote!(.text(#name)#(.text(#serde))*.text(#ty))
            } else {
                quote!(.text(#name)#(.text(#serde))*.holds(<#ty as #larder::Cacheable>::SHAPE))
            })
        })
        .collect()
}

fn bounded(generics: &Generics, larder: &Path) -> Generics {
    let mut generics = generics.clone();
    for parameter in generics.type_params_mut() {
        parameter.bounds.push(parse_quote!(#larder::Cacheable));
    }
    generics
}
