//! The ways to write cost what the guide says, in whatever time.

#[path = "../examples/writepatterns/patterns.rs"]
mod ways;

use ways::{Effort, Line, PATTERNS, Pattern};

/// Statements of the writer, and the steps on the shared tier that all have taken for one write.
fn costs(pattern: Pattern) -> (f64, f64) {
    match pattern {
        Pattern::Database => (1.0, 0.0),
        Pattern::Transaction => (3.0, 0.0),
        Pattern::CacheAside | Pattern::ReadThrough | Pattern::WriteThrough => (1.0, 1.0),
        Pattern::Guarded => (1.0, 2.0),
        Pattern::WriteBehind => (0.0, 2.0),
        Pattern::Outbox => (4.0, 1.0),
        Pattern::OutboxAtOnce => (4.0, 2.0),
    }
}

/// What others do for several writes at once is less for each.
fn is_shared(pattern: Pattern) -> bool {
    matches!(pattern, Pattern::WriteBehind | Pattern::Outbox | Pattern::OutboxAtOnce)
}

fn check(line: &Line) {
    let Line { pattern, trials, counts, .. } = line;
    let (writer, sent) = costs(*pattern);
    assert!((counts.writer - writer).abs() < f64::EPSILON, "{pattern:?}: {counts:?}");
    assert!(counts.sent <= sent && (is_shared(*pattern) || counts.sent >= sent), "{pattern:?}: {counts:?}");
    assert_eq!(counts.inside > counts.sent, sent > 0.0, "{pattern:?}: {counts:?}");
    // A relay looks once a second, whoever writes, so that there may be some where nobody is needed.
    assert!(!is_shared(*pattern) || counts.others > 0.0, "{pattern:?}: {counts:?}");
    // Who wrote through need not load what it wrote.
    if matches!(pattern, Pattern::WriteThrough | Pattern::WriteBehind) {
        assert_eq!((trials.here.loads, trials.there.loads), (0, 0), "{pattern:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_way_to_write_costs_as_many_steps_as_the_guide_says() {
    let lines = ways::measure(Effort::QUICK).await.unwrap();
    assert_eq!(lines.iter().map(|line| line.pattern).collect::<Vec<_>>(), PATTERNS);
    lines.iter().for_each(check);
    for line in ways::table(&lines) {
        assert_eq!(line.matches('|').count(), 11, "{line}");
    }
}
