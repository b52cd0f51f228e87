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
        // A platform may have changed the case on the way.
        let name = &*name.to_ascii_lowercase();
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
                f.write_str("part of it is empty or a placeholder, as if a variable was not set")
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
    const NOTHING: [&str; 7] = ["undefined", "null", "none", "nil", "nan", "unset", "unknown"];
    word.trim().is_empty() || NOTHING.iter().any(|nothing| word.eq_ignore_ascii_case(nothing))
}

/// Hexadecimal, as long as an abbreviated hash at least, and not by chance a word: a hash of seven
/// digits has two decimal ones in it ninety-nine times out of a hundred, a word has none. A short word with
/// a number behind it (`cafe2024`) is a word with a number; nineteen hashes out of twenty are more mixed.
fn is_hash(word: &str) -> bool {
    let prefixed =
        ["commit", "build", "git", "rev", "sha", "g"].iter().find_map(|prefix| word.strip_prefix(prefix));
    let hex = prefixed.unwrap_or(word);
    let hex = hex.strip_suffix("dirty").unwrap_or(hex);
    let decimals = hex.bytes().filter(u8::is_ascii_digit).count();
    let is_numbered_word =
        hex.len() <= 10 && hex.trim_end_matches(|c: char| c.is_ascii_digit()).len() + decimals == hex.len();
    hex.len() >= 7
        && hex.bytes().all(|b| b.is_ascii_hexdigit())
        && decimals < hex.len()
        && (decimals >= 2 || hex.len() >= 12)
        && !is_numbered_word
}

/// Six digits or more at the end of a word: a date, seconds or milliseconds since the epoch, the
/// number of a build. `20261120t101500z` counts too.
fn is_timestamp(word: &str) -> bool {
    let word = word.strip_suffix('z').unwrap_or(word);
    let digits = |text: &str| text.bytes().rev().take_while(u8::is_ascii_digit).count();
    let date_and_time =
        word.split_once('t').is_some_and(|(date, time)| digits(date) == 8 && digits(time) == time.len());
    date_and_time || digits(word) >= 6
}

/// A year, a month and a day one after the other.
fn has_date(name: &str) -> bool {
    let numbers: Vec<Option<u32>> = words(name).map(|word| word.parse().ok()).collect();
    numbers.windows(3).any(|three| {
        matches!(three, [Some(1970..=2199), Some(month), Some(day)] if (1..=12).contains(month) && (1..=31).contains(day))
    })
}

/// Three numbers in a row, such as `1.4.2`, `v1.4.2` or `1-4-2`.
fn has_version(name: &str) -> bool {
    let is_number = |word: &str| word.strip_prefix('v').unwrap_or(word).parse::<u32>().is_ok();
    let numbers: Vec<bool> = words(name).map(is_number).collect();
    numbers.windows(3).any(|three| three == [true, true, true])
}
