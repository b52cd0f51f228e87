//! What there is to watch, told to the facade `metrics`.

use std::sync::Arc;
use std::time::Duration;

use metrics::{Label, Unit};
use tokio::time::sleep;

use crate::backlog::Backlog;
use crate::database::Database;
use crate::outbox::Outbox;
use crate::relay::Record;

/// Tells what a relay and its outbox have come to.
pub(crate) fn publish(app: &str, record: &Record, backlog: Backlog) {
    record.described.get_or_init(describe);
    let stats = record.stats(backlog);
    let app = vec![Label::new("app", app.to_owned())];
    let backlog = &stats.backlog;
    metrics::gauge!("larder_outbox_lag_seconds", app.clone()).set(backlog.lag);
    for (state, rows) in
        [("pending", backlog.pending), ("again", backlog.again), ("unreadable", backlog.unreadable)]
    {
        let labels = [app.as_slice(), &[Label::from_static_parts("state", state)]].concat();
        metrics::gauge!("larder_outbox_rows", labels).set(as_f64(rows));
    }
    metrics::gauge!("larder_outbox_leads", app.clone()).set(f64::from(u8::from(stats.is_leader)));
    metrics::counter!("larder_outbox_told_total", app.clone()).absolute(stats.handled);
    metrics::counter!("larder_outbox_repeated_total", app).absolute(stats.repeated);
}

/// Tells it again and again. While the database does not answer, nothing new is told.
pub(crate) async fn publish_every<D: Database>(outbox: Outbox<D>, record: Arc<Record>, interval: Duration) {
    loop {
        if let Ok(backlog) = outbox.backlog().await {
            publish(outbox.rows.app.as_str(), &record, backlog);
        }
        sleep(interval).await;
    }
}

fn describe() {
    metrics::describe_gauge!(
        "larder_outbox_lag_seconds",
        Unit::Seconds,
        "How long the fleet should have known something."
    );
    metrics::describe_gauge!("larder_outbox_rows", Unit::Count, "Rows in the outbox, by what they wait for.");
    metrics::describe_gauge!(
        "larder_outbox_leads",
        Unit::Count,
        "Whether this process's relay is the one that tells: 1 or 0."
    );
    metrics::describe_counter!(
        "larder_outbox_told_total",
        Unit::Count,
        "Rows that this process's relay has told the fleet of."
    );
    metrics::describe_counter!(
        "larder_outbox_repeated_total",
        Unit::Count,
        "Those that it has told of once more."
    );
}

#[expect(clippy::cast_precision_loss, reason = "the facade has floats for what goes up and down")]
fn as_f64(count: u64) -> f64 {
    count as f64
}
