//! Signals that ask the program to end: Ctrl-C, SIGTERM, SIGHUP.
//!
//! They are heard by a thread, from the first moment on. As long as there is nothing to keep (a model is read or built, a
//! list is printed) the thread ends the program at once. While a run records, it asks the run to stop, which writes its
//! recording to its end. A second signal ends the program at once, but only after a second: `timeout` and the schedulers of
//! clusters signal twice, to the process and to its group.

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bouton::io::recording::Leftover;
use bouton::io::say;

/// How long further signals are taken for the first one.
const AGAIN: Duration = Duration::from_secs(1);

/// Whether the program was asked to end.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    asked: Arc<AtomicBool>,
    signal: AtomicU8,
    phase: Mutex<Phase>,
}

#[derive(Debug)]
enum Phase {
    /// There is nothing to keep, but perhaps something to tidy away.
    Preparing(Option<Leftover>),
    /// A recording has to be brought to its end; when that was asked for first.
    Keeping(Option<Instant>),
}

impl Default for Phase {
    fn default() -> Phase {
        Phase::Preparing(None)
    }
}

impl Stop {
    /// One that no signal reaches.
    pub fn new() -> Stop {
        Stop::default()
    }
    /// Hears the signals of this process from now on. One that was ignored when the program began, as SIGHUP is under
    /// `nohup`, stays ignored.
    pub(crate) fn of_signals() -> Stop {
        let stop = Stop::new();
        stop.hear();
        stop
    }
    /// Whether the run should come to its end.
    pub fn asked(&self) -> bool {
        self.0.asked.load(Ordering::Relaxed)
    }
    /// Asks the run to come to its end, as Ctrl-C does.
    pub fn ask(&self) {
        self.0.signal.store(SIGINT, Ordering::Relaxed);
        self.0.asked.store(true, Ordering::Relaxed);
    }
    /// The code with which a program ends that was stopped: 128 + the signal, as a shell has it.
    pub fn code(&self) -> ExitCode {
        ExitCode::from(128 + self.0.signal.load(Ordering::Relaxed))
    }
    /// From now on there is a recording, which a signal brings to its end.
    pub(crate) fn keep(&self) {
        *self.phase() = Phase::Keeping(None);
    }
    /// What a signal has to remove that comes before there is a recording.
    pub(crate) fn leaving(&self, what: Option<Leftover>) {
        let mut phase = self.phase();
        if let Phase::Preparing(left) = &mut *phase {
            *left = what;
        }
    }
    fn phase(&self) -> MutexGuard<'_, Phase> {
        self.0.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }
    /// A signal has come: whether the program ends now, with these words.
    fn heard(&self, signal: u8, now: Instant) -> Option<String> {
        let name = NAMES.iter().find(|n| n.0 == signal).map_or("a signal", |n| n.1);
        let mut phase = self.phase();
        match &mut *phase {
            Phase::Preparing(left) => {
                if let Some(left) = left {
                    left.remove();
                }
                Some(format!("bouton: stopped by {name} before anything was recorded"))
            }
            Phase::Keeping(first @ None) => {
                *first = Some(now);
                self.0.signal.store(signal, Ordering::Relaxed);
                self.0.asked.store(true, Ordering::Relaxed);
                None
            }
            Phase::Keeping(Some(first)) if now.saturating_duration_since(*first) < AGAIN => None,
            Phase::Keeping(Some(_)) => Some(format!(
                "bouton: ended at once by a second {name}; `bouton recover FOLDER` makes what was recorded whole"
            )),
        }
    }
}

const SIGINT: u8 = 2;

#[cfg(unix)]
const NAMES: [(u8, &str); 3] = [(1, "SIGHUP"), (SIGINT, "Ctrl-C (SIGINT)"), (15, "SIGTERM")];
#[cfg(not(unix))]
const NAMES: [(u8, &str); 2] = [(SIGINT, "Ctrl-C"), (15, "a request to end")];

#[cfg(unix)]
impl Stop {
    fn hear(&self) {
        let signals: Vec<i32> = NAMES.iter().map(|n| i32::from(n.0)).filter(|s| !ignored(*s)).collect();
        // A file that grows over the limit of `ulimit -f` is an error then, as a full disk is, and no end of the program.
        let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::new(AtomicBool::new(false)));
        let Ok(mut signals) = signal_hook::iterator::Signals::new(signals) else { return };
        let stop = self.clone();
        let listen = move || {
            for signal in signals.forever() {
                let signal = u8::try_from(signal).unwrap_or(SIGINT);
                if let Some(words) = stop.heard(signal, Instant::now()) {
                    say(words);
                    std::process::exit(128 + i32::from(signal));
                }
            }
        };
        let _ = std::thread::Builder::new().name("signals".into()).spawn(listen);
    }
}

/// Whether the process was started with this signal ignored. Only Linux says so without unsafe code.
#[cfg(unix)]
fn ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|l| l.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|m| u64::from_str_radix(m.trim(), 16).ok()).unwrap_or(0);
    mask >> (signal - 1) & 1 == 1
}

#[cfg(not(unix))]
impl Stop {
    fn hear(&self) {
        use signal_hook::consts::SIGINT;
        self.0.signal.store(2, Ordering::Relaxed);
        let asked = &self.0.asked;
        let _ = signal_hook::flag::register_conditional_shutdown(SIGINT, 130, asked.clone());
        let _ = signal_hook::flag::register(SIGINT, asked.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_signal_counts_only_after_a_second() {
        let stop = Stop::new();
        let t0 = Instant::now();
        stop.keep();
        assert_eq!(stop.heard(15, t0), None);
        assert!(stop.asked());
        for ms in [0, 2, 50, 999] {
            assert_eq!(stop.heard(15, t0 + Duration::from_millis(ms)), None, "{ms} ms");
        }
        assert!(
            stop.heard(2, t0 + Duration::from_millis(1001)).is_some_and(|w| w.contains("bouton recover"))
        );
        assert_eq!(stop.code(), ExitCode::from(143));
    }

    #[test]
    fn while_there_is_nothing_to_keep_a_signal_ends_the_program() {
        let t = tempfile::tempdir().unwrap();
        let folder = t.path().join("run");
        let lock = bouton::io::recording::FolderLock::take(&folder).unwrap();
        let stop = Stop::new();
        stop.leaving(Some(lock.leftover()));
        assert!(stop.heard(1, Instant::now()).is_some_and(|w| w.contains("SIGHUP")));
        assert!(!folder.exists(), "nothing is left of it");
    }
}
