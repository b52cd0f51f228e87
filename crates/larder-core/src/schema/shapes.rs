//! The shapes of the standard library's types, as `serde` writes them.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque};
use std::marker::PhantomData;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::{
    NonZeroI8, NonZeroI16, NonZeroI32, NonZeroI64, NonZeroI128, NonZeroU8, NonZeroU16, NonZeroU32,
    NonZeroU64, NonZeroU128, Wrapping,
};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::{Cacheable, Shape};
use crate::error::Result;

macro_rules! plain {
    ($($type:ty),*) => {$(
        impl Cacheable for $type {
            const SHAPE: Shape = Shape::new(stringify!($type));
        }
    )*};
}

plain!(u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize, f32, f64, bool, char, (), str);
plain!(Duration, SystemTime, IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, Path);

#[cfg(feature = "uuid")]
impl Cacheable for uuid::Uuid {
    const SHAPE: Shape = Shape::new("Uuid");
}

/// What is written as another type is.
macro_rules! like {
    ($($type:ty as $other:ty),* $(,)?) => {$(
        impl Cacheable for $type {
            const SHAPE: Shape = <$other>::SHAPE;
        }
    )*};
}

like! {
    String as str,
    PathBuf as Path,
    NonZeroU8 as u8,
    NonZeroU16 as u16,
    NonZeroU32 as u32,
    NonZeroU64 as u64,
    NonZeroU128 as u128,
    NonZeroI8 as i8,
    NonZeroI16 as i16,
    NonZeroI32 as i32,
    NonZeroI64 as i64,
    NonZeroI128 as i128,
}

macro_rules! transparent {
    ($($wrapper:ident),*) => {$(
        impl<T: Cacheable + ?Sized> Cacheable for $wrapper<T> {
            const VERSION: u16 = T::VERSION;
            const SHAPE: Shape = T::SHAPE;
        }
    )*};
}

transparent!(Box, Rc, Arc);

impl<T: Cacheable + ?Sized> Cacheable for &T {
    const VERSION: u16 = T::VERSION;
    const SHAPE: Shape = T::SHAPE;
}

impl<T: Cacheable + ToOwned + ?Sized> Cacheable for Cow<'_, T> {
    const VERSION: u16 = T::VERSION;
    const SHAPE: Shape = T::SHAPE;
}

impl<T: Cacheable> Cacheable for Wrapping<T> {
    const VERSION: u16 = T::VERSION;
    const SHAPE: Shape = T::SHAPE;
}

impl<T: ?Sized> Cacheable for PhantomData<T> {
    const SHAPE: Shape = <()>::SHAPE;
}

impl<T: Cacheable> Cacheable for Option<T> {
    const VERSION: u16 = T::VERSION;
    const SHAPE: Shape = Shape::new("option").holds(T::SHAPE);
}

impl<T: Cacheable, E: Cacheable> Cacheable for Result<T, E> {
    const VERSION: u16 = latest(T::VERSION, E::VERSION);
    const SHAPE: Shape = Shape::new("result").holds(T::SHAPE).holds(E::SHAPE);
}

impl<T: Cacheable> Cacheable for Range<T> {
    const VERSION: u16 = T::VERSION;
    const SHAPE: Shape = Shape::new("range").holds(T::SHAPE);
}

impl<T: Cacheable, const N: usize> Cacheable for [T; N] {
    const VERSION: u16 = T::VERSION;
    const SHAPE: Shape = Shape::new("array").holds(T::SHAPE).holds(Shape(N as u64));
}

macro_rules! lists {
    ($($list:ty),*) => {$(
        impl<T: Cacheable> Cacheable for $list {
            const VERSION: u16 = T::VERSION;
            const SHAPE: Shape = Shape::new("list").holds(T::SHAPE);
        }
    )*};
}

lists!([T], Vec<T>, BTreeSet<T>, BinaryHeap<T>, LinkedList<T>, VecDeque<T>);

impl<T: Cacheable, S> Cacheable for HashSet<T, S> {
    const VERSION: u16 = T::VERSION;
    const SHAPE: Shape = <[T]>::SHAPE;
}

impl<K: Cacheable, T: Cacheable> Cacheable for BTreeMap<K, T> {
    const VERSION: u16 = latest(K::VERSION, T::VERSION);
    const SHAPE: Shape = Shape::new("map").holds(K::SHAPE).holds(T::SHAPE);
}

impl<K: Cacheable, T: Cacheable, S> Cacheable for HashMap<K, T, S> {
    const VERSION: u16 = BTreeMap::<K, T>::VERSION;
    const SHAPE: Shape = BTreeMap::<K, T>::SHAPE;
}

macro_rules! tuples {
    ($(($($part:ident),+))*) => {$(
        impl<$($part: Cacheable),+> Cacheable for ($($part,)+) {
            const VERSION: u16 = {
                let mut version = 0;
                $(version = latest(version, $part::VERSION);)+
                version
            };
            const SHAPE: Shape = Shape::new("tuple")$(.holds($part::SHAPE))+;
        }
    )*};
}

tuples! {
    (A) (A, B) (A, B, C) (A, B, C, D) (A, B, C, D, E) (A, B, C, D, E, F) (A, B, C, D, E, F, G)
    (A, B, C, D, E, F, G, H)
}

const fn latest(one: u16, other: u16) -> u16 {
    if one > other { one } else { other }
}
