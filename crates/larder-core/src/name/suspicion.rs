//! Why a string should not become a name.

use std::fmt;

use super::MAX_NAME_BYTES;

/// What is wrong with a name. Displayed as the reason in the error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Suspicion {
    UnsetVariable,
    TooLong,
    Character(char),
    CommitHash,
    Timestamp,
    Version,
}

impl Suspicion {
    /// The first thing that is wrong with `name`, if anything is.
    pub(super) fn of(name: &str) -> Option<Self> {
        if name.len() > MAX_NAME_BYTES {
            return Some(Self::TooLong);
        }
        if is_template(name) || words(name).any(is_nothing) {
            return Some(Self::UnsetVariable);
        }
        if let Some(odd) = name.chars().find(|c| !c.is_ascii_alphanumeric() && !SEPARATORS.contains(c)) {
            return Some(Self::Character(odd));
        }
        if words(name).any(is_hash) {
            return Some(Self::CommitHash);
        }
        if words(name).any(is_timestamp) || has_date(name) {
            return Some(Self::Timestamp);
        }
        has_version(name).then_some(Self::Version)
    }
}

impl fmt::Display for Suspicion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let drift = "and so changes with every build: every key would miss";
        match self {
            Self::UnsetVariable => {
                f.write_str("part of it is empty or a placeholder: a variable was not set")
            }
            Self::TooLong => write!(f, "it is longer than {MAX_NAME_BYTES} bytes"),
            Self::Character(c) => {
                write!(f, "it may not contain {c:?}: use letters, digits, `.`, `-` and `_`")
            }
            Self::CommitHash => write!(f, "it looks like a commit hash {drift}"),
            Self::Timestamp => write!(f, "it looks like a timestamp or a build number {drift}"),
            Self::Version => write!(f, "it looks like a release version {drift}"),
        }
    }
}

const SEPARATORS: [char; 3] = ['.', '-', '_'];

fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split(SEPARATORS)
}

/// `$NAME`, `${NAME}`, `%NAME%`, `{{name}}`, `<name>`: a template that nobody filled in.
fn is_template(name: &str) -> bool {
    name.contains(['$', '%', '{', '<'])
}

/// What the empty value of some language looks like in a string.
fn is_nothing(word: &str) -> bool {
    const NOTHING: [&str; 6] = ["undefined", "null", "none", "nil", "nan", "unset"];
    word.trim().is_empty() || NOTHING.iter().any(|nothing| word.eq_ignore_ascii_case(nothing))
}

/// Hexadecimal, as long as an abbreviated hash at least, and not by chance a word: a hash of seven
/// digits has two decimal ones in it ninety-nine times out of a hundred, a word has none.
fn is_hash(word: &str) -> bool {
    let hex = ["sha", "g"].iter().find_map(|prefix| word.strip_prefix(prefix)).unwrap_or(word);
    let decimals = hex.bytes().filter(u8::is_ascii_digit).count();
    hex.len() >= 7
        && hex.bytes().all(|b| b.is_ascii_hexdigit())
        && decimals < hex.len()
        && (decimals >= 2 || hex.len() >= 12)
}

/// Six digits or more at the end of a word: a date, seconds or milliseconds since the epoch, the
/// number of a build. `20261120T101500Z` counts too.
fn is_timestamp(word: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if let Some((date, time)) = word.split_once('T')
        && date.len() == 8
        && digits(date)
        && digits(time.trim_end_matches('Z'))
    {
        return true;
    }
    word.bytes().rev().take_while(u8::is_ascii_digit).count() >= 6
}

/// A year, a month and a day one after the other.
fn has_date(name: &str) -> bool {
    let numbers: Vec<Option<u32>> = words(name).map(|word| word.parse().ok()).collect();
    numbers.windows(3).any(|three| {
        matches!(three, [Some(1970..=2199), Some(month), Some(day)] if (1..=12).contains(month) && (1..=31).contains(day))
    })
}

/// Three numbers between dots, such as `1.4.2` or `v1.4.2`.
fn has_version(name: &str) -> bool {
    name.split(['-', '_']).any(|part| {
        let numbers: Vec<bool> = part
            .split('.')
            .map(|word| word.strip_prefix('v').unwrap_or(word))
            .map(|word| word.parse::<u32>().is_ok())
            .collect();
        numbers.windows(3).any(|three| three == [true, true, true])
    })
}
