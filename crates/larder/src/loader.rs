//! Loaders, as the read path sees them: without the types that only their authors know.

use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::panic::{self, AssertUnwindSafe};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use larder_core::{Entry, Error, ErrorKind, Result};

use crate::answer::Answer;
use crate::hit::Hit;

type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A load that can be run once. It is given what there was before, if it is still known.
pub(crate) type BoxLoad<V> = Box<dyn FnOnce(Option<Arc<Entry<V>>>) -> BoxFuture<Result<Answer<V>>> + Send>;

/// A load that is run whenever a key is missed.
pub(crate) type Loader<K, V> = Arc<dyn Fn(K) -> BoxFuture<Result<Answer<V>>> + Send + Sync>;

/// A load of many keys at once. May be run again, for keys that could not be loaded with the others.
pub(crate) type BulkLoader<K, V> = Arc<dyn Fn(Vec<K>) -> BoxFuture<Answers<K, V>> + Send + Sync>;

type Answers<K, V> = Result<Vec<(K, Answer<V>)>>;

/// What a loader is given that wants to know what there was before.
///
/// An origin that can tell whether a value has changed need not send it again.
///
/// # Examples
///
/// ```
/// # use larder::{Answer, Cache, Larder};
/// # #[derive(Clone, serde::Serialize, serde::Deserialize, larder::Cacheable)]
/// # struct Page { etag: String, body: String }
/// # async fn download(_: &str, _: Option<&str>) -> larder::Result<Option<Page>> { Ok(Some(Page { etag: "1".into(), body: "Hi".into() })) }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> larder::Result<()> {
/// # let larder = Larder::builder("test.shop").embedded().build().await?;
/// # let pages: Cache<String, Page> = larder.cache("page").build()?;
/// let page = pages
///     .get_or_revalidate("https://example.com", |load| async move {
///         let etag = load.previous().map(|page| page.etag.as_str());
///         match download(load.key(), etag).await? {
///             Some(page) => Ok(Answer::value(page)),
///             None => Ok::<_, larder::Error>(Answer::not_modified()),
///         }
///     })
///     .await?;
/// # assert_eq!(page.body, "Hi");
/// # Ok(())
/// # }
/// ```
pub struct Load<K, V> {
    key: K,
    previous: Option<Hit<V>>,
}

impl<K, V> Load<K, V> {
    pub(crate) fn new(key: K, previous: Option<Hit<V>>) -> Self {
        Self { key, previous }
    }

    /// The key to load.
    pub fn key(&self) -> &K {
        &self.key
    }

    /// The value that there was before, if it is still known.
    pub fn previous(&self) -> Option<&V> {
        self.previous.as_deref()
    }
}

impl<K: fmt::Debug, V> fmt::Debug for Load<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Load")
            .field("key", &self.key)
            .field("has_previous", &self.previous.is_some())
            .finish()
    }
}

/// Gives a user's load the form of all loads.
pub(crate) fn boxed<A, E, V>(
    load: impl Future<Output = Result<A, E>> + Send + 'static,
) -> BoxFuture<Result<Answer<V>>>
where
    A: Into<Answer<V>>,
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    Box::pin(
        async move { Caught(Box::pin(async { load.await.map(Into::into).map_err(Error::load) })).await? },
    )
}

/// The same for a load of many keys.
pub(crate) fn boxed_bulk<B, K, A, E, V>(
    load: impl Future<Output = Result<B, E>> + Send + 'static,
) -> BoxFuture<Answers<K, V>>
where
    B: IntoIterator<Item = (K, A)>,
    A: Into<Answer<V>>,
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    Box::pin(async move {
        let answers = async {
            let answers = load.await.map_err(Error::load)?;
            Ok(answers.into_iter().map(|(key, answer)| (key, answer.into())).collect())
        };
        Caught(Box::pin(answers)).await?
    })
}

/// A load whose panics are errors, to be told to all who wait.
struct Caught<F>(Pin<Box<F>>);

impl<F: Future> Future for Caught<F> {
    type Output = Result<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // What the panic left in pieces belongs to the loader, which is not polled again.
        let polled = panic::catch_unwind(AssertUnwindSafe(|| self.0.as_mut().poll(context)));
        match polled {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
            Err(_) => Poll::Ready(Err(Error::new(ErrorKind::Load, "the loader panicked"))),
        }
    }
}
