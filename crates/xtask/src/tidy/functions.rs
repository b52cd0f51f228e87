//! The length of functions, as a reader sees it: from the signature to the closing brace.
//!
//! The code is known to be formatted: a body ends where a brace closes at the indent of the signature.

use super::{Finding, Source};

const MOST_LINES: usize = 60;

/// What can stand before `fn`.
const QUALIFIERS: &[&str] = &["async", "const", "default", "extern", "pub", "unsafe"];

pub(super) fn long_function(source: &Source) -> Vec<Finding> {
    if !source.is_rust() {
        return Vec::new();
    }
    let lines: Vec<&str> = source.text.lines().collect();
    let functions = lines.iter().enumerate().filter_map(|(index, line)| Some((index, name(line)?)));
    functions
        .map(|(index, name)| (index, name, length(lines.get(index..).unwrap_or_default())))
        .filter(|(_, _, length)| *length > MOST_LINES)
        .map(|(index, name, length)| Finding {
            line: index + 1,
            what: format!(
                "`{name}` has {length} lines, and {MOST_LINES} is the most. \
                 Cut where a sentence could name the piece"
            ),
        })
        .collect()
}

/// The name of the function whose signature begins on this line.
fn name(line: &str) -> Option<&str> {
    let (before, after) = line.split_once("fn ")?;
    let qualifies = |word: &str| {
        // `pub(crate)` and `extern "C"` come with something attached.
        QUALIFIERS.contains(&word.split('(').next().unwrap_or(word)) || word.starts_with('"')
    };
    if !before.split_whitespace().all(qualifies) {
        return None;
    }
    let end = after.find(|character: char| !(character.is_alphanumeric() || character == '_'))?;
    after.get(..end).filter(|name| !name.is_empty())
}

/// How many lines the function takes that begins on the first of these.
fn length(lines: &[&str]) -> usize {
    let indent = lines.first().map_or(0, |line| indent(line));
    let mut signature = lines.iter().map(|line| code(line));
    let Some(end) = signature.position(|code| code.ends_with(['{', ';', '}'])) else {
        return lines.len();
    };
    if !lines.get(end).is_some_and(|line| code(line).ends_with('{')) {
        return end + 1;
    }
    let mut body = lines.iter().skip(end + 1);
    let closes = |line: &&str| line.trim_start().starts_with('}') && self::indent(line) == indent;
    body.position(closes).map_or(lines.len(), |closed| end + closed + 2)
}

/// A line without the comment at its end.
fn code(line: &str) -> &str {
    line.split(" //").next().unwrap_or(line).trim_end()
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

#[cfg(test)]
mod tests {
    use super::super::{lines, source};
    use super::*;

    fn function(signature: &str, body: usize) -> String {
        format!("{signature} {{\n{}}}\n", "    a();\n".repeat(body))
    }

    fn check(text: &str, expected: &[usize]) {
        let head: String = text.chars().take(60).collect();
        assert_eq!(lines(&long_function(&source("a.rs", text))), expected, "{head}");
    }

    #[test]
    fn a_long_function_is_found() {
        check(&function("fn f()", 58), &[]);
        check(&function("fn f()", 59), &[1]);
        check(&format!("{}\n{}", function("fn f()", 3), function("pub(crate) async fn g()", 59)), &[7]);
        check(&function("pub unsafe extern \"C\" fn f()", 59), &[1]);
    }

    #[test]
    fn a_long_signature_counts() {
        let arguments = "    a: u8,\n".repeat(40);
        let body = "    a();\n".repeat(30);
        check(&format!("fn f(\n{arguments}) {{\n{body}}}\n"), &[1]);
        check(&format!("fn f<T>()\nwhere\n    T: Copy,\n{{\n{body}{body}}}\n"), &[1]);
    }

    #[test]
    fn functions_without_a_body_end_with_their_signature() {
        let filler = "    // filler\n".repeat(70);
        check(&format!("trait T {{\n    fn f(&self);\n    fn g(\n        &self,\n    );\n{filler}}}\n"), &[]);
        check(&format!("impl T {{\n    fn f(&self) {{}} // empty\n{filler}    fn g() {{\n    }}\n}}\n"), &[]);
    }

    #[test]
    fn what_only_reads_like_a_function_is_none() {
        let filler = "    // filler\n".repeat(70);
        check(&format!("type F = fn (u8) -> u8;\n{filler}"), &[]);
        check(&format!("/// A fn that waits {{\n{filler}"), &[]);
    }

    #[test]
    fn names_are_read() {
        assert_eq!(name("    pub(in crate::a) const fn held<R>("), None);
        assert_eq!(name("    pub(super) const fn held<R>("), Some("held"));
        assert_eq!(name("let f: fn (u8) = g;"), None);
    }
}
