//! No command for Redis that takes as long as the whole keyspace, or empties it, or that the client cannot bear.
//!
//! A cache shares its server. The walk over all keys stops everybody, and a flush drops what belongs to others. And a sharded
//! subscription is ended by the server itself when its slot is moved, which the client takes for the answer to another
//! question: from then on each answer belongs to the question before.

use super::{Finding, Source};

// In pieces, so that the rule does not find itself.
const COMMANDS: &[(&str, &str)] = &[
    (concat!("KE", "YS"), FOREIGN),
    (concat!("FLUSH", "DB"), FOREIGN),
    (concat!("FLUSH", "ALL"), FOREIGN),
    (concat!("SSUB", "SCRIBE"), "a slot that is moved would put every answer out of step"),
];

/// Shows what comes of emptying a server, and has one of its own to do it to.
const SHOWN: &str = "examples/rolling/stage.rs";

const FOREIGN: &str = "the server and its keys belong to others too";

/// What sends a command, in Lua and in Rust. After one of these, lower case is a command too.
const CALLS: &[&str] = &["call(", "cmd("];

pub(super) fn unbounded_command(source: &Source) -> Vec<Finding> {
    let is_code = source.is_rust() || source.has_extension("lua");
    if !is_code || source.path == SHOWN {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (line, text) in source.lines() {
        if let Some((command, why)) = COMMANDS.iter().find(|(command, _)| sends(text, command)) {
            let what = format!("`{command}` is never sent: {why}");
            findings.push(Finding { line, what });
        }
    }
    findings
}

/// Whether a string literal is this command, or begins with it.
fn sends(text: &str, command: &str) -> bool {
    text.match_indices(['"', '\'']).any(|(at, _)| {
        let literal = text.get(at + 1..).unwrap_or_default();
        let (Some(name), Some(rest)) = (literal.get(..command.len()), literal.get(command.len()..)) else {
            return false;
        };
        let is_sent = CALLS.iter().any(|call| text.get(..at).is_some_and(|before| before.ends_with(call)));
        (name == command || is_sent && name.eq_ignore_ascii_case(command))
            && rest.starts_with(['"', '\'', ' '])
    })
}

#[cfg(test)]
mod tests {
    use super::super::{lines, source};
    use super::*;

    fn check(path: &str, text: &str, expected: &[usize]) {
        let findings = unbounded_command(&source(path, text));
        assert_eq!(lines(&findings), expected, "{path}: {text}");
    }

    #[test]
    fn a_command_is_found() {
        for (command, _) in COMMANDS {
            let lower = command.to_lowercase();
            check("a.lua", &format!("local a\nredis.call('{command}', '*')"), &[2]);
            check("a.lua", &format!("redis.pcall(\"{lower}\")"), &[1]);
            check("a.rs", &format!("redis::cmd(\"{lower}\")"), &[1]);
            check("a.rs", &format!("const SLOW: &str = \"{command} *\";"), &[1]);
        }
    }

    #[test]
    fn one_example_may_and_its_neighbours_may_not() {
        let text = format!("server.command(&[\"{}\"])", COMMANDS[2].0);
        check(SHOWN, &text, &[]);
        check("examples/rolling/fleet.rs", &text, &[1]);
    }

    #[test]
    fn the_arguments_of_a_script_and_other_words_are_none() {
        let (command, _) = COMMANDS[0];
        check("a.lua", &format!("redis.call('get', {command}[1])"), &[]);
        check("a.rs", "let keys = labels(\"keys\");", &[]);
        check("a.rs", &format!("let text = \"MON{command}\";"), &[]);
        check("a.md", &format!("never \"{command}\""), &[]);
    }
}
