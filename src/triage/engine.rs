//! Answers names with rows: several at a time, in the order of the input, none left unanswered.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};

use crate::triage::Row;

/// What answers one name with its rows. One per thread.
pub trait Worker: Send {
    /// The rows of a name; at least one.
    fn answer(&mut self, name: &Path) -> Vec<Row>;
}

impl Worker for Box<dyn Worker + '_> {
    fn answer(&mut self, name: &Path) -> Vec<Row> {
        (**self).answer(name)
    }
}

/// Something to be answered.
#[derive(Debug)]
pub struct Job {
    /// The name.
    pub name: PathBuf,
    /// Size and modification time when the name was taken, where they are asked for.
    pub stamp: Option<Stamp>,
    /// Its rows, when they are known already.
    pub rows: Option<Vec<Row>>,
}

/// What tells whether a file is still the one that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// Bytes.
    pub size: u64,
    /// Nanoseconds since 1970.
    pub modified_ns: u64,
}

impl Job {
    /// A name to be answered.
    pub fn new(name: PathBuf) -> Self {
        Self { name, stamp: None, rows: None }
    }
}

/// Names worked on or waiting to be written at a time: bounds memory when one capture takes long.
const WINDOW: u64 = 4096;

/// Rows waiting to be written after which only the next name in order is worked on.
const WAITING: usize = 65_536;

/// Takes jobs from `jobs`, answers them with `workers`, and hands the rows to `sink` in the order of the jobs. Stops early when
/// `stop` is set or `sink` returns false; then what was handed out is whole. Returns whether every job was answered.
pub fn run<W: Worker>(
    jobs: impl Iterator<Item = Job> + Send,
    workers: Vec<W>,
    stop: &AtomicBool,
    mut sink: impl FnMut(Job) -> bool,
) -> bool {
    let shared =
        Shared { jobs: Mutex::new((jobs, 0)), done: Mutex::new(Done::default()), changed: Condvar::new() };
    std::thread::scope(|scope| {
        let count = workers.len();
        for worker in workers {
            let shared = &shared;
            scope.spawn(move || shared.work(worker, stop));
        }
        shared.collect(count, stop, &mut sink)
    })
}

struct Shared<I> {
    /// The jobs, and the number of the next one.
    jobs: Mutex<(I, u64)>,
    done: Mutex<Done>,
    changed: Condvar,
}

#[derive(Default)]
struct Done {
    jobs: BTreeMap<u64, Job>,
    /// Rows in them.
    rows: usize,
    /// Number of the next job to be handed to the sink.
    next: u64,
    /// Threads that ended.
    ended: usize,
}

impl Done {
    /// Whether job `number` has to wait for those before it to be written.
    fn is_full(&self, number: u64) -> bool {
        number >= self.next + WINDOW || (self.rows > WAITING && number > self.next)
    }
}

impl<I: Iterator<Item = Job>> Shared<I> {
    fn work<W: Worker>(&self, mut worker: W, stop: &AtomicBool) {
        while !stop.load(Ordering::Relaxed) {
            let taken = {
                let mut jobs = lock(&self.jobs);
                let number = jobs.1;
                jobs.0.next().map(|job| {
                    jobs.1 += 1;
                    (number, job)
                })
            };
            let Some((number, mut job)) = taken else { break };
            let mut done = lock(&self.done);
            while done.is_full(number) && !stop.load(Ordering::Relaxed) {
                done = self.changed.wait(done).unwrap_or_else(PoisonError::into_inner);
            }
            drop(done);
            let rows = job.rows.get_or_insert_with(|| worker.answer(&job.name)).len();
            let mut done = lock(&self.done);
            done.rows += rows;
            done.jobs.insert(number, job);
            self.changed.notify_all();
        }
        lock(&self.done).ended += 1;
        self.changed.notify_all();
    }

    fn collect(&self, threads: usize, stop: &AtomicBool, sink: &mut impl FnMut(Job) -> bool) -> bool {
        let mut done = lock(&self.done);
        loop {
            let next = done.next;
            if let Some(job) = done.jobs.remove(&next) {
                done.rows -= job.rows.as_ref().map_or(0, Vec::len);
                drop(done);
                if stop.load(Ordering::Relaxed) || !sink(job) {
                    stop.store(true, Ordering::Relaxed);
                    self.changed.notify_all();
                    return false;
                }
                done = lock(&self.done);
                done.next += 1;
                self.changed.notify_all();
            } else if done.ended == threads {
                return done.jobs.is_empty() && !stop.load(Ordering::Relaxed);
            } else {
                let waited = self.changed.wait_timeout(done, std::time::Duration::from_millis(200));
                done = waited.unwrap_or_else(PoisonError::into_inner).0;
                if stop.load(Ordering::Relaxed) {
                    return false;
                }
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::triage::Status;

    struct Slow;

    impl Worker for Slow {
        fn answer(&mut self, name: &Path) -> Vec<Row> {
            let text = name.display().to_string();
            if text.ends_with('0') {
                std::thread::sleep(std::time::Duration::from_millis(3));
            }
            vec![Row::named(text, Status::Ok)]
        }
    }

    #[test]
    fn rows_come_in_the_order_of_the_names_with_any_number_of_threads() {
        let names: Vec<String> = (0..200).map(|i| format!("n{i}")).collect();
        for threads in [1, 2, 8] {
            let jobs = names.iter().map(|name| Job::new(PathBuf::from(name)));
            let mut seen = Vec::new();
            let workers = (0..threads).map(|_| Slow).collect();
            let all = run(jobs, workers, &AtomicBool::new(false), |job| {
                seen.extend(job.rows.into_iter().flatten().map(|row| row.path));
                true
            });
            assert!(all);
            assert_eq!(seen, names);
        }
    }

    #[test]
    fn a_sink_that_has_enough_ends_the_run() {
        let jobs = (0..1000).map(|i| Job::new(PathBuf::from(format!("n{i}"))));
        let mut count = 0;
        let all = run(jobs, vec![Slow, Slow], &AtomicBool::new(false), |_| {
            count += 1;
            count < 10
        });
        assert!(!all);
        assert_eq!(count, 10);
    }
}
