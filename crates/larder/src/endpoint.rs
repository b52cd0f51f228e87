//! Whether this process is ready, told over HTTP.
//!
//! As much of HTTP as load balancers and orchestrators speak, and no more: one question a connection, and a short one.

use std::fmt::Write as _;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use larder_core::Result;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use crate::health::Health;
use crate::larder::Larder;
use crate::node::Node;
use crate::stats::Stats;

/// The longest question that is listened to.
const LONGEST: usize = 4_096;

/// How long a question and its answer may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// How many are answered at a time. Who comes then waits for their turn.
const ABREAST: usize = 32;

impl Larder {
    /// Answers questions over HTTP, until this is shut down or dropped. For readiness probes, and for people.
    ///
    /// | path | status | text |
    /// |---|---|---|
    /// | `/ready` | 200 once [`ready`](Self::ready) would return, 503 before | how far each [warm start](crate::WarmStart) is |
    /// | `/health` | 200 | the [`health`](Self::health) |
    ///
    /// Build all caches first: a process without any is ready. Names of caches are told, and addresses of servers, but no keys;
    /// so listen where probes come from, and not in public.
    ///
    /// # Errors
    ///
    /// `Closed` after a shutdown.
    ///
    /// # Panics
    ///
    /// Outside of a runtime of tokio.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let larder = larder::Larder::builder("prod.shop").embedded().build().await?;
    /// let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    /// larder.answer_probes(listener)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn answer_probes(&self, listener: TcpListener) -> Result<()> {
        let node = self.node().clone();
        self.node().tasks.spawn(async move {
            tokio::select! {
                biased;
                () = node.closed() => {}
                () = answer_all(&node, listener) => {}
            }
        })
    }
}

async fn answer_all(node: &Arc<Node>, listener: TcpListener) {
    let places = Arc::new(Semaphore::new(ABREAST));
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { return };
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                // As a rule the process has too many files open, which a moment may change.
                tracing::debug!(%error, "a probe could not be let in");
                sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let asked = node.clone();
        let answering = node.tasks.spawn(async move {
            if let Ok(Err(error)) = timeout(PATIENCE, answer(&asked, stream)).await {
                tracing::debug!(%error, "a probe has gone before it was answered");
            }
            drop(place);
        });
        if answering.is_err() {
            return;
        }
    }
}

async fn answer(node: &Node, mut stream: TcpStream) -> io::Result<()> {
    let Some(question) = listen(&mut stream).await? else { return Ok(()) };
    let answer = Answer::to(node, &question);
    stream.write_all(answer.text(&question).as_bytes()).await?;
    stream.shutdown().await
}

/// All that is asked, up to the end of its head. `None` if nothing was.
async fn listen(stream: &mut TcpStream) -> io::Result<Option<Vec<u8>>> {
    let mut question = Vec::new();
    let mut asking = stream.take(LONGEST as u64);
    while !question.ends_with(b"\r\n\r\n") && asking.read_buf(&mut question).await? > 0 {}
    Ok(Some(question).filter(|question| !question.is_empty()))
}

struct Answer {
    status: &'static str,
    body: String,
}

impl Answer {
    fn to(node: &Node, question: &[u8]) -> Self {
        let (method, path) = asked(question).unwrap_or_default();
        match (method, path) {
            ("GET" | "HEAD", "/ready") if node.readiness.is_ready() => Self::new("200 OK", warmth(node)),
            ("GET" | "HEAD", "/ready") => Self::new("503 Service Unavailable", warmth(node)),
            ("GET" | "HEAD", "/health") => Self::new("200 OK", format!("{}\n", Health::of(node))),
            ("", _) => Self::new("400 Bad Request", "this is no question\n".to_owned()),
            ("GET" | "HEAD", _) => Self::new("404 Not Found", "ask for /ready or /health\n".to_owned()),
            _ => Self::new("405 Method Not Allowed", "ask by GET\n".to_owned()),
        }
    }

    fn new(status: &'static str, body: String) -> Self {
        Self { status, body }
    }

    fn text(&self, question: &[u8]) -> String {
        let Self { status, body } = self;
        let mut text = format!(
            "HTTP/1.1 {status}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {}\r\n\
             cache-control: no-store\r\nconnection: close\r\n",
            body.len()
        );
        if status.starts_with("405") {
            text.push_str("allow: GET, HEAD\r\n");
        }
        text.push_str("\r\n");
        if !question.starts_with(b"HEAD ") {
            text.push_str(body);
        }
        text
    }
}

/// The method and the path, if there is a head that ends, and its first line is that of a question.
fn asked(question: &[u8]) -> Option<(&str, &str)> {
    let head = str::from_utf8(question).ok()?.strip_suffix("\r\n\r\n")?;
    let mut words = head.lines().next()?.split(' ');
    let (method, target, version) = (words.next()?, words.next()?, words.next()?);
    let path = target.split('?').next()?;
    (version.starts_with("HTTP/1.") && words.next().is_none() && path.starts_with('/'))
        .then_some((method, path))
}

/// A line for each cache that begins warm.
fn warmth(node: &Node) -> String {
    let mut text = if node.readiness.is_ready() { "ready\n" } else { "not ready\n" }.to_owned();
    for (name, stats) in &Stats::of(node).caches {
        if let Some(warmth) = stats.warmth {
            let state = if warmth.is_over { "took" } else { "after" };
            let (kept, wanted, took) = (warmth.kept, warmth.wanted, warmth.took);
            _ = writeln!(text, "{name}: {kept} of {wanted} keys, {state} {took:.1?}");
        }
    }
    text
}
