//! How often values were read, by the form in which they were stored.

use larder_codec::Form;

use super::counters::Count;

/// How many stored values were read in one form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FormReads {
    /// The form in which they were stored.
    pub form: Form,
    /// Whether it is the newest one of the cache. Of any other they were upgraded.
    pub is_newest: bool,
    /// How often.
    pub count: u64,
}

impl FormReads {
    /// The format in a few words, for a metric's label.
    #[cfg(feature = "metrics")]
    pub(crate) fn format(&self) -> String {
        let codec = self.form.codec();
        if self.form.is_bare() { format!("bare {codec}") } else { codec.to_string() }
    }

    /// The version of the schema, for the same.
    #[cfg(feature = "metrics")]
    pub(crate) fn schema(&self) -> String {
        self.form.schema().map_or("none".to_owned(), |schema| schema.number().to_string())
    }

    /// What became of them in one word, for the same.
    #[cfg(feature = "metrics")]
    pub(crate) fn outcome(&self) -> &'static str {
        if self.is_newest { "opened" } else { "upgraded" }
    }
}

/// A count for each form that a cache reads, the newest first. There are no others: what is stored otherwise is unreadable.
#[derive(Debug)]
pub(crate) struct Forms(Vec<(Form, Count)>);

impl Forms {
    pub(crate) fn new(forms: impl IntoIterator<Item = Form>) -> Self {
        Self(forms.into_iter().map(|form| (form, Count::default())).collect())
    }

    pub(crate) fn add_one(&self, form: Form) {
        if let Some((_, count)) = self.0.iter().find(|(known, _)| *known == form) {
            count.add_one();
        }
    }

    /// Every form that there has been.
    pub(crate) fn snapshot(&self) -> Vec<FormReads> {
        let reads = self.0.iter().enumerate().map(|(place, (form, count))| FormReads {
            form: *form,
            is_newest: place == 0,
            count: count.get(),
        });
        reads.filter(|reads| reads.count > 0).collect()
    }
}
