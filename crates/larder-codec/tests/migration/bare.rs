//! Values that another library or language has stored, without an envelope.

use larder_codec::{Bare, Bincode, Bincode1, Envelope, Form, Json, Unreadable};
use larder_core::{CodecId, Label, Lifetime, Ttl};

use super::build::label;
use super::{BoxV1, BoxV2, V2};
use crate::bodies::KEY;

fn new() -> Envelope<BoxV2> {
    Envelope::new(Bincode)
}

fn json() -> Envelope<BoxV2> {
    new().reads_bare(Bare::<BoxV1>::new(Json))
}

const JSON: &[u8] = br#"{"width": 3, "height": 4}"#;

/// As `bincode::serialize` of bincode 1.3.3 writes it.
const BINCODE_1: &[u8] = &[3, 0, 0, 0, 4, 0, 0, 0];

fn check(envelope: &Envelope<BoxV2>, stored: &[u8], form: Form) {
    let opened = envelope.open(KEY, stored).unwrap();
    assert_eq!((opened.value, opened.form), (Some(V2), form));
    // Nothing else is known of it, so that it lives no longer than must be.
    assert_eq!((opened.label, opened.stale), (Label::new(Lifetime::new(Ttl::MIN)), false));
}

#[test]
fn values_of_others_are_read_and_upgraded() {
    check(&json(), JSON, Form::bare(CodecId::JSON));
    check(&new().reads_bare(Bare::<BoxV1>::new(Bincode1)), BINCODE_1, Form::bare(CodecId::BINCODE_1));
    let upgraded = Bare::<BoxV1>::new(Json).upgraded::<BoxV2>();
    check(&new().reads_bare(upgraded), JSON, Form::bare(CodecId::JSON));
}

#[test]
fn the_layout_of_bincode_1_is_that_of_its_functions() {
    use larder_core::Codec;
    type Value = (u8, i16, String, Option<bool>, Vec<u32>, Result<char, u8>);
    let value: Value = (1, -2, "Ada".into(), Some(true), vec![7], Err(9));
    let mut bytes = Vec::new();
    Bincode1.encode(&value, &mut bytes).unwrap();
    let expected = [
        &[1][..],
        &[0xFE, 0xFF],
        &[3, 0, 0, 0, 0, 0, 0, 0, b'A', b'd', b'a'],
        &[1, 1],
        &[1, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0],
        &[1, 0, 0, 0, 9],
    ];
    assert_eq!(bytes, expected.concat());
    assert_eq!(Codec::<Value>::decode(&Bincode1, &bytes).unwrap(), value);
}

#[test]
fn a_prefix_tells_values_of_others_apart() {
    let prefixed = |prefix: &[u8]| Bare::<BoxV1>::new(Json).after(prefix);
    let bincode = Bare::<BoxV1>::new(Bincode1).after(b"v2:");
    let envelope = new().reads_bare(prefixed(b"v1:")).reads_bare(bincode);
    check(&envelope, &[b"v1:", JSON].concat(), Form::bare(CodecId::JSON));
    check(&envelope, &[b"v2:", BINCODE_1].concat(), Form::bare(CodecId::BINCODE_1));
    let error = |stored: &[u8]| envelope.open(KEY, stored).unwrap_err();
    assert_eq!(error(JSON), Unreadable::Foreign);
    assert_eq!(error(b"v1"), Unreadable::Foreign);
    assert_eq!(error(b"v1:"), Unreadable::Undecodable);
    assert_eq!(error(&[b"v2:", JSON].concat()), Unreadable::Undecodable);
}

#[test]
fn who_does_not_read_them_may_replace_them() {
    let unreadable = new().open(KEY, JSON).unwrap_err();
    assert_eq!((unreadable, unreadable.may_be_newer()), (Unreadable::Foreign, false));
    let unreadable = json().open(KEY, br#"{"width": 3}"#).unwrap_err();
    assert_eq!((unreadable, unreadable.may_be_newer()), (Unreadable::Undecodable, false));
}

#[test]
fn envelopes_are_read_as_ever_and_never_as_bare_values() {
    let stored = new().seal(KEY, &label(), Some(&V2)).unwrap();
    assert!(!json().open(KEY, &stored).unwrap().form.is_bare());
    // A format that would take any eight bytes for a value.
    let envelope = new().reads_bare(Bare::<BoxV1>::new(Bincode1));
    for len in 2..stored.len() {
        let cut = envelope.open(KEY, &stored[..len]).unwrap_err();
        assert!(matches!(cut, Unreadable::Truncated | Unreadable::Corrupt), "{len}: {cut}");
    }
    assert_eq!(envelope.open(KEY, b"\xC1\x4C\x02\0\0\0\0\0").unwrap_err(), Unreadable::NewerFormat(2));
}

#[test]
fn the_limit_holds_for_values_of_others() {
    assert_eq!(json().limit(10).open(KEY, JSON).unwrap_err(), Unreadable::TooLarge(JSON.len()));
}

#[test]
fn every_cut_of_a_value_of_others_is_noticed() {
    for len in 0..JSON.len() {
        assert!(json().open(KEY, &JSON[..len]).is_err(), "{len}");
    }
}
