//! The origin of all values: products with a version each, in the memory of the first process, asked line by line.
//!
//! It also keeps the books. A writer tells when the fleet has taken its invalidation, and a reader what it was given and
//! when it asked; so the database knows how stale that was.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

use crate::clock::now;

/// What a query takes.
const QUERY: Duration = Duration::from_millis(2);

/// The origin, as its own process sees it.
#[derive(Clone, Debug, Default)]
pub struct Database(Arc<Mutex<Books>>);

/// What the database knows.
#[derive(Debug, Default)]
pub struct Books {
    versions: HashMap<u64, u64>,
    /// Of each product, which versions the fleet was told of, and when.
    told: HashMap<u64, Vec<(Duration, u64)>>,
    /// How many queries there were.
    pub queries: u64,
    /// The stalest answer that a reader was given, since somebody last asked.
    pub stalest: Duration,
}

impl Database {
    /// Serves whoever comes, and says where.
    pub async fn serve(&self) -> std::io::Result<String> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let database = self.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let database = database.clone();
                tokio::spawn(async move { database.attend(client).await });
            }
        });
        Ok(address)
    }

    /// What it knows now.
    pub fn books(&self) -> MutexGuard<'_, Books> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn attend(&self, client: TcpStream) -> std::io::Result<()> {
        let (reader, mut writer) = client.into_split();
        let mut lines = BufReader::new(reader).lines();
        while let Some(line) = lines.next_line().await? {
            let words: Vec<u64> = line.split(' ').skip(1).filter_map(|word| word.parse().ok()).collect();
            let answer = match (line.split(' ').next(), words.as_slice()) {
                (Some("read"), [product]) => self.read(*product).await,
                (Some("write"), [product]) => self.books().write(*product),
                (Some("told"), [product, version]) => self.books().tell(*product, *version),
                (Some("given"), [product, version, micros]) => {
                    self.books().judge(*product, *version, Duration::from_micros(*micros))
                }
                _ => 0,
            };
            writer.write_all(format!("{answer}\n").as_bytes()).await?;
        }
        Ok(())
    }

    async fn read(&self, product: u64) -> u64 {
        let version = {
            let mut books = self.books();
            books.queries += 1;
            books.versions.get(&product).copied().unwrap_or(1)
        };
        // What is read is old by the time it comes.
        sleep(QUERY).await;
        version
    }
}

impl Books {
    /// COMMIT.
    fn write(&mut self, product: u64) -> u64 {
        let version = self.versions.entry(product).or_insert(1);
        *version += 1;
        *version
    }

    fn tell(&mut self, product: u64, version: u64) -> u64 {
        self.told.entry(product).or_default().push((now(), version));
        0
    }

    fn judge(&mut self, product: u64, version: u64, asked: Duration) -> u64 {
        let told = self.told.get(&product).into_iter().flatten();
        let newer = told.filter(|(_, newer)| *newer > version).map(|(then, _)| *then).min();
        let staleness = newer.map_or(Duration::ZERO, |then| asked.saturating_sub(then));
        self.stalest = self.stalest.max(staleness);
        0
    }
}

/// A connection to the database, as the service has it.
#[derive(Debug)]
pub struct Client {
    lines: tokio::io::Lines<BufReader<tokio::net::tcp::OwnedReadHalf>>,
    writer: tokio::net::tcp::OwnedWriteHalf,
}

impl Client {
    /// Connects to a [`Database`] that is served.
    pub async fn connect(address: &str) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (reader, writer) = stream.into_split();
        Ok(Self { lines: BufReader::new(reader).lines(), writer })
    }

    /// Sends a line, and returns the number that is the answer.
    pub async fn ask(&mut self, question: &str) -> std::io::Result<u64> {
        self.writer.write_all(format!("{question}\n").as_bytes()).await?;
        let answer = self.lines.next_line().await?.unwrap_or_default();
        answer.parse().map_err(std::io::Error::other)
    }
}
