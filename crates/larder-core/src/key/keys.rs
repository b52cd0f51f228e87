//! Which of the usual types are keys.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::num::{NonZeroI32, NonZeroI64, NonZeroU8, NonZeroU16, NonZeroU32, NonZeroU64, NonZeroU128};
use std::sync::Arc;

use super::decimal::read_decimal;
use super::{CacheKey, KeyText};

impl CacheKey for str {
    type Owned = String;

    fn write_text(&self, text: &mut KeyText) {
        text.push_str(self);
    }

    fn to_owned_key(&self) -> String {
        self.to_owned()
    }

    #[inline]
    fn read_text<R>(&self, read: impl FnOnce(&[u8]) -> R) -> R {
        read(self.as_bytes())
    }
}

/// Texts that are kept, and so are keys as they are.
macro_rules! texts {
    ($($text:ty),*) => {$(
        impl CacheKey for $text {
            type Owned = Self;

            fn write_text(&self, text: &mut KeyText) {
                text.push_str(self);
            }

            fn to_owned_key(&self) -> Self {
                self.clone()
            }

            #[inline]
            fn read_text<R>(&self, read: impl FnOnce(&[u8]) -> R) -> R {
                read(self.as_bytes())
            }
        }
    )*};
}

texts!(String, Arc<str>, Box<str>);

impl CacheKey for Cow<'_, str> {
    type Owned = String;

    fn write_text(&self, text: &mut KeyText) {
        text.push_str(self);
    }

    fn to_owned_key(&self) -> String {
        self.as_ref().to_owned()
    }

    #[inline]
    fn read_text<R>(&self, read: impl FnOnce(&[u8]) -> R) -> R {
        read(self.as_bytes())
    }
}

impl<Q: CacheKey + ?Sized> CacheKey for &Q {
    type Owned = Q::Owned;

    fn write_text(&self, text: &mut KeyText) {
        (**self).write_text(text);
    }

    fn to_owned_key(&self) -> Self::Owned {
        (**self).to_owned_key()
    }

    #[inline]
    fn read_text<R>(&self, read: impl FnOnce(&[u8]) -> R) -> R {
        (**self).read_text(read)
    }
}

/// `None` is `-`; `Some` is `+` and the text of what it holds.
impl<Q: CacheKey> CacheKey for Option<Q> {
    type Owned = Option<Q::Owned>;

    fn write_text(&self, text: &mut KeyText) {
        match self {
            None => text.push_str("-"),
            Some(key) => {
                text.push_str("+");
                key.write_text(text);
            }
        }
    }

    fn to_owned_key(&self) -> Self::Owned {
        self.as_ref().map(CacheKey::to_owned_key)
    }
}

macro_rules! integers {
    ($($int:ty),*) => {$(
        impl CacheKey for $int {
            type Owned = Self;

            fn write_text(&self, text: &mut KeyText) {
                self.read_text(|digits| text.push(digits));
            }

            fn to_owned_key(&self) -> Self {
                *self
            }

            #[inline]
            fn read_text<R>(&self, read: impl FnOnce(&[u8]) -> R) -> R {
                match u64::try_from(*self) {
                    Ok(number) => read_decimal(number, read),
                    // Below zero, or beyond 64 bits.
                    Err(_) => read(KeyText::display(self).as_bytes()),
                }
            }
        }
    )*};
}

integers!(u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize);

macro_rules! nonzero {
    ($($int:ty),*) => {$(
        impl CacheKey for $int {
            type Owned = Self;

            fn write_text(&self, text: &mut KeyText) {
                self.get().write_text(text);
            }

            fn to_owned_key(&self) -> Self {
                *self
            }

            #[inline]
            fn read_text<R>(&self, read: impl FnOnce(&[u8]) -> R) -> R {
                self.get().read_text(read)
            }
        }
    )*};
}

nonzero!(NonZeroU8, NonZeroU16, NonZeroU32, NonZeroU64, NonZeroU128, NonZeroI32, NonZeroI64);

macro_rules! displayed {
    ($($type:ty),*) => {$(
        impl CacheKey for $type {
            type Owned = Self;

            fn write_text(&self, text: &mut KeyText) {
                text.push(KeyText::display(self).as_bytes());
            }

            fn to_owned_key(&self) -> Self {
                *self
            }
        }
    )*};
}

displayed!(IpAddr, Ipv4Addr, Ipv6Addr);

impl CacheKey for bool {
    type Owned = Self;

    fn write_text(&self, text: &mut KeyText) {
        text.push_str(if *self { "true" } else { "false" });
    }

    fn to_owned_key(&self) -> Self {
        *self
    }
}

impl CacheKey for char {
    type Owned = Self;

    fn write_text(&self, text: &mut KeyText) {
        text.push_str(self.encode_utf8(&mut [0; 4]));
    }

    fn to_owned_key(&self) -> Self {
        *self
    }
}

/// In the hyphenated form, lower case.
#[cfg(feature = "uuid")]
impl CacheKey for uuid::Uuid {
    type Owned = Self;

    fn write_text(&self, text: &mut KeyText) {
        text.push_str(self.hyphenated().encode_lower(&mut [0; 36]));
    }

    fn to_owned_key(&self) -> Self {
        *self
    }

    #[inline]
    fn read_text<R>(&self, read: impl FnOnce(&[u8]) -> R) -> R {
        read(self.hyphenated().encode_lower(&mut [0; 36]).as_bytes())
    }
}

macro_rules! tuples {
    ($(($($part:ident . $index:tt),+))*) => {$(
        impl<$($part: CacheKey),+> CacheKey for ($($part,)+) {
            type Owned = ($($part::Owned,)+);

            #[inline]
            fn write_text(&self, text: &mut KeyText) {
                $(text.part(&self.$index);)+
            }

            fn to_owned_key(&self) -> Self::Owned {
                ($(self.$index.to_owned_key(),)+)
            }
        }
    )*};
}

tuples! {
    (A.0)
    (A.0, B.1)
    (A.0, B.1, C.2)
    (A.0, B.1, C.2, D.3)
    (A.0, B.1, C.2, D.3, E.4)
    (A.0, B.1, C.2, D.3, E.4, F.5)
    (A.0, B.1, C.2, D.3, E.4, F.5, G.6)
    (A.0, B.1, C.2, D.3, E.4, F.5, G.6, H.7)
}
