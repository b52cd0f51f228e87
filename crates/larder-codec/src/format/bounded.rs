//! Bounds for formats that have none, or too few.
//!
//! These formats believe their bytes. A few of them can say "a list of 2⁶⁰ nothings", which takes for ever to
//! read, or "a tree within a tree within …", which overflows the stack and so ends the process. Here is a
//! deserializer to put between such a format and the value. It passes everything through, and counts: how deep values
//! are nested, and how many elements the lists have that may be of any length. And it passes on no claim of a length by
//! which much would be allocated.
//!
//! Strings and bytes are asked for as borrowed, since for owned ones bincode allocates the claimed length before it
//! looks how much there is. The bytes of both are the same.

use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess, Visitor,
};

/// How deep values may be nested. Structs, options and lists each count.
const MOST_NESTED: usize = 128;
/// How deep any value may be nested, however large it is.
const LEAST_NESTED: usize = 16;
/// What nested values may take of the stack, not counting the copies that a compiler makes on the way.
const STACK: usize = 64 << 10;

/// How many elements may take no bytes at all.
const MOST_EMPTY: usize = 1 << 16;

/// How many elements a list may make room for before it has seen them.
const MOST_EXPECTED: usize = 1_024;

/// What is left of the bounds while a value is being read.
pub(super) struct Bounds {
    nesting: Cell<usize>,
    elements: Cell<usize>,
}

impl Bounds {
    /// The bounds for a `V` that is read from these bytes. The larger it is, the less deep may it be nested.
    pub(super) fn of<V>(bytes: &[u8]) -> Self {
        let nesting = (STACK / size_of::<V>().max(1)).clamp(LEAST_NESTED, MOST_NESTED);
        Self { nesting: Cell::new(nesting), elements: Cell::new(bytes.len() + MOST_EMPTY) }
    }

    /// Reads something one level down.
    fn nest<T, E: Error>(&self, read: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let left = self.nesting.get();
        self.nesting.set(left.checked_sub(1).ok_or_else(|| E::custom("the value is nested too deep"))?);
        let result = read();
        self.nesting.set(left);
        result
    }

    /// What a list may believe of its claimed length.
    fn expect(&self, claimed: usize) -> usize {
        let bytes_left = self.elements.get().saturating_sub(MOST_EMPTY);
        claimed.min(bytes_left).min(MOST_EXPECTED)
    }

    fn count<E: Error>(&self) -> Result<(), E> {
        let left = self.elements.get().checked_sub(1);
        self.elements.set(left.ok_or_else(|| E::custom("the value has more elements than bytes"))?);
        Ok(())
    }
}

/// Reads a whole value within bounds.
pub(super) struct Root<'b, V> {
    bounds: &'b Bounds,
    value: PhantomData<V>,
}

impl<'b, V> Root<'b, V> {
    pub(super) fn new(bounds: &'b Bounds) -> Self {
        Self { bounds, value: PhantomData }
    }
}

impl<'de, V: Deserialize<'de>> DeserializeSeed<'de> for Root<'_, V> {
    type Value = V;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<V, D::Error> {
        V::deserialize(Bounded::new(deserializer, self.bounds))
    }
}

/// Anything of serde's, within bounds.
struct Bounded<'b, T> {
    inner: T,
    bounds: &'b Bounds,
    length: Length,
}

/// How many elements a list has, while it is being visited.
#[derive(Clone, Copy)]
enum Length {
    /// As many as the type says.
    OfType,
    /// As many as the bytes say.
    Claimed,
}

impl<'b, T> Bounded<'b, T> {
    fn new(inner: T, bounds: &'b Bounds) -> Self {
        Self { inner, bounds, length: Length::OfType }
    }

    fn wrap<U>(&self, inner: U) -> Bounded<'b, U> {
        Bounded::new(inner, self.bounds)
    }

    /// Counts an element that was there.
    fn count<E: Error>(&self, there: bool) -> Result<(), E> {
        match self.length {
            Length::Claimed if there => self.bounds.count(),
            _ => Ok(()),
        }
    }
}

macro_rules! pass {
    ($($method:ident as $inner:ident),* $(,)?) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.inner.$inner(visitor)
        }
    )*};
}

macro_rules! visit {
    ($($method:ident($type:ty)),* $(,)?) => {$(
        fn $method<E: Error>(self, value: $type) -> Result<V::Value, E> {
            self.inner.$method(value)
        }
    )*};
}

macro_rules! nest {
    ($($method:ident[$length:ident]($($argument:ident: $type:ty),*)),* $(,)?) => {$(
        fn $method<V: Visitor<'de>>(self, $($argument: $type,)* visitor: V) -> Result<V::Value, D::Error> {
            let visitor = Bounded { length: Length::$length, ..self.wrap(visitor) };
            self.bounds.nest(|| self.inner.$method($($argument,)* visitor))
        }
    )*};
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Bounded<'_, D> {
    type Error = D::Error;

    pass! {
        deserialize_bool as deserialize_bool,
        deserialize_i8 as deserialize_i8,
        deserialize_i16 as deserialize_i16,
        deserialize_i32 as deserialize_i32,
        deserialize_i64 as deserialize_i64,
        deserialize_i128 as deserialize_i128,
        deserialize_u8 as deserialize_u8,
        deserialize_u16 as deserialize_u16,
        deserialize_u32 as deserialize_u32,
        deserialize_u64 as deserialize_u64,
        deserialize_u128 as deserialize_u128,
        deserialize_f32 as deserialize_f32,
        deserialize_f64 as deserialize_f64,
        deserialize_char as deserialize_char,
        deserialize_str as deserialize_str,
        deserialize_string as deserialize_str,
        deserialize_bytes as deserialize_bytes,
        deserialize_byte_buf as deserialize_bytes,
        deserialize_unit as deserialize_unit,
        deserialize_identifier as deserialize_identifier,
    }

    nest! {
        deserialize_any[OfType](),
        deserialize_ignored_any[OfType](),
        deserialize_option[OfType](),
        deserialize_seq[Claimed](),
        deserialize_map[Claimed](),
        deserialize_tuple[OfType](len: usize),
        deserialize_newtype_struct[OfType](name: &'static str),
        deserialize_tuple_struct[OfType](name: &'static str, len: usize),
        deserialize_struct[OfType](name: &'static str, fields: &'static [&'static str]),
        deserialize_enum[OfType](name: &'static str, variants: &'static [&'static str]),
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner.deserialize_unit_struct(name, visitor)
    }

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Bounded<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(f)
    }

    visit! {
        visit_bool(bool),
        visit_i8(i8),
        visit_i16(i16),
        visit_i32(i32),
        visit_i64(i64),
        visit_i128(i128),
        visit_u8(u8),
        visit_u16(u16),
        visit_u32(u32),
        visit_u64(u64),
        visit_u128(u128),
        visit_f32(f32),
        visit_f64(f64),
        visit_char(char),
        visit_str(&str),
        visit_borrowed_str(&'de str),
        visit_string(String),
        visit_bytes(&[u8]),
        visit_borrowed_bytes(&'de [u8]),
        visit_byte_buf(Vec<u8>),
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_unit()
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_none()
    }

    fn visit_some<D: Deserializer<'de>>(self, some: D) -> Result<V::Value, D::Error> {
        let some = self.wrap(some);
        self.inner.visit_some(some)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, field: D) -> Result<V::Value, D::Error> {
        let field = self.wrap(field);
        self.inner.visit_newtype_struct(field)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<V::Value, A::Error> {
        let elements = Bounded { length: self.length, ..self.wrap(elements) };
        self.inner.visit_seq(elements)
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<V::Value, A::Error> {
        let entries = Bounded { length: self.length, ..self.wrap(entries) };
        self.inner.visit_map(entries)
    }

    fn visit_enum<A: EnumAccess<'de>>(self, variant: A) -> Result<V::Value, A::Error> {
        let variant = self.wrap(variant);
        self.inner.visit_enum(variant)
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Bounded<'_, S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        let deserializer = self.wrap(deserializer);
        self.inner.deserialize(deserializer)
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Bounded<'_, A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        let seed = self.wrap(seed);
        let next = self.inner.next_element_seed(seed)?;
        self.count(next.is_some())?;
        Ok(next)
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint().map(|claimed| self.bounds.expect(claimed))
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Bounded<'_, A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        let seed = self.wrap(seed);
        let next = self.inner.next_key_seed(seed)?;
        self.count(next.is_some())?;
        Ok(next)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        let seed = self.wrap(seed);
        self.inner.next_value_seed(seed)
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint().map(|claimed| self.bounds.expect(claimed))
    }
}

impl<'b, 'de, A: EnumAccess<'de>> EnumAccess<'de> for Bounded<'b, A> {
    type Error = A::Error;
    type Variant = Bounded<'b, A::Variant>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self::Variant), A::Error> {
        let seed = self.wrap(seed);
        let (value, variant) = self.inner.variant_seed(seed)?;
        Ok((value, Bounded::new(variant, self.bounds)))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Bounded<'_, A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.inner.unit_variant()
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        let seed = self.wrap(seed);
        self.inner.newtype_variant_seed(seed)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, A::Error> {
        let visitor = self.wrap(visitor);
        self.inner.tuple_variant(len, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        let visitor = self.wrap(visitor);
        self.inner.struct_variant(fields, visitor)
    }
}
