//! The tables of the field, as they stand in a file and in the README.

/// The results of the others, with gaps such as `{loads}` for what is measured now.
const FIELD: &str = include_str!("field.md");
const README: &str = include_str!("../../README.md");

/// The texts between the gaps.
fn fixed(line: &str) -> Vec<&str> {
    line.split('{').map(|part| part.split_once('}').map_or(part, |(_gap, rest)| rest)).collect()
}

fn shows(line: &str, fixed: &[&str]) -> bool {
    let mut rest = line;
    fixed.iter().all(|part| match rest.find(part) {
        Some(index) => {
            rest = &rest[index + part.len()..];
            true
        }
        None => false,
    })
}

#[test]
fn the_readme_shows_the_field() {
    for line in FIELD.lines() {
        let fixed = fixed(line);
        assert!(README.lines().any(|shown| shows(shown, &fixed)), "not in the README: {line}");
    }
}

#[test]
fn gaps_are_filled_with_anything() {
    let fixed = fixed("| loads | {loads} | 2 |");
    assert!(shows("| loads | 1 | 2 |", &fixed));
    assert!(!shows("| loads | 1 | 3 |", &fixed));
}
