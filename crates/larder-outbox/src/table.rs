//! The name of a table, which is a part of the statements and therefore nothing but a name.

use larder::{Error, ErrorKind, Result};

/// As long as a name may be: Postgres cuts off what is longer than 63 bytes, and the names of what belongs to the table are
/// longer than its own.
const LONGEST: usize = 48;

/// A name of lower-case letters, digits and underscores, maybe with that of its schema before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Table {
    schema: Option<String>,
    name: String,
}

impl Table {
    pub(crate) fn new(text: &str) -> Result<Self> {
        let (schema, name) = match text.split_once('.') {
            Some((schema, name)) => (Some(schema), name),
            None => (None, text),
        };
        if !schema.is_none_or(is_name) || !is_name(name) {
            let error = "a table is named by up to 48 lower-case letters, digits and underscores, beginning with no digit, \
                         maybe with a schema and a dot before it";
            return Err(Error::new(ErrorKind::Invalid, error).with("table", text.escape_debug()));
        }
        Ok(Self { schema: schema.map(str::to_owned), name: name.to_owned() })
    }

    /// As it stands in a statement. It may be a word of the language itself.
    pub(crate) fn quoted(&self) -> String {
        self.quoted_with("")
    }

    /// The same with what distinguishes something that belongs to it.
    pub(crate) fn quoted_with(&self, suffix: &str) -> String {
        let schema = self.schema.as_ref().map(|schema| format!("\"{schema}\"."));
        schema.unwrap_or_default() + &self.bare(suffix)
    }

    /// Without its schema, and with what distinguishes something that belongs to it and lies in the same.
    pub(crate) fn bare(&self, suffix: &str) -> String {
        format!("\"{}{suffix}\"", self.name)
    }

    /// As its user wrote it.
    pub(crate) fn plain(&self) -> String {
        self.quoted().replace('"', "")
    }
}

fn is_name(name: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
    name.len() <= LONGEST
        && name.bytes().next().is_some_and(is_letter)
        && name.bytes().all(|byte| is_letter(byte) || byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_quoted_with_its_schema() {
        assert_eq!(Table::new("order").unwrap().quoted(), r#""order""#);
        assert_eq!(Table::new("app_1.out").unwrap().quoted_with("_due"), r#""app_1"."out_due""#);
        assert_eq!(Table::new("app_1.out").unwrap().plain(), "app_1.out");
    }

    #[test]
    fn what_is_no_name_is_refused_by_name() {
        let long = "a".repeat(LONGEST + 1);
        for text in
            ["", ".", "a.", ".a", "a.b.c", "1a", "Outbox", "out-box", "a b", "a\"", "a;drop", "ä", &*long]
        {
            let error = Table::new(text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid);
            assert!(error.to_string().contains(&*text.escape_debug().to_string()), "{error}");
        }
    }
}
