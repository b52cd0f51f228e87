//! A recorder that remembers.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit,
};

/// Everything that was published: values by their names with labels, and names that were described.
#[derive(Clone, Debug, Default)]
pub(super) struct Published {
    values: Arc<Mutex<BTreeMap<String, f64>>>,
    pub(super) described: Arc<Mutex<Vec<String>>>,
}

impl Published {
    /// What was published under a name with labels, as Prometheus writes them.
    pub(super) fn value(&self, name: &str) -> Option<f64> {
        self.values.lock().unwrap().get(name).copied()
    }

    /// Every name with labels.
    pub(super) fn names(&self) -> Vec<String> {
        self.values.lock().unwrap().keys().cloned().collect()
    }

    pub(super) fn forget(&self) {
        self.values.lock().unwrap().clear();
    }

    fn place(&self, key: &Key) -> Arc<Place> {
        let labels = key.labels().map(|label| format!("{}={}", label.key(), label.value()));
        let name = format!("{}{{{}}}", key.name(), labels.collect::<Vec<_>>().join(","));
        Arc::new(Place { name, published: self.clone() })
    }
}

struct Place {
    name: String,
    published: Published,
}

impl CounterFn for Place {
    fn increment(&self, _: u64) {
        panic!("{} was counted already", self.name);
    }

    fn absolute(&self, value: u64) {
        self.set(f64::from(u32::try_from(value).unwrap()));
    }
}

impl GaugeFn for Place {
    fn increment(&self, _: f64) {
        panic!("{} is to be set", self.name);
    }

    fn decrement(&self, _: f64) {
        panic!("{} is to be set", self.name);
    }

    fn set(&self, value: f64) {
        let before = self.published.values.lock().unwrap().insert(self.name.clone(), value);
        assert_eq!(before, None, "{} is published twice", self.name);
    }
}

impl Recorder for Published {
    fn describe_counter(&self, name: KeyName, _: Option<Unit>, _: SharedString) {
        self.described.lock().unwrap().push(name.as_str().to_owned());
    }

    fn describe_gauge(&self, name: KeyName, unit: Option<Unit>, text: SharedString) {
        self.describe_counter(name, unit, text);
    }

    fn describe_histogram(&self, name: KeyName, _: Option<Unit>, _: SharedString) {
        panic!("{} is a histogram", name.as_str());
    }

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.place(key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.place(key))
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        panic!("{} is a histogram", key.name());
    }
}
