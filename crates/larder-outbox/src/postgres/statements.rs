//! What is said to Postgres.

use super::CHANNEL;
use crate::database::Statements;
use crate::table::Table;

/// The statements about a table. Without `notify` nobody is told of a new row.
pub(crate) fn statements(table: &Table, notify: bool) -> Statements {
    let (name, plain) = (table.quoted(), table.plain());
    let insert = format!("INSERT INTO {name} (app, touched, again_after) VALUES ($1, $2, $3)");
    let write = if notify {
        format!(
            "WITH written AS ({insert} RETURNING 1) SELECT pg_notify('{CHANNEL}', '{plain}') FROM written"
        )
    } else {
        insert
    };
    // Of `now` and `clock_timestamp` only the former can be looked up in an index.
    let due = format!(
        "SELECT id, touched, again_after IS NOT NULL, told_at IS NOT NULL FROM {name} \
         WHERE app = $1 AND set_aside IS NULL AND due_at <= now() ORDER BY due_at, id LIMIT $2"
    );
    let next = format!(
        "SELECT ceil(extract(epoch FROM min(due_at) - clock_timestamp()) * 1000)::bigint FROM {name} \
         WHERE app = $1 AND set_aside IS NULL"
    );
    let repeat = format!(
        "UPDATE {name} SET told_at = clock_timestamp(), again_after = NULL, \
         due_at = clock_timestamp() + again_after * interval '1 millisecond' WHERE id = ANY($1)"
    );
    let postpone = format!(
        "UPDATE {name} SET due_at = clock_timestamp() + $2 * interval '1 millisecond' WHERE id = ANY($1)"
    );
    let take_back = format!("UPDATE {name} SET set_aside = NULL WHERE app = $1 AND set_aside IS NOT NULL");
    let unreadable = format!(
        "SELECT id, touched, set_aside FROM {name} WHERE app = $1 AND set_aside IS NOT NULL ORDER BY id"
    );
    Statements {
        schema: schema(table).into(),
        write: write.into(),
        due: due.into(),
        next: next.into(),
        remove: format!("DELETE FROM {name} WHERE id = ANY($1)").into(),
        repeat: repeat.into(),
        postpone: postpone.into(),
        set_aside: format!("UPDATE {name} SET set_aside = $2 WHERE id = $1").into(),
        take_back: take_back.into(),
        backlog: backlog(&name).into(),
        unreadable: unreadable.into(),
    }
}

fn schema(table: &Table) -> String {
    // The name of the index begins with that of the table, and either may be in the new ones too.
    const INDEX: &str = "\0";
    let schema = include_str!("schema.sql").replace("larder_outbox_due", INDEX);
    schema.replace("larder_outbox", &table.quoted()).replace(INDEX, &table.bare("_due"))
}

fn backlog(name: &str) -> String {
    format!(
        "SELECT count(*) FILTER (WHERE set_aside IS NULL AND told_at IS NULL), \
         count(*) FILTER (WHERE set_aside IS NULL AND told_at IS NOT NULL), \
         count(*) FILTER (WHERE set_aside IS NOT NULL), \
         (extract(epoch FROM clock_timestamp() - \
         min(CASE WHEN told_at IS NULL THEN written_at ELSE due_at END) FILTER (WHERE set_aside IS NULL)) \
         * 1000)::bigint \
         FROM {name} WHERE app = $1"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_of_any_name_is_made_with_its_index() {
        let schema = schema(&Table::new("shop.my_larder_outbox").unwrap());
        assert!(schema.contains("CREATE TABLE IF NOT EXISTS \"shop\".\"my_larder_outbox\" ("), "{schema}");
        let index = "CREATE INDEX IF NOT EXISTS \"my_larder_outbox_due\" ON \"shop\".\"my_larder_outbox\" (";
        assert!(schema.contains(index), "{schema}");
    }
}
