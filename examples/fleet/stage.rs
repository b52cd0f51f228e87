//! Starts everything, lets things happen, and says what came of it.

use std::error::Error;
use std::process::{ExitCode, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use larder_testkit::redis::{Proxy, RedisServer};
use shop::database::Database;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

use crate::acts::{ACTS, Act};
use crate::report::{Line, Table};

const NODES: usize = 4;

/// What no reader may be behind: the time between two questions to the server, and the time for an answer.
const BOUND: Duration = Duration::from_millis(1_500);

struct Stage {
    server: RedisServer,
    proxy: Proxy,
    database: Database,
    nodes: Vec<Child>,
    lines: Arc<Mutex<Vec<Line>>>,
}

/// Plays all acts, each for its share of time.
pub(crate) async fn play(share: f64) -> Result<ExitCode, Box<dyn Error>> {
    let stage = Stage::set().await?;
    println!("Four processes on one Redis. D has its way there through a proxy. The bound is {BOUND:?}.\n");
    stage.ready().await;
    let mut stalest = Duration::ZERO;
    for act in ACTS {
        stalest = stalest.max(stage.perform(act, share).await?);
    }
    Ok(stage.conclude(stalest).await)
}

impl Stage {
    async fn set() -> Result<Self, Box<dyn Error>> {
        let server = RedisServer::start()?;
        let proxy = Proxy::to(&server)?;
        let database = Database::default();
        let address = database.serve().await?;
        let lines = Arc::new(Mutex::new(vec![Line::default(); NODES]));
        let mut nodes = Vec::new();
        for index in 0..NODES {
            let redis = if index + 1 == NODES { proxy.url() } else { server.url() };
            let mut node = Command::new(std::env::current_exe()?)
                .args(["node", &redis, &address])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .kill_on_drop(true)
                .spawn()?;
            let told = BufReader::new(node.stdout.take().ok_or("a node has no output")?).lines();
            tokio::spawn(listen(index, told, lines.clone()));
            nodes.push(node);
        }
        Ok(Self { server, proxy, database, nodes, lines })
    }

    /// Waits until every node reads and is in sync.
    async fn ready(&self) {
        while !self.lines().iter().all(|line| line.reads > 0 && line.is_in_sync) {
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Returns the stalest answer.
    async fn perform(&self, act: &Act, share: f64) -> Result<Duration, Box<dyn Error>> {
        println!("{}", act.name);
        let (before, queries, began) = (self.begin(), self.queries(), Instant::now());
        self.proxy.reset_counts();
        (act.begin)(&self.server, &self.proxy)?;
        let mut table = Table::default();
        while began.elapsed() < act.lasts.mul_f64(share) {
            sleep(Duration::from_millis(100)).await;
            table.draw(&self.lines(), &before, began.elapsed().as_secs_f64());
        }
        let lost = self.proxy.counts().lost();
        let lines = self.lines();
        (act.end)(&self.server, &self.proxy)?;
        table.leave(&lines, &before, began.elapsed().as_secs_f64());
        let stalest = std::mem::take(&mut self.database.books().stalest);
        println!(
            "  stalest answer {} ms; {lost} messages lost; {} queries to the database\n",
            stalest.as_millis(),
            self.queries() - queries
        );
        Ok(stalest)
    }

    async fn conclude(mut self, stalest: Duration) -> ExitCode {
        self.ready().await;
        let lines = self.lines();
        let (reads, errors) =
            lines.iter().fold((0, 0), |(reads, errors), line| (reads + line.reads, errors + line.errors));
        println!(
            "{reads} reads, {} queries to the database, {errors} errors; the stalest answer was {} ms behind",
            self.queries(),
            stalest.as_millis()
        );
        for node in &mut self.nodes {
            // It ends when it hears that nobody is there.
            drop(node.stdin.take());
            let _ = node.wait().await;
        }
        if errors == 0 && stalest <= BOUND { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    /// How the nodes stand when an act begins. What was slow before is none of its business.
    fn begin(&self) -> Vec<Line> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        for line in &mut *lines {
            line.slowest = Duration::ZERO;
        }
        lines.clone()
    }

    fn lines(&self) -> Vec<Line> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn queries(&self) -> u64 {
        self.database.books().queries
    }
}

async fn listen(
    index: usize,
    mut told: tokio::io::Lines<BufReader<tokio::process::ChildStdout>>,
    lines: Arc<Mutex<Vec<Line>>>,
) {
    while let Ok(Some(text)) = told.next_line().await {
        let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Some(line), Some(place)) = (Line::read(&text), lines.get_mut(index)) {
            *place = Line { slowest: line.slowest.max(place.slowest), ..line };
        }
    }
}
