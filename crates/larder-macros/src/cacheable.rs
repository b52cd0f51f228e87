//! `#[derive(Cacheable)]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;
use syn::{Data, DeriveInput, Fields, Generics, Member, Path, Result, Type, Variant, parse_quote};

use crate::attributes::{OnType, is_opaque, is_skipped, refuse, serde, text};

pub(crate) fn derive(input: &DeriveInput, larder: Path) -> Result<TokenStream> {
    let OnType { larder, version } = OnType::read("cacheable", &input.attrs, larder)?;
    let name = &input.ident;
    let (version, shape) = match &input.data {
        Data::Struct(data) => match transparent(input, &data.fields, version)? {
            Some(inner) => (
                quote!(<#inner as #larder::Cacheable>::VERSION),
                quote!(<#inner as #larder::Cacheable>::SHAPE),
            ),
            None => {
                (quote!(#version), begin("struct", version, input, &larder, &fields(&data.fields, &larder)?)?)
            }
        },
        Data::Enum(data) => {
            let variants = data.variants.iter().map(|variant| self::variant(variant, &larder));
            let variants = variants.collect::<Result<TokenStream>>()?;
            (quote!(#version), begin("enum", version, input, &larder, &variants)?)
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

/// The one other type that a new type serializes as, if it is a plain one.
fn transparent<'a>(input: &DeriveInput, fields: &'a Fields, version: u16) -> Result<Option<&'a Type>> {
    let Fields::Unnamed(unnamed) = fields else { return Ok(None) };
    let mut fields = unnamed.unnamed.iter();
    let (Some(field), None) = (fields.next(), fields.next()) else { return Ok(None) };
    let is_plain = version == 0
        && serde(&input.attrs)?.is_empty()
        && serde(&field.attrs)?.is_empty()
        && !is_opaque(&field.attrs)?;
    Ok(is_plain.then_some(&field.ty))
}

/// The version is part of the shape, so that a type that holds this one notices a new version of it.
fn begin(
    kind: &str,
    version: u16,
    input: &DeriveInput,
    larder: &Path,
    rest: &TokenStream,
) -> Result<TokenStream> {
    let version = format!("version {version}");
    let serde = serde(&input.attrs)?;
    Ok(quote!(#larder::Shape::new(#kind).text(#version)#(.text(#serde))* #rest))
}

fn variant(variant: &Variant, larder: &Path) -> Result<TokenStream> {
    let name = variant.ident.unraw().to_string();
    let serde = serde(&variant.attrs)?;
    let fields = fields(&variant.fields, larder)?;
    Ok(quote!(.holds(#larder::Shape::new(#name)#(.text(#serde))* #fields)))
}

fn fields(fields: &Fields, larder: &Path) -> Result<TokenStream> {
    let mut shape = TokenStream::new();
    for (member, field) in fields.members().zip(fields) {
        if is_skipped(&field.attrs)? {
            continue;
        }
        let name = match member {
            Member::Named(name) => name.unraw().to_string(),
            Member::Unnamed(index) => index.index.to_string(),
        };
        let serde = serde(&field.attrs)?;
        shape.extend(quote!(.text(#name)#(.text(#serde))*));
        let ty = &field.ty;
        shape.extend(if is_opaque(&field.attrs)? {
            let ty = text(ty);
            quote!(.text(#ty))
        } else {
            quote!(.holds(<#ty as #larder::Cacheable>::SHAPE))
        });
    }
    Ok(shape)
}

fn bounded(generics: &Generics, larder: &Path) -> Generics {
    let mut generics = generics.clone();
    for parameter in generics.type_params_mut() {
        parameter.bounds.push(parse_quote!(#larder::Cacheable));
    }
    generics
}
