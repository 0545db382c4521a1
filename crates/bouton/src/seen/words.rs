//! What is said of what was seen.

use bouton_io::table::significant;

use super::Seen;
use crate::Simulator;

/// Input beyond this, in units of the radius, is told.
const BEYOND: f64 = 1.5;
/// An error that grows by more than this factor is told.
const GROWS: f64 = 1.5;
/// Digits of numbers.
const DIGITS: usize = 3;

impl Seen {
    /// What looks at fault, a sentence each: see [`Simulator::check`].
    pub fn words(&self, sim: &Simulator) -> Vec<String> {
        let mut all = self.certain();
        for p in self.populations.iter().filter(|p| p.reaches() <= BEYOND) {
            if self.rates(p).is_some_and(|r| r.iter().all(|r| *r == 0.0)) {
                let looked = significant(self.looked(sim.dt()), 2);
                all.push(format!(
                    "`{}`: none of its {} neurons has fired in the {looked} s that were looked at",
                    p.path,
                    p.neurons()
                ));
            }
        }
        for r in &self.rules {
            let (start, end) = self.errors(r);
            if sim.devices(r.connection).is_ok_and(|d| d.pulses() == 0) && start.is_some_and(|e| e > 0.0) {
                all.push(format!("`{}`: not one pulse: its gate never opens", r.path));
            } else if let (Some(start), Some(end)) = (start, end)
                && end > GROWS * start
            {
                let (start, end) = (significant(start, DIGITS), significant(end, DIGITS));
                all.push(format!("`{}`: its error grows, from {start} to {end}", r.path));
            }
        }
        all
    }

    /// Of what [`Simulator::check`] says the sentences that nothing later in the run takes back: to be told while it goes on.
    pub fn certain(&self) -> Vec<String> {
        let far = self.populations.iter().filter(|p| p.reaches() > BEYOND);
        far.map(|p| {
            let by = significant(p.reaches(), 2);
            format!("`{}` is given up to {by} times its radius: beyond that nothing is decoded", p.path)
        })
        .collect()
    }
}
