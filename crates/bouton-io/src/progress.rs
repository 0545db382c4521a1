//! A progress bar for runs: how far, how fast, how long still.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

fn target(quiet: bool) -> ProgressDrawTarget {
    if quiet || !std::io::stderr().is_terminal() {
        ProgressDrawTarget::hidden()
    } else {
        ProgressDrawTarget::stderr_with_hz(10)
    }
}

/// A bar on standard error that shows simulated time, speed and the time that is left.
///
/// Silent when standard error is not a terminal or when quiet is asked for: logs and pipes get nothing.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    steps: u64,
    dt: f64,
    first: u64,
    started: Instant,
}

impl Progress {
    /// A bar for a run of `steps` steps of `dt` seconds.
    pub fn new(steps: u64, dt: f64, quiet: bool) -> Self {
        Self::with_target(steps, dt, target(quiet))
    }

    fn with_target(steps: u64, dt: f64, target: ProgressDrawTarget) -> Self {
        let bar = ProgressBar::with_draw_target(Some(steps), target);
        // A template of ours that does not parse would be a bug; the default style is good enough then.
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {percent:>3} %  {msg}  {eta} left") {
            bar.set_style(style.progress_chars("━╸ "));
        }
        Self { bar, steps, dt, first: 0, started: Instant::now() }
    }

    /// Starts the clock at this step: a run that goes on from a checkpoint was not that fast.
    pub fn start_at(&mut self, step: u64) {
        self.first = step;
        self.started = Instant::now();
        self.bar.set_position(step.min(self.steps));
        self.bar.reset_eta();
    }

    /// Shows that `step` steps are done.
    pub fn set(&self, step: u64) {
        // Formatting costs more than a small model's step.
        if self.bar.is_hidden() {
            return;
        }
        self.bar.set_message(message(step, self.first, self.steps, self.dt, self.started.elapsed()));
        self.bar.set_position(step);
    }

    /// Writes a line above the bar, or simply to standard error where there is no bar.
    pub fn note(&self, line: &str) {
        self.bar.suspend(|| crate::say(line));
    }

    /// Removes the bar.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// A word on standard error while something goes on of which nobody knows how long it takes, such as the building of a model;
/// with the seconds so far. Gone when it is dropped, and silent where [`Progress`] is.
#[derive(Debug)]
pub struct Spinner(ProgressBar);

impl Spinner {
    /// Shows what is done now.
    pub fn new(what: &str, quiet: bool) -> Spinner {
        let mut bar = ProgressBar::with_draw_target(None, target(quiet));
        if !bar.is_hidden() {
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}  {elapsed}") {
                bar = bar.with_style(style);
            }
            bar.set_message(what.to_owned());
            bar.enable_steady_tick(Duration::from_millis(100));
        }
        Spinner(bar)
    }

    /// Shows what is done by now, in place of what was shown.
    pub fn tell(&self, what: &str) {
        self.0.set_message(what.to_owned());
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

impl Drop for Progress {
    /// A run that ends early (an error, Ctrl-C) leaves no half bar behind.
    fn drop(&mut self) {
        if !self.bar.is_finished() {
            self.bar.finish_and_clear();
        }
    }
}

/// `12.3 of 90.0 s  4.1× real time`.
fn message(step: u64, first: u64, steps: u64, dt: f64, elapsed: Duration) -> String {
    let (done, all) = (step as f64 * dt, steps as f64 * dt);
    let decimals = if all >= 10.0 { 1 } else { 3 };
    let speed = step.saturating_sub(first) as f64 * dt / elapsed.as_secs_f64().max(1e-9);
    let digits = if speed >= 10.0 { 0 } else { 2 };
    format!("{done:.decimals$} of {all:.decimals$} s  {speed:.digits$}× real time")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_counts_from_where_the_run_began() {
        let text = message(50_000, 40_000, 90_000, 1e-3, Duration::from_secs(4));
        assert_eq!(text, "50.0 of 90.0 s  2.50× real time");
        assert_eq!(message(0, 0, 500, 1e-3, Duration::ZERO), "0.000 of 0.500 s  0.00× real time");
        assert_eq!(message(500, 0, 500, 1e-3, Duration::from_millis(1)), "0.500 of 0.500 s  500× real time");
    }

    #[test]
    fn a_quiet_bar_does_nothing() {
        let mut p = Progress::new(10, 1e-3, true);
        p.start_at(3);
        p.set(5);
        p.set(50);
        assert!(p.bar.is_hidden());
        p.finish();
    }
}
