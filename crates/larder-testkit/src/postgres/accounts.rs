//! As whom a server runs that must not run as root.

use std::fs;

use crate::server::process::User;

/// The users to try, the likeliest first.
const NAMES: [&str; 2] = ["postgres", "nobody"];

/// Somebody else, if this process is root's.
pub(crate) fn somebody() -> Option<User> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let accounts = fs::read_to_string("/etc/passwd").unwrap_or_default();
    NAMES.iter().find_map(|name| find(&accounts, name))
}

fn find(accounts: &str, name: &str) -> Option<User> {
    accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        let is_theirs = fields.next() == Some(name);
        let (id, group) = (fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?);
        is_theirs.then_some(User { id, group })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_among_others() {
        let accounts = "root:x:0:0::/:/bin/sh\ngarbled\nnobody:x:65534:65533::/:/bin/false\n";
        let user = find(accounts, "nobody").unwrap();
        assert_eq!((user.id, user.group), (65534, 65533));
        assert!(find(accounts, "postgres").is_none());
    }
}
