//! What is said to SQLite.

use crate::database::{Statement, Statements};
use crate::table::Table;

/// Milliseconds of the time of day, by the clock that all processes of the machine have.
const NOW: &str = "CAST(unixepoch('subsec') * 1000 AS INTEGER)";

/// The statements about a table.
pub(crate) fn statements(table: &Table) -> Statements {
    let name = table.quoted();
    // In whole rows that are of other types, a column may be too.
    let due = format!(
        "SELECT id, CAST(touched AS BLOB), again_after IS NOT NULL, told_at IS NOT NULL FROM {name} \
         WHERE app = $1 AND set_aside IS NULL AND due_at <= {NOW} ORDER BY due_at, id LIMIT $2"
    );
    let next = format!("SELECT min(due_at) - {NOW} FROM {name} WHERE app = $1 AND set_aside IS NULL");
    let these = "WHERE id IN (SELECT value FROM json_each($1))";
    let repeat = format!(
        "UPDATE {name} SET told_at = {NOW}, again_after = NULL, due_at = {NOW} + again_after {these}"
    );
    let unreadable = format!(
        "SELECT id, CAST(touched AS BLOB), CAST(set_aside AS BLOB) FROM {name} \
         WHERE app = $1 AND set_aside IS NOT NULL ORDER BY id"
    );
    let take_back = format!("UPDATE {name} SET set_aside = NULL WHERE app = $1 AND set_aside IS NOT NULL");
    Statements {
        schema: schema(table).into(),
        write: format!("INSERT INTO {name} (app, touched, again_after) VALUES ($1, $2, $3)").into(),
        due: due.into(),
        next: next.into(),
        remove: format!("DELETE FROM {name} {these}").into(),
        repeat: repeat.into(),
        postpone: format!("UPDATE {name} SET due_at = {NOW} + $2 {these}").into(),
        set_aside: format!("UPDATE {name} SET set_aside = $2 WHERE id = $1").into(),
        take_back: take_back.into(),
        backlog: backlog(&name).into(),
        unreadable: unreadable.into(),
    }
}

/// A number is never used twice (`AUTOINCREMENT`): else a relay that removes what it has told could remove another row.
fn schema(table: &Table) -> String {
    let (name, index, bare) = (table.quoted(), table.quoted_with("_due"), table.bare(""));
    let leader = table.quoted_with("_leader");
    format!(
        "\
CREATE TABLE IF NOT EXISTS {name} (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    app TEXT NOT NULL,
    touched TEXT NOT NULL,
    written_at INTEGER NOT NULL DEFAULT ({NOW}),
    due_at INTEGER NOT NULL DEFAULT ({NOW}),
    again_after INTEGER,
    told_at INTEGER,
    set_aside TEXT
);
CREATE INDEX IF NOT EXISTS {index} ON {bare} (app, due_at, id) WHERE set_aside IS NULL;
CREATE TABLE IF NOT EXISTS {leader} (app TEXT PRIMARY KEY, holder TEXT NOT NULL, until INTEGER NOT NULL);
"
    )
}

fn backlog(name: &str) -> String {
    format!(
        "SELECT count(*) FILTER (WHERE set_aside IS NULL AND told_at IS NULL), \
         count(*) FILTER (WHERE set_aside IS NULL AND told_at IS NOT NULL), \
         count(*) FILTER (WHERE set_aside IS NOT NULL), \
         {NOW} - min(CASE WHEN told_at IS NULL THEN written_at ELSE due_at END) FILTER (WHERE set_aside IS NULL) \
         FROM {name} WHERE app = $1"
    )
}

/// The statements about who leads.
#[derive(Debug)]
pub(crate) struct Lease {
    /// Takes it or renews it, unless somebody else has it: app, holder, milliseconds.
    pub(crate) take: Statement,
    /// Gives it up: app, holder.
    pub(crate) leave: Statement,
}

impl Lease {
    pub(crate) fn new(table: &Table) -> Self {
        let name = table.quoted_with("_leader");
        let take = format!(
            "INSERT INTO {name} AS lease (app, holder, until) VALUES ($1, $2, {NOW} + $3) \
             ON CONFLICT (app) DO UPDATE SET holder = excluded.holder, until = excluded.until \
             WHERE lease.holder = excluded.holder OR lease.until < {NOW}"
        );
        let leave = format!("DELETE FROM {name} WHERE app = $1 AND holder = $2");
        Self { take: take.into(), leave: leave.into() }
    }
}
