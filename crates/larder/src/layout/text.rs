//! Layouts as text: in a file, and in the shared tier.
//!
//! ```text
//!   larder-layout app=prod.shop partitions=64
//!   user time-to-live=600000 writes=1/2/9f8e7d6c reads=1/2/9f8e7d6c,1/1/0badcafe,4/bare compresses=1 decompresses=0,1
//! ```
//!
//! A form is the number of its codec, the version of its schema, and the shape; times are milliseconds. A line without the last
//! two fields says nothing of compression. What a later release may add to a line is passed over.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use larder_codec::Form;
use larder_core::{CacheName, CodecId, Error, ErrorKind, PARTITIONS, Result, Schema, Ttl};

use super::{CacheLayout, Layout, Packing};

const HEAD: &str = "larder-layout";

/// What no build reads is no layout.
const MOST_FORMS: usize = 64;

impl CacheLayout {
    /// The line of a cache.
    pub(crate) fn line(&self) -> String {
        let reads: Vec<String> = self.reads.iter().map(|form| form_text(*form)).collect();
        let packing = self.packing.as_ref().map(|packing| format!(" {}", packing.fields()));
        format!(
            "{} time-to-live={} writes={} reads={}{}",
            self.cache,
            self.time_to_live.as_millis(),
            form_text(self.writes),
            reads.join(","),
            packing.unwrap_or_default()
        )
    }

    /// A line that anybody may have written; `None` if it is none.
    pub(crate) fn read(line: &str) -> Option<Self> {
        let mut words = line.split_ascii_whitespace();
        let cache = CacheName::new(words.next()?).ok()?;
        let fields = Fields(words.filter_map(|word| word.split_once('=')).collect());
        let reads: Vec<Form> =
            fields.get("reads")?.split(',').take(MOST_FORMS).map(read_form).collect::<Option<_>>()?;
        let packing = match (fields.get("compresses"), fields.get("decompresses")) {
            (Some(writes), Some(reads)) => Some(Packing::read(writes, reads)?),
            _ => None,
        };
        Some(Self {
            cache,
            writes: read_form(fields.get("writes")?)?,
            reads,
            packing,
            time_to_live: fields.get("time-to-live")?.parse().ok().and_then(Ttl::from_millis)?,
        })
    }
}

struct Fields<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Fields<'a> {
    fn get(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(field, _)| *field == name).map(|(_, value)| *value)
    }
}

fn form_text(form: Form) -> String {
    let codec = form.codec().get();
    match form.schema() {
        Some(schema) => format!("{codec}/{}/{:08x}", schema.number(), schema.fingerprint()),
        None => format!("{codec}/bare"),
    }
}

fn read_form(text: &str) -> Option<Form> {
    let (codec, schema) = text.split_once('/')?;
    let codec = CodecId::new(codec.parse().ok()?);
    if schema == "bare" {
        return Some(Form::bare(codec));
    }
    let (version, shape) = schema.split_once('/')?;
    let schema = Schema::from_parts(version.parse().ok()?, u32::from_str_radix(shape, 16).ok()?);
    Some(Form::new(codec, schema))
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEAD} app={} partitions={PARTITIONS}", self.app)?;
        self.caches().try_for_each(|cache| writeln!(f, "{}", cache.line()))
    }
}

impl FromStr for Layout {
    type Err = Error;

    /// Reads what its `Display` writes.
    ///
    /// # Errors
    ///
    /// `Invalid` with the line that is none, and `Refused` if it is that of a release with other partitions.
    fn from_str(text: &str) -> Result<Self> {
        let mut lines = text.lines().filter(|line| !line.trim().is_empty());
        let head = lines.next().unwrap_or_default();
        let mut words = head.split_ascii_whitespace();
        let is_head = words.next() == Some(HEAD);
        let fields = Fields(words.filter_map(|word| word.split_once('=')).collect());
        let (Some(app), Some(partitions), true) = (fields.get("app"), fields.get("partitions"), is_head)
        else {
            return Err(no_line(head));
        };
        if partitions != PARTITIONS.to_string() {
            return Err(Error::new(ErrorKind::Refused, "the layout is one of other partitions")
                .with("found", format_args!("{:?}", partitions.chars().take(20).collect::<String>()))
                .with("expected", PARTITIONS));
        }
        let cache = |line| {
            let cache = CacheLayout::read(line).ok_or_else(|| no_line(line))?;
            Ok((cache.cache.clone(), cache))
        };
        Ok(Self { app: app.parse()?, caches: lines.map(cache).collect::<Result<BTreeMap<_, _>>>()? })
    }
}

fn no_line(line: &str) -> Error {
    let shown: String = line.chars().take(100).collect();
    Error::new(ErrorKind::Invalid, "this is no line of a layout").with("line", format_args!("{shown:?}"))
}

#[cfg(test)]
mod tests {
    use larder_codec::CompressionId;

    use super::*;

    /// As the first release has noted them.
    const FIRST_RELEASE: &str = include_str!("layouts-1.txt");

    #[test]
    fn what_the_first_release_noted_is_read_and_written_as_it_was() {
        let layout: Layout = FIRST_RELEASE.parse().unwrap();
        assert_eq!((layout.caches().count(), &*layout.to_string()), (3, FIRST_RELEASE));
    }

    const LINE: &str = "user time-to-live=600000 writes=1/2/9f8e7d6c reads=1/2/9f8e7d6c,5/0/00000000,4/bare \
                        compresses=1 decompresses=0,1";

    #[test]
    fn a_line_comes_back_as_it_was_written() {
        assert_eq!(CacheLayout::read(LINE).unwrap().line(), LINE);
        let text = format!("larder-layout app=prod.shop partitions={PARTITIONS}\n{LINE}\n");
        assert_eq!(text.parse::<Layout>().unwrap().to_string(), text);
    }

    #[test]
    fn what_a_later_release_adds_is_passed_over() {
        let later = LINE.replace(" writes", " weight=3 ! writes");
        assert_eq!(CacheLayout::read(&later).unwrap().line(), LINE);
    }

    #[test]
    fn who_does_not_say_both_of_compression_has_said_nothing() {
        for (from, to) in
            [(" compresses=1", ""), (" decompresses=0,1", ""), (" compresses=1 decompresses=0,1", "")]
        {
            assert_eq!(CacheLayout::read(&LINE.replace(from, to)).unwrap().compresses(), None, "{from}");
        }
        assert_eq!(CacheLayout::read(LINE).unwrap().compresses(), Some(CompressionId::LZ4));
        let none = LINE.replace("compresses=1 decompresses=0,1", "compresses=0 decompresses=0");
        let shown = CacheLayout::read(&none).unwrap().to_string();
        assert!(shown.contains("compresses nothing and decompresses nothing"), "{shown}");
    }

    #[test]
    fn what_is_no_line_is_told() {
        for (from, to) in [
            ("user", "us:er"),
            ("=600000", "=0"),
            ("=600000", "=99999999999"),
            ("writes=1/2", "writes=256/2"),
            ("writes=1/2", "writes=1/70000"),
            ("9f8e7d6c reads", "xyz reads"),
            ("reads=", "read="),
            ("4/bare", "4"),
            ("compresses=1", "compresses=256"),
            ("decompresses=0,1", "decompresses="),
        ] {
            let line = LINE.replace(from, to);
            assert_ne!(line, LINE);
            assert_eq!(CacheLayout::read(&line), None, "{line}");
            let text = format!("larder-layout app=prod.shop partitions={PARTITIONS}\n{line}\n");
            assert_eq!(text.parse::<Layout>().unwrap_err().kind(), ErrorKind::Invalid, "{line}");
        }
        for head in ["", "larder-layout", "larder-layout app=prod.shop", "layout app=prod.shop partitions=64"]
        {
            assert_eq!(head.parse::<Layout>().unwrap_err().kind(), ErrorKind::Invalid, "{head}");
        }
        let other = "larder-layout app=prod.shop partitions=1024".parse::<Layout>();
        assert_eq!(other.unwrap_err().kind(), ErrorKind::Refused);
    }
}
