//! Sets the stage, lets things break, and judges.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use larder_core::{Clock, Moment};
use larder_testkit::history::{Verdict, Violation};
use tokio::runtime::{Builder, Runtime};

use crate::Result;
use crate::arguments::{Arguments, Extent};
use crate::contract::{Window, contract, quiet_from};
use crate::database::Database;
use crate::desk::Desk;
use crate::fault::Promise;
use crate::faults;
use crate::fleet::Fleet;
use crate::name::Name;
use crate::pulse::Pulse;
use crate::report::{Report, Run, TOLD};
use crate::scene::Scene;
use crate::schedule::{Injection, Schedule};
use crate::stage::{Stage, Topology};
use crate::wire::Order;

/// How long a fleet may take to be in sync again after everything is well.
const HEALING: Duration = Duration::from_secs(3);

/// When it is given up.
const HOPELESS: Duration = Duration::from_secs(60);

/// How much memory a worker may come to have, in KiB. It needs a tenth.
const MEMORY: u64 = 512 << 10;

/// What servers kept is not used any more if it is older. Most of this time it is older than what writers tell again.
const LONG_AGO: Duration = Duration::from_secs(150);

/// No fault of a quick run lasts longer.
const QUICK: Duration = Duration::from_secs(2);

const LOOK: Duration = Duration::from_millis(5);

/// Performs a run on each topology, and reports.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    println!("seed {}", arguments.seed);
    let folder = folder();
    fs::create_dir_all(&folder)?;
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let pulse = Pulse::start();
    let mut report = Report::new(arguments.clone());
    for topology in &arguments.topologies {
        let conductor = Conductor::new(*topology, arguments, &folder, &runtime, pulse.clone())?;
        report.add(conductor.perform()?);
    }
    report.write(&folder)?;
    println!("{report}");
    Ok(if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Where the report lies, with what the run needs.
fn folder() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    Path::new(&target).join("hostile")
}

/// One run on one topology.
struct Conductor {
    topology: Topology,
    extent: Extent,
    schedule: Schedule,
    clock: Clock,
    began: Moment,
    database: Database,
    desk: Desk,
    /// Goes before the servers do.
    fleet: Fleet,
    stage: Arc<Stage>,
    /// Who took writes when last looked at, and when that was.
    ports: Vec<u16>,
    looked: Moment,
    /// When the servers kept what they had, for one that is to begin with it again.
    kept: Option<Moment>,
}

impl Conductor {
    fn new(
        topology: Topology,
        arguments: &Arguments,
        folder: &Path,
        runtime: &Runtime,
        pulse: Pulse,
    ) -> Result<Self> {
        let mut faults = match arguments.extent {
            Extent::For(_) => faults::on(topology),
            Extent::Quick => faults::handful(topology),
        };
        if let Some(only) = arguments.only.as_deref().and_then(faults::named) {
            faults = if only.on.contains(&topology) { vec![only] } else { Vec::new() };
        }
        let stage = Arc::new(Stage::set(topology, folder)?);
        let database = Database::new();
        let (desk, address) = runtime.block_on(Desk::open(database.clone()))?;
        let fleet = Fleet::new(desk.clone(), address, stage.urls(), pulse, arguments.seed);
        let clock = Clock::precise();
        let extent = match arguments.extent {
            Extent::For(time) => {
                let weights: u32 = arguments.topologies.iter().map(|topology| topology.weight()).sum();
                Extent::For(time * topology.weight() / weights)
            }
            Extent::Quick => Extent::Quick,
        };
        let (schedule, began, ports) = (Schedule::new(arguments.seed, faults), clock.now(), stage.ports()?);
        Ok(Self {
            topology,
            extent,
            schedule,
            clock,
            began,
            database,
            desk,
            fleet,
            stage,
            ports,
            looked: began,
            kept: None,
        })
    }

    fn perform(mut self) -> Result<Run> {
        println!("\n{}", self.topology.text());
        self.fleet.start_all()?;
        self.recover()?;
        thread::sleep(self.topology.bound());
        let mut windows = Vec::new();
        let handful = faults::handful(self.topology).len();
        while let Some(injection) = self.schedule.next() {
            windows.push(self.inject(&injection)?);
            let is_over = match self.extent {
                Extent::For(time) => self.clock.now().since(self.began) > time,
                Extent::Quick => windows.len() == handful,
            };
            if is_over {
                break;
            }
        }
        let quiet = self.quiet()?;
        Ok(self.judge(windows, quiet))
    }

    /// Breaks something, heals it, and waits until the fleet is in sync again.
    fn inject(&mut self, injection: &Injection) -> Result<Window> {
        let longest = if self.extent == Extent::Quick { QUICK } else { Duration::MAX };
        let began = self.clock.now();
        if self.kept.is_none_or(|kept| began.since(kept) > LONG_AGO) {
            self.stage.save()?;
            self.kept = Some(began);
        }
        let stage = self.stage.clone();
        let mut scene = Scene::new(&stage, &mut self.fleet, injection, longest);
        let played = (injection.fault.play)(&mut scene);
        let (notes, chores, promise) = (scene.notes.join("; "), scene.chores, scene.promise);
        let seconds = began.since(self.began).as_secs_f32();
        print!("{seconds:>8.2} s  {:<28} {notes}", injection.fault.name);
        played.inspect_err(|_| println!())?;
        let done = self.clock.now();
        stage.settle()?;
        let healed = self.clock.now();
        let recovery = self.recover()?;
        let in_sync = self.clock.now();
        println!("; in sync after {recovery:.2?}");
        // A quick run is one of many things that a busy machine does, and says what is wrong, not what is slow.
        let patience = if self.extent == Extent::Quick { HEALING * 5 } else { HEALING };
        if recovery > patience {
            self.database
                .complain(format!("{} was healed, and in sync after {recovery:?}", injection.fault.name));
        }
        chores.into_iter().try_for_each(|chore| chore())?;
        let (fault, topology) = (injection.fault, self.topology);
        let mut window = Window { fault, promise, began, done, healed, in_sync, recovery, topology, notes };
        self.rest(&window, injection.pause)?;
        self.notice_changes(&mut window)?;
        Ok(window)
    }

    /// Who watches over servers may replace one though it is well: on a machine that does not let it answer. That is a failover
    /// like any other, at an unknown moment since the last look.
    fn notice_changes(&mut self, window: &mut Window) -> Result<()> {
        self.stage.settle()?;
        let ports = self.stage.ports()?;
        let before = std::mem::replace(&mut self.ports, ports);
        let since = std::mem::replace(&mut self.looked, self.clock.now());
        if before != self.ports && !window.fault.changes_masters {
            println!(
                "{:>8.2} s  a master was replaced by itself",
                self.looked.since(self.began).as_secs_f32()
            );
            window.promise = window.promise.max(Promise::UntilToldAgain);
            (window.began, window.done) = (since, self.looked);
            self.recover()?;
            window.in_sync = self.clock.now();
            self.rest(window, Duration::ZERO)?;
        }
        Ok(())
    }

    /// Returns how long the fleet took to be in sync again, while everybody was let run.
    fn recover(&mut self) -> Result<Duration> {
        let (watch, since) = (self.fleet.watch(), self.clock.now());
        while !self.fleet.is_in_sync(since) {
            self.fleet.check()?;
            if self.clock.now().since(since) > HOPELESS {
                return Err(format!("not in sync: {}", self.fleet.describe()).into());
            }
            thread::sleep(LOOK);
        }
        Ok(self.fleet.awake_since(watch))
    }

    /// Lets all be well for a time. Where a server may have forgotten something, until it was told again: the next fault
    /// must not keep anybody from it.
    fn rest(&mut self, window: &Window, pause: Duration) -> Result<()> {
        let until = match window.promise {
            Promise::Bound => self.clock.now(),
            Promise::UntilToldAgain | Promise::UntilFoundOut => window.end(),
        };
        thread::sleep(until.since(self.clock.now()) + pause);
        self.fleet.check()
    }

    /// Has everybody write no more, and read everything once more when nothing is under way. Returns when the last write
    /// was.
    fn quiet(&mut self) -> Result<Moment> {
        self.fleet.order_all(Order::Quiet);
        thread::sleep(self.topology.bound());
        self.recover()?;
        let quiet = self.clock.now();
        thread::sleep(self.topology.bound() * 2);
        self.fleet.order_all(Order::Sweep);
        self.fleet.swept()?;
        (0..crate::fleet::WORKERS).try_for_each(|place| self.fleet.dismiss(place))?;
        Ok(quiet)
    }

    fn judge(self, windows: Vec<Window>, quiet: Moment) -> Run {
        let (memory, history) = (self.desk.most_memory(), self.database.history(&windows));
        if memory > MEMORY {
            self.database.complain(format!("a worker had {memory} KiB of memory"));
        }
        let quiet_from = quiet_from(self.topology, &history, quiet);
        let is_reached = |name: &str| windows.iter().any(|window| window.fault.name == name);
        let unreached = self.schedule.names().filter(|name| !is_reached(name)).collect();
        let verdict = history.judge(&contract(self.topology, &windows, quiet_from));
        Run {
            topology: self.topology,
            began: self.began,
            unreached,
            windows,
            circumstances: self.circumstances(&verdict),
            verdict,
            wrong: self.database.wrong(),
            slow: self.database.slow(),
            reads: history.reads().len(),
            writes: history.writes().len(),
            memory,
            deferred: self.desk.most_deferred(),
        }
    }

    /// What else happened to the key shortly before each of the first violations.
    fn circumstances(&self, verdict: &Verdict<Name>) -> Vec<Vec<String>> {
        const BEFORE: Duration = Duration::from_millis(400);
        let around = |violation: &Violation<Name>| {
            let read = violation.read();
            let time = read.began().before(BEFORE)..read.ended().after(Duration::from_millis(1));
            self.database.around(*read.key(), read.node(), &time)
        };
        verdict.violations().iter().take(TOLD).map(around).collect()
    }
}
