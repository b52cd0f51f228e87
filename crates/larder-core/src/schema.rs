//! What shape the bytes of a type have, so that a build knows what it must not read.

mod shapes;

/// The version and the shape of a stored type.
///
/// bincode and postcard write no field names. If two fields of one type change places, the old bytes decode
/// into the new type without an error, and wrongly. The fingerprint makes that a miss.
///
/// # Examples
///
/// ```
/// use larder_core::Schema;
///
/// assert_ne!(Schema::of::<(u32, String)>(), Schema::of::<(i32, String)>());
/// assert_eq!(Schema::version(2).number(), 2);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Schema {
    version: u16,
    fingerprint: u32,
}

impl Schema {
    /// The schema that a type declares.
    pub const fn of<T: Cacheable + ?Sized>() -> Self {
        Self { version: T::VERSION, fingerprint: T::SHAPE.fingerprint() }
    }

    /// A version without a fingerprint: every change of shape must then come with a new version.
    pub const fn version(version: u16) -> Self {
        Self { version, fingerprint: 0 }
    }

    /// A schema as it was stored.
    pub const fn from_parts(version: u16, fingerprint: u32) -> Self {
        Self { version, fingerprint }
    }

    /// The version. A higher one is newer.
    pub const fn number(self) -> u16 {
        self.version
    }

    /// The fingerprint of the shape; zero if none was declared.
    pub const fn fingerprint(self) -> u32 {
        self.fingerprint
    }

    /// Whether bytes written under `other`, of the same version, have the same shape as far as either tells.
    pub const fn has_shape_of(self, other: Self) -> bool {
        self.fingerprint == 0 || other.fingerprint == 0 || self.fingerprint == other.fingerprint
    }
}

/// A type that declares the shape of its bytes.
///
/// Derive it with `#[derive(Cacheable)]`; raise the version with `#[cacheable(version = 2)]` when old bytes must
/// no longer be read although the shape is the same, say because a price is now in cents.
///
/// A change of a type that is nested changes the shape of all that hold it. Lists, options, maps and the like have the
/// version of what they hold; a struct has its own, which must be raised along.
#[diagnostic::on_unimplemented(
    message = "the shape of `{Self}` is not known",
    note = "derive `Cacheable` for it, or mark the field that holds it as `#[cacheable(opaque)]`"
)]
pub trait Cacheable {
    /// The version of the meaning. A build that knows version 2 never overwrites version 3.
    const VERSION: u16 = 0;

    /// The shape of the bytes.
    const SHAPE: Shape;
}

/// A hash of how a type is laid out, made by the compiler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape(u64);

impl Shape {
    /// The shape of something indivisible, or the beginning of something composed.
    pub const fn new(name: &str) -> Self {
        Self(0xcbf2_9ce4_8422_2325).text(name)
    }

    /// This shape followed by a name: of a field, of a variant.
    #[must_use]
    pub const fn text(self, text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut hash = self.byte(0xFF).0;
        let mut index = 0;
        while index < bytes.len() {
            #[expect(clippy::indexing_slicing, reason = "a constant function has no iterators")]
            let byte = bytes[index];
            hash = Self(hash).byte(byte).0;
            index += 1;
        }
        Self(hash)
    }

    /// This shape followed by a shape inside it.
    #[must_use]
    pub const fn holds(self, inner: Self) -> Self {
        let mut shape = self.byte(0xFE);
        let mut rest = inner.0;
        let mut count = 0;
        while count < 8 {
            shape = shape.byte((rest & 0xFF) as u8);
            rest >>= 8;
            count += 1;
        }
        shape
    }

    /// The four bytes that are stored, never zero.
    pub const fn fingerprint(self) -> u32 {
        #[expect(clippy::cast_possible_truncation, reason = "both halves are folded in")]
        let folded = (self.0 ^ (self.0 >> 32)) as u32;
        if folded == 0 { 1 } else { folded }
    }

    /// One step of FNV-1a, which is weak, and short enough for the compiler to run.
    const fn byte(self, byte: u8) -> Self {
        Self((self.0 ^ byte as u64).wrapping_mul(0x0000_0100_0000_01b3))
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::collections::{BTreeMap, HashMap, HashSet};
    use std::sync::Arc;

    use super::*;

    #[test]
    fn order_nesting_and_type_all_show() {
        let shapes = [
            <(u8, u16)>::SHAPE,
            <(u16, u8)>::SHAPE,
            <((u8, u16),)>::SHAPE,
            <(u8, (u16,))>::SHAPE,
            <Option<u8>>::SHAPE,
            <Vec<u8>>::SHAPE,
            <[u8; 4]>::SHAPE,
            <[u8; 5]>::SHAPE,
            <HashMap<u8, u16>>::SHAPE,
            String::SHAPE,
            u8::SHAPE,
            i8::SHAPE,
        ];
        let distinct: HashSet<u32> = shapes.iter().map(|shape| shape.fingerprint()).collect();
        assert_eq!(distinct.len(), shapes.len());
    }

    #[test]
    fn what_serializes_alike_has_one_shape() {
        assert_eq!(String::SHAPE, <&str>::SHAPE);
        assert_eq!(<Box<u8>>::SHAPE, <Arc<u8>>::SHAPE);
        assert_eq!(<HashMap<u8, u8>>::SHAPE, <BTreeMap<u8, u8>>::SHAPE);
        assert_eq!(<HashSet<u8>>::SHAPE, <Vec<u8>>::SHAPE);
    }

    #[test]
    fn the_version_of_what_is_held_shows_through_what_holds_it() {
        struct Second(#[expect(dead_code, reason = "only its type counts")] u8);
        impl Cacheable for Second {
            const VERSION: u16 = 2;
            const SHAPE: Shape = Shape::new("second");
        }
        let versions = [
            Schema::of::<Vec<Second>>(),
            Schema::of::<Option<Second>>(),
            Schema::of::<[Second; 3]>(),
            Schema::of::<Arc<Box<Second>>>(),
            Schema::of::<HashMap<u8, Second>>(),
            Schema::of::<(u8, Second, u8)>(),
            Schema::of::<Result<u8, Second>>(),
        ];
        assert!(versions.iter().all(|schema| schema.number() == 2));
        assert_eq!(Schema::of::<Cow<'_, str>>(), Schema::of::<String>());
    }

    #[test]
    fn an_undeclared_shape_matches_any() {
        let declared = Schema::of::<u8>();
        assert!(Schema::version(0).has_shape_of(declared) && declared.has_shape_of(Schema::version(0)));
        assert!(!declared.has_shape_of(Schema::of::<i8>()));
    }
}
