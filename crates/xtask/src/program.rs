//! Other programs: how they are found, run and judged.

use std::process::{Command, Stdio};

use crate::Outcome;

/// Cargo with these words as its arguments.
pub(crate) fn cargo(words: &str) -> Command {
    program("cargo", words)
}

/// A program with these words as its arguments.
pub(crate) fn program(name: &str, words: &str) -> Command {
    let mut command = Command::new(name);
    // The outer cargo says here which cargo it is. An inner one of another toolchain would believe it.
    command.args(words.split_whitespace()).env_remove("CARGO");
    command
}

/// Runs a command to its end. Its exit code is its verdict.
pub(crate) fn execute(command: &mut Command) -> Outcome {
    let shown = shown(command);
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{shown}` ended with {status}")),
        Err(error) => Err(format!("`{shown}` did not start: {error}")),
    }
}

/// Runs a command and takes what it writes to its standard output.
pub(crate) fn output(command: &mut Command) -> Result<String, String> {
    let shown = shown(command);
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("`{shown}` did not start: {error}"))?;
    if !output.status.success() {
        return Err(format!("`{shown}` ended with {}", output.status));
    }
    String::from_utf8(output.stdout).map_err(|_| format!("`{shown}` wrote something that is not text"))
}

/// Whether a program is installed: whether it can say its version.
pub(crate) fn is_installed(name: &str, words: &str) -> bool {
    program(name, words)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// The full name of the installed toolchain whose name begins so. Asking the list installs nothing, as asking the
/// toolchain itself might.
pub(crate) fn toolchain(prefix: &str) -> Option<String> {
    let list = program("rustup", "toolchain list").output().ok()?;
    let list = String::from_utf8(list.stdout).ok()?;
    find_toolchain(&list, prefix)
}

fn find_toolchain(list: &str, prefix: &str) -> Option<String> {
    list.lines()
        .filter_map(|line| line.split_whitespace().next())
        .find(|name| {
            name.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-']))
        })
        .map(str::to_owned)
}

fn shown(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy()];
    words.extend(command.get_args().map(|argument| argument.to_string_lossy()));
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_program_is_named_with_its_arguments() {
        let outcome = execute(cargo("no-such-subcommand --flag").stderr(Stdio::null()));
        let why = outcome.unwrap_err();
        assert!(why.starts_with("`cargo no-such-subcommand --flag` ended with"), "{why}");
    }

    #[test]
    fn a_missing_program_is_not_installed() {
        assert!(is_installed("cargo", "--version"));
        assert!(!is_installed("no-such-program", "--version"));
        assert!(execute(&mut program("no-such-program", "")).is_err());
    }

    #[test]
    fn a_toolchain_is_found_by_its_version() {
        let list = "1.8.0-x (default)\n1.88.0-x86_64-unknown-linux-gnu\nnightly-x86_64-unknown-linux-gnu\n";
        let found = |prefix| find_toolchain(list, prefix);
        assert_eq!(found("1.88").as_deref(), Some("1.88.0-x86_64-unknown-linux-gnu"));
        assert_eq!(found("1.8").as_deref(), Some("1.8.0-x"));
        assert_eq!(found("nightly").as_deref(), Some("nightly-x86_64-unknown-linux-gnu"));
        assert_eq!(found("1.90"), None);
    }
}
