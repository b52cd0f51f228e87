//! A subscriber that remembers the spans of its thread, and every word in them and in events.

use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{DefaultGuard, set_default};
use tracing::{Event, Level, Metadata, Subscriber};

/// One span.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) name: &'static str,
    pub(crate) level: Level,
    /// The span that it is a part of.
    pub(crate) parent: Option<usize>,
    fields: Vec<(&'static str, String)>,
}

impl Seen {
    /// What was recorded last in a field, or nothing.
    pub(crate) fn field(&self, name: &str) -> &str {
        self.fields.iter().rfind(|(field, _)| *field == name).map_or("", |(_, value)| value)
    }
}

#[derive(Default)]
struct State {
    spans: Vec<Seen>,
    entered: Vec<usize>,
    events: Vec<String>,
}

/// All that was told on this thread while this lives. Clones remember together.
#[derive(Clone, Default)]
pub(crate) struct Spans(Arc<Mutex<State>>);

impl Spans {
    pub(crate) fn begin() -> (Self, DefaultGuard) {
        let spans = Self::default();
        (spans.clone(), set_default(spans))
    }

    pub(crate) fn all(&self) -> Vec<Seen> {
        self.0.lock().unwrap().spans.clone()
    }

    /// Those of that name.
    pub(crate) fn named(&self, name: &str) -> Vec<Seen> {
        self.all().into_iter().filter(|span| span.name == name).collect()
    }

    /// Everything that was told, for who looks for a word that must not be there.
    pub(crate) fn text(&self) -> String {
        format!("{:?} {:?}", self.all(), self.0.lock().unwrap().events)
    }
}

struct Fields<'a>(&'a mut Vec<(&'static str, String)>);

impl Visit for Fields<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.push((field.name(), value.to_owned()));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.push((field.name(), format!("{value:?}")));
    }
}

fn index(id: &Id) -> usize {
    usize::try_from(id.into_u64()).unwrap() - 1
}

impl Subscriber for Spans {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("larder")
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let mut state = self.0.lock().unwrap();
        let metadata = attributes.metadata();
        let current = state.entered.last().copied().filter(|_| attributes.is_contextual());
        let mut fields = Vec::new();
        attributes.record(&mut Fields(&mut fields));
        state.spans.push(Seen {
            name: metadata.name(),
            level: *metadata.level(),
            parent: attributes.parent().map(index).or(current),
            fields,
        });
        Id::from_u64(state.spans.len() as u64)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        values.record(&mut Fields(&mut self.0.lock().unwrap().spans[index(span)].fields));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Vec::new();
        event.record(&mut Fields(&mut fields));
        self.0.lock().unwrap().events.push(format!("{fields:?}"));
    }

    fn enter(&self, span: &Id) {
        self.0.lock().unwrap().entered.push(index(span));
    }

    fn exit(&self, span: &Id) {
        self.0.lock().unwrap().entered.retain(|entered| *entered != index(span));
    }
}
