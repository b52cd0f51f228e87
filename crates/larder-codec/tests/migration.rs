//! From one form to another: which build reads what which build has written, and who leaves whose entries alone.
//!
//! Four builds of one service: the one of before, and those of the three deploys. Two that run beside each other must never
//! take turns in overwriting each other's entries, in whatever order they were deployed.

use larder_codec::{Bare, Bincode, Bincode1, Compression, Envelope, Form, Json, MessagePack, Old, Postcard};
use larder_core::{Cacheable, CodecId, ErrorKind, Schema};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::bodies::KEY;
use crate::migration::build::{Build, Outcome};

mod bare;
mod build;

use Outcome::{Hit, Leave, Replace};

/// The same bytes mean another box in the next version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Cacheable)]
pub(crate) struct BoxV1 {
    pub(crate) width: u32,
    pub(crate) height: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Cacheable)]
#[cacheable(version = 1)]
pub(crate) struct BoxV2 {
    pub(crate) height: u32,
    pub(crate) width: u32,
}

/// The same change, and nobody has thought of the version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Cacheable)]
struct Unversioned {
    height: u32,
    width: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Cacheable)]
#[cacheable(version = 2)]
struct BoxV3 {
    size: (u32, u32),
}

macro_rules! conversions {
    ($($from:ident => $to:ident: |$value:ident| $made:expr),* $(,)?) => {$(
        impl From<$from> for $to {
            fn from($value: $from) -> Self {
                $made
            }
        }

        impl From<&$from> for $to {
            fn from($value: &$from) -> Self {
                $made
            }
        }
    )*};
}

conversions! {
    BoxV1 => BoxV2: |old| Self { height: old.height, width: old.width },
    BoxV2 => BoxV1: |new| Self { width: new.width, height: new.height },
    BoxV1 => Unversioned: |old| Self { height: old.height, width: old.width },
    Unversioned => BoxV1: |new| Self { width: new.width, height: new.height },
    BoxV2 => BoxV3: |old| Self { size: (old.width, old.height) },
    BoxV3 => BoxV1: |new| Self { width: new.size.0, height: new.size.1 },
}

const V1: BoxV1 = BoxV1 { width: 3, height: 4 };
const V2: BoxV2 = BoxV2 { height: 4, width: 3 };
const V3: BoxV3 = BoxV3 { size: (3, 4) };
const UNVERSIONED: Unversioned = Unversioned { height: 4, width: 3 };

fn of<V: Serialize + DeserializeOwned + Clone + PartialEq + Send + Sync + 'static>(
    value: V,
    envelope: Envelope<V>,
) -> Build {
    envelope.verify().unwrap();
    Build::new(value, envelope)
}

/// What each of the four makes of what a build of the old form and one of the new form have written.
fn check(builds: &[Build; 4], of_old: [Outcome; 4], of_new: [Outcome; 4]) {
    for (written, writer) in builds.iter().enumerate() {
        let expected = if written < 2 { of_old } else { of_new };
        assert_eq!(builds.each_ref().map(|reader| reader.reads(writer)), expected, "of build {written}");
        for other in builds {
            let is_ping_pong = writer.reads(other) == Replace && other.reads(writer) == Replace;
            assert!(!is_ping_pong, "{written} overwrites what overwrites it");
        }
    }
    // In the right order nobody misses anything: those who run beside each other read each other's entries.
    for pair in builds[..3].windows(2) {
        assert_eq!([pair[0].reads(&pair[1]), pair[1].reads(&pair[0])], [Hit, Hit]);
    }
    assert_eq!([builds[2].reads(&builds[3]), builds[3].reads(&builds[2])], [Hit, Hit]);
}

#[test]
fn a_new_schema() {
    let builds = [
        of(V1, Envelope::new(Bincode)),
        of(V2, Envelope::new(Bincode).still_writes(Old::<BoxV1>::new(Bincode))),
        of(V2, Envelope::new(Bincode).reads(Old::<BoxV1>::new(Bincode))),
        of(V2, Envelope::new(Bincode)),
    ];
    check(&builds, [Hit, Hit, Hit, Replace], [Leave, Hit, Hit, Hit]);
}

#[test]
fn a_new_schema_of_a_type_that_declares_none() {
    let old = || Old::<BoxV1>::with_schema(Postcard, Schema::version(7));
    let new = || Envelope::<BoxV2>::with_schema(Postcard, Schema::version(8));
    let builds = [
        of(V1, Envelope::with_schema(Postcard, Schema::version(7))),
        of(V2, new().still_writes(old())),
        of(V2, new().reads(old())),
        of(V2, new()),
    ];
    check(&builds, [Hit, Hit, Hit, Replace], [Leave, Hit, Hit, Hit]);
}

/// Which of the two is newer nobody can tell, so that the old ones stay until they end.
#[test]
fn a_new_shape_without_a_new_version() {
    let builds = [
        of(V1, Envelope::new(Bincode)),
        of(UNVERSIONED, Envelope::new(Bincode).still_writes(Old::<BoxV1>::new(Bincode))),
        of(UNVERSIONED, Envelope::new(Bincode).reads(Old::<BoxV1>::new(Bincode))),
        of(UNVERSIONED, Envelope::new(Bincode)),
    ];
    check(&builds, [Hit, Hit, Hit, Leave], [Leave, Hit, Hit, Hit]);
}

/// Here neither.
#[test]
fn a_new_format() {
    let builds = [
        of(V1, Envelope::new(Bincode)),
        of(V1, Envelope::new(Postcard).still_writes_in(Bincode)),
        of(V1, Envelope::new(Postcard).reads_in(Bincode)),
        of(V1, Envelope::new(Postcard)),
    ];
    check(&builds, [Hit, Hit, Hit, Leave], [Leave, Hit, Hit, Hit]);
}

#[test]
fn a_new_format_and_a_new_schema_at_once() {
    let builds = [
        of(V1, Envelope::new(Json)),
        of(V2, Envelope::new(MessagePack).still_writes(Old::<BoxV1>::new(Json))),
        of(V2, Envelope::new(MessagePack).reads(Old::<BoxV1>::new(Json))),
        of(V2, Envelope::new(MessagePack)),
    ];
    check(&builds, [Hit, Hit, Hit, Replace], [Leave, Hit, Hit, Hit]);
}

#[test]
fn a_new_compression_is_read_whatever_is_set() {
    let long = "larder ".repeat(1_000);
    let with = |compression| of(long.clone(), Envelope::new(Bincode).compression(compression));
    let builds =
        [Compression::Lz4, Compression::Zstd { level: 3 }, Compression::None, Compression::Lz4].map(with);
    check(&builds, [Hit; 4], [Hit; 4]);
}

#[test]
fn two_versions_back_by_way_of_the_one_between() {
    let oldest = of(V1, Envelope::new(Bincode));
    let old = of(V2, Envelope::new(Bincode).reads(Old::<BoxV1>::new(Bincode)));
    let reads_all = || {
        Envelope::<BoxV3>::new(Postcard)
            .reads(Old::<BoxV2>::new(Bincode))
            .reads(Old::<BoxV1>::new(Bincode).upgraded::<BoxV2>())
    };
    let new = of(V3, reads_all());
    assert_eq!([new.reads(&oldest), new.reads(&old), new.reads(&new)], [Hit; 3]);
    assert_eq!([oldest.reads(&new), old.reads(&new)], [Leave; 2]);
    // It can write for the oldest of them.
    let upgraded = Old::<BoxV1>::new(Bincode).upgraded::<BoxV2>().upgraded::<BoxV3>();
    let still = of(V3, Envelope::new(Postcard).reads(Old::<BoxV2>::new(Bincode)).still_writes(upgraded));
    assert_eq!([oldest.reads(&still), old.reads(&still), new.reads(&still)], [Hit; 3]);
}

#[test]
fn a_version_that_was_left_out_is_older_and_one_above_all_is_newer() {
    let skips = of(V3, Envelope::new(Bincode).reads(Old::<BoxV1>::new(Bincode).upgraded::<BoxV2>()));
    assert_eq!(skips.reads(&of(V2, Envelope::new(Bincode))), Replace);
    let first = of(V2, Envelope::new(Bincode).still_writes(Old::<BoxV1>::new(Bincode)));
    assert_eq!(first.reads(&of(V3, Envelope::new(Bincode))), Leave);
}

#[test]
fn the_absence_of_a_value_is_read_in_every_form() {
    let old = Envelope::<BoxV1>::new(Bincode).seal(KEY, &build::label(), None).unwrap();
    let new = Envelope::<BoxV2>::new(Postcard).reads(Old::<BoxV1>::new(Bincode));
    assert_eq!(new.open(KEY, &old).unwrap().value, None);
    let first = Envelope::<BoxV2>::new(Postcard).still_writes(Old::<BoxV1>::new(Bincode));
    assert_eq!(first.seal(KEY, &build::label(), None).unwrap(), old);
}

#[test]
fn it_tells_in_which_forms_it_reads_and_writes_and_which_one_it_was() {
    let envelope = Envelope::<BoxV2>::new(Postcard)
        .still_writes(Old::<BoxV1>::new(Bincode))
        .reads_bare(Bare::<BoxV1>::new(Json));
    let [old, new] = [
        Form::new(CodecId::BINCODE, Schema::of::<BoxV1>()),
        Form::new(CodecId::POSTCARD, Schema::of::<BoxV2>()),
    ];
    assert_eq!(envelope.forms().collect::<Vec<_>>(), [new, old, Form::bare(CodecId::JSON)]);
    assert_eq!(envelope.written(), old);
    assert_eq!(
        envelope.forms().map(|form| form.to_string()).collect::<Vec<_>>(),
        ["postcard of schema 1", "bincode of schema 0", "bare JSON"]
    );
    let stored = envelope.seal(KEY, &build::label(), Some(&V2)).unwrap();
    assert_eq!(envelope.open(KEY, &stored).unwrap().form, old);
    assert!(format!("{envelope:?}").contains("writes: bincode of schema 0"), "{envelope:?}");
}

#[test]
fn forms_that_cannot_be_told_apart_are_refused() {
    fn refused(envelope: &Envelope<BoxV2>) -> String {
        let error = envelope.verify().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        error.to_string()
    }
    let new = || Envelope::<BoxV2>::new(Bincode);
    let twice = refused(&new().reads_in(Bincode));
    assert!(twice.contains("one: bincode of schema 1, other: bincode of schema 1"), "{twice}");
    refused(&new().still_writes_in(Bincode));
    refused(&new().reads(Old::<BoxV1>::new(Bincode)).still_writes(Old::<BoxV1>::new(Bincode)));
    // No shape is any shape.
    refused(&new().reads(Old::<BoxV1>::with_schema(Bincode, Schema::version(1))));
    refused(&new().reads_bare(Bare::<BoxV1>::new(Json)).reads_bare(Bare::<BoxV1>::new(Bincode1)));
    let prefixed = |prefix: &[u8]| Bare::<BoxV1>::new(Json).after(prefix);
    refused(&new().reads_bare(prefixed(b"v1:")).reads_bare(prefixed(b"v1:2:")));
    refused(&new().reads_bare(prefixed(b"v1:2:")).reads_bare(prefixed(b"v1:")));
    assert!(new().reads_bare(prefixed(b"v1:")).reads_bare(prefixed(b"v2:")).verify().is_ok());
}

#[test]
fn an_old_type_that_could_never_be_read_is_refused_when_it_is_written() {
    #[derive(Debug, Serialize, Deserialize)]
    struct Sometimes {
        #[serde(skip_serializing_if = "Option::is_none")]
        nickname: Option<String>,
    }
    impl From<&String> for Sometimes {
        fn from(_: &String) -> Self {
            Self { nickname: None }
        }
    }
    impl From<Sometimes> for String {
        fn from(old: Sometimes) -> Self {
            old.nickname.unwrap_or_default()
        }
    }
    let old = Old::<Sometimes>::with_schema(Bincode, Schema::version(7));
    let error = Envelope::new(Bincode).still_writes(old).seal(KEY, &build::label(), Some(&"Ada".to_owned()));
    let error = error.unwrap_err().to_string();
    assert!(error.starts_with("the value can be written but not read back"), "{error}");
    assert!(error.contains("Sometimes"), "{error}");
}
