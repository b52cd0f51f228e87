//! The processes of the service.

use std::process::{Child, Command};
use std::thread;
use std::time::Duration;
use std::{env, fs};

use larder_core::{Clock, Moment};
use rustix::process::{Pid, Signal, kill_process};

use crate::Result;
use crate::desk::Desk;
use crate::pulse::Pulse;
use crate::wire::Order;

/// How many processes there are.
pub(crate) const WORKERS: usize = 3;

/// How long a process may take to start, or to end, on a machine that has much else to do.
const PATIENCE: Duration = Duration::from_secs(60);

const LOOK: Duration = Duration::from_millis(10);

/// Three workers, each in a place of its own. Whoever takes a place has a new number: it has no memory of the last one.
#[derive(Debug)]
pub(crate) struct Fleet {
    desk: Desk,
    address: String,
    /// The way to the servers from each place.
    urls: Vec<String>,
    workers: Vec<Option<Worker>>,
    next: usize,
    schema: u16,
    clock: Clock,
    pulse: Pulse,
    seed: u64,
}

#[derive(Debug)]
struct Worker {
    node: usize,
    process: Child,
}

/// How long something took, and how long of that the machine had better things to do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Watch {
    began: Moment,
    lost: Duration,
}

impl Fleet {
    /// One without workers.
    pub(crate) fn new(desk: Desk, address: String, urls: Vec<String>, pulse: Pulse, seed: u64) -> Self {
        let workers = urls.iter().map(|_| None).collect();
        Self { desk, address, urls, workers, next: 0, schema: 1, clock: Clock::precise(), pulse, seed }
    }

    /// Starts a worker in an empty place, and waits until it says something.
    pub(crate) fn start(&mut self, place: usize) -> Result<()> {
        self.launch(place)?;
        self.greeted(place)
    }

    /// Starts one in every place.
    pub(crate) fn start_all(&mut self) -> Result<()> {
        (0..WORKERS).try_for_each(|place| self.launch(place))?;
        (0..WORKERS).try_for_each(|place| self.greeted(place))
    }

    fn launch(&mut self, place: usize) -> Result<()> {
        let node = self.next;
        self.next += 1;
        let url = self.urls.get(place).ok_or("there is no such place")?;
        // What each of them asks for follows from the seed, too.
        let seed = self.seed.wrapping_add(u64::try_from(node)?);
        let process = Command::new(env::current_exe()?)
            .arg("worker")
            .args([&node.to_string(), &place.to_string(), url, &self.address])
            .args([&self.schema.to_string(), &seed.to_string()])
            .spawn()?;
        *self.worker(place)? = Some(Worker { node, process });
        Ok(())
    }

    fn greeted(&self, place: usize) -> Result<()> {
        let node = self.node(place).ok_or("nobody was started there")?;
        self.wait(|| self.desk.state(node).is_some_and(|state| state.at > 0), "a worker says something")
    }

    /// Kills a worker at once.
    pub(crate) fn kill(&mut self, place: usize) -> Result<()> {
        if let Some(mut worker) = self.worker(place)?.take() {
            worker.process.kill()?;
            worker.process.wait()?;
        }
        Ok(())
    }

    /// Has a worker end in order.
    pub(crate) fn dismiss(&mut self, place: usize) -> Result<()> {
        self.order(place, Order::Leave);
        self.ended(place)
    }

    /// Waits until a worker has ended by itself.
    pub(crate) fn ended(&mut self, place: usize) -> Result<()> {
        let began = self.clock.now();
        loop {
            let ended = match self.worker(place)? {
                Some(worker) => worker.process.try_wait()?.is_some(),
                None => true,
            };
            if ended {
                *self.worker(place)? = None;
                return Ok(());
            }
            if self.clock.now().since(began) > PATIENCE {
                return Err("waited in vain: a worker ends".into());
            }
            thread::sleep(LOOK);
        }
    }

    /// Waits until a worker stands still by itself.
    pub(crate) fn stopped(&self, place: usize) -> Result<()> {
        let worker = self.workers.get(place).and_then(Option::as_ref).ok_or("nobody was started there")?;
        let file = format!("/proc/{}/stat", worker.process.id());
        // The state is the first letter behind the name, which is in brackets.
        let is_stopped = || {
            let stat = fs::read_to_string(&file).unwrap_or_default();
            stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('T'))
        };
        self.wait(is_stopped, "a worker stands still")
    }

    /// Stops a worker in the middle of whatever it does.
    pub(crate) fn stop(&self, place: usize) -> Result<()> {
        self.signal(place, Signal::STOP)
    }

    /// Lets it go on.
    pub(crate) fn resume(&self, place: usize) -> Result<()> {
        self.signal(place, Signal::CONT)
    }

    /// Tells a worker something.
    pub(crate) fn order(&self, place: usize, order: Order) {
        if let Some(node) = self.node(place) {
            self.desk.order(node, order);
        }
    }

    pub(crate) fn order_all(&self, order: Order) {
        (0..WORKERS).for_each(|place| self.order(place, order));
    }

    /// Sets under which version of the schema the next workers write values down.
    pub(crate) fn deploy(&mut self, schema: u16) {
        self.schema = schema;
    }

    /// Fails if a worker is gone whom nobody has ended.
    pub(crate) fn check(&mut self) -> Result<()> {
        for worker in self.workers.iter_mut().flatten() {
            if let Some(status) = worker.process.try_wait()? {
                return Err(format!("worker {} is gone: {status}", worker.node).into());
            }
        }
        Ok(())
    }

    /// Whether everyone said after `since` that it hears of everything, and has told all that it had to tell.
    pub(crate) fn is_in_sync(&self, since: Moment) -> bool {
        (0..WORKERS).all(|place| {
            let state = self.node(place).and_then(|node| self.desk.state(node));
            state.is_some_and(|state| state.at > since.as_nanos() && state.is_in_sync && state.deferred == 0)
        })
    }

    /// What everybody says of itself.
    pub(crate) fn describe(&self) -> String {
        let states: Vec<String> = (0..WORKERS)
            .filter_map(|place| self.node(place))
            .map(|node| format!("worker {node}: {:?}", self.desk.state(node)))
            .collect();
        states.join("; ")
    }

    /// Waits until everybody has read everything once more.
    pub(crate) fn swept(&self) -> Result<()> {
        let nodes: Vec<usize> = (0..WORKERS).filter_map(|place| self.node(place)).collect();
        self.wait(|| nodes.iter().all(|node| self.desk.has_swept(*node)), "everybody has read everything")
    }

    pub(crate) fn watch(&self) -> Watch {
        Watch { began: self.clock.now(), lost: self.lost() }
    }

    /// For how long since then everybody was let run.
    pub(crate) fn awake_since(&self, watch: Watch) -> Duration {
        self.clock.now().since(watch.began).saturating_sub(self.lost().saturating_sub(watch.lost))
    }

    /// The conductor and the workers wait for each other, so what each of them lost adds up.
    fn lost(&self) -> Duration {
        let nodes = (0..WORKERS).filter_map(|place| self.node(place));
        let lost =
            nodes.filter_map(|node| self.desk.state(node)).map(|state| Duration::from_nanos(state.lost));
        self.pulse.lost() + lost.max().unwrap_or_default()
    }

    fn wait(&self, is_done: impl Fn() -> bool, awaited: &str) -> Result<()> {
        let began = self.clock.now();
        while !is_done() {
            if self.clock.now().since(began) > PATIENCE {
                return Err(format!("waited in vain: {awaited}; {}", self.describe()).into());
            }
            thread::sleep(LOOK);
        }
        Ok(())
    }

    fn signal(&self, place: usize, signal: Signal) -> Result<()> {
        if let Some(Some(worker)) = self.workers.get(place) {
            kill_process(Pid::from_child(&worker.process), signal)?;
        }
        Ok(())
    }

    fn node(&self, place: usize) -> Option<usize> {
        self.workers.get(place)?.as_ref().map(|worker| worker.node)
    }

    fn worker(&mut self, place: usize) -> Result<&mut Option<Worker>> {
        self.workers.get_mut(place).ok_or_else(|| "there is no such place".into())
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        for place in 0..WORKERS {
            // Whoever is gone already need not be killed.
            _ = self.kill(place);
        }
    }
}
