//! The instances of the service, as the stage sees them.

use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use shop::Outcome;
use shop::counts::Line;
use shop::pace::Pace;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use crate::build::Build;

pub(crate) const INSTANCES: usize = 3;

/// How long an instance may take to begin or to end, on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(30);

/// Three places, each of which has an instance most of the time.
pub(crate) struct Fleet {
    redis: String,
    database: String,
    pace: Pace,
    places: Vec<Instance>,
    counted: Arc<Counted>,
}

/// What all instances have counted: those that ended, and those that run.
#[derive(Debug, Default)]
pub(crate) struct Counted(Mutex<(Line, [Line; INSTANCES])>);

struct Instance {
    process: Child,
    listener: JoinHandle<()>,
}

impl Fleet {
    /// Starts an instance of the build before in each place.
    pub(crate) async fn start(redis: String, database: String, pace: Pace) -> Outcome<Self> {
        let counted = Arc::new(Counted::default());
        let mut fleet = Self { redis, database, pace, places: Vec::new(), counted };
        for place in 0..INSTANCES {
            let instance = fleet.launch(place, Build::Before)?;
            fleet.places.push(instance);
        }
        for place in 0..INSTANCES {
            fleet.ready(place).await?;
        }
        Ok(fleet)
    }

    pub(crate) fn counted(&self) -> Arc<Counted> {
        self.counted.clone()
    }

    /// Ends the instance in a place, and then starts one of another build there.
    pub(crate) async fn replace(&mut self, place: usize, build: Build) -> Outcome<()> {
        let instance = self.places.remove(place);
        self.end(place, instance).await?;
        let instance = self.launch(place, build)?;
        self.places.insert(place, instance);
        self.ready(place).await
    }

    /// Ends all of them.
    pub(crate) async fn stop(mut self) -> Outcome<()> {
        for (place, instance) in std::mem::take(&mut self.places).into_iter().enumerate() {
            self.end(place, instance).await?;
        }
        Ok(())
    }

    fn launch(&self, place: usize, build: Build) -> Outcome<Instance> {
        let mut process = Command::new(build.program()?)
            .args(build.phase())
            .args([&self.redis, &self.database, self.pace.word])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let lines = BufReader::new(process.stdout.take().ok_or("an instance has no output")?).lines();
        let listener = tokio::spawn(listen(place, lines, self.counted.clone()));
        Ok(Instance { process, listener })
    }

    async fn ready(&self, place: usize) -> Outcome<()> {
        let began = Instant::now();
        while self.counted.of(place).reads == 0 {
            if began.elapsed() > PATIENCE {
                return Err("an instance does not begin".into());
            }
            sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    }

    /// It ends when it hears that nobody is there, and has been heard to the end when its output is.
    async fn end(&self, place: usize, mut instance: Instance) -> Outcome<()> {
        drop(instance.process.stdin.take());
        let status = tokio::time::timeout(PATIENCE, instance.process.wait()).await??;
        instance.listener.await?;
        self.counted.retire(place);
        if status.success() { Ok(()) } else { Err(format!("an instance ended with {status}").into()) }
    }
}

impl Counted {
    pub(crate) fn total(&self) -> Line {
        let (retired, running) = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        running.into_iter().fold(retired, Line::plus)
    }

    fn of(&self, place: usize) -> Line {
        let counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counted.1.get(place).copied().unwrap_or_default()
    }

    fn tell(&self, place: usize, line: Line) {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = counted.1.get_mut(place) {
            *running = line;
        }
    }

    /// Keeps what an instance has counted that is no more.
    fn retire(&self, place: usize) {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (retired, running) = &mut *counted;
        if let Some(running) = running.get_mut(place) {
            *retired = retired.plus(std::mem::take(running));
        }
    }
}

async fn listen(place: usize, mut lines: Lines<BufReader<ChildStdout>>, counted: Arc<Counted>) {
    while let Ok(Some(text)) = lines.next_line().await {
        if let Some(line) = Line::read(&text) {
            counted.tell(place, line);
        }
    }
}
