//! How much a run will write, told before it begins.

use bouton::io::say;
use bouton::model::{Network, ProbeId};
use bouton::prelude::Simulator;

use crate::record;

/// From here on it is told without being asked for (bytes).
const TOLD: f64 = 100e6;
/// Spikes of a neuron in a second, for want of knowing.
const RATE: f64 = 50.0;

/// What a run writes, in bytes.
#[derive(Clone, Debug)]
pub(crate) struct Volume {
    /// By probe: arrays, text.
    probes: Vec<(String, f64, f64)>,
    csv: bool,
}

impl Volume {
    /// Of a run from where it stands to step `total`.
    pub(crate) fn of(sim: &Simulator, total: u64, csv: bool) -> Volume {
        let net = sim.network();
        let steps = total.saturating_sub(sim.n_steps()) as f64;
        let probes = net.probes().map(|p| {
            let (arrays, text) = bytes(net, sim, p, steps);
            (net.probe_path(p), arrays, text)
        });
        Volume { probes: probes.collect(), csv }
    }
    fn arrays(&self) -> f64 {
        self.probes.iter().map(|p| p.1).sum()
    }
    fn text(&self) -> f64 {
        if self.csv { self.probes.iter().map(|p| p.2).sum() } else { 0.0 }
    }
    /// How much in all, and of what.
    pub(crate) fn words(&self) -> String {
        let all = self.arrays() + self.text();
        let mut words = format!("about {}", size(all));
        let of = |p: &(String, f64, f64)| p.1 + if self.csv { p.2 } else { 0.0 };
        let largest = self.probes.iter().max_by(|a, b| of(a).total_cmp(&of(b)));
        if let Some(p) = largest.filter(|_| self.probes.len() > 1 && all > 0.0) {
            words += &format!(", {} of it by the probe `{}`", size(of(p)), p.0);
        }
        if self.csv && all > TOLD {
            words += &format!("; with `--no-csv` {}, with a `sample_every` less", size(self.arrays()));
        } else if all > TOLD {
            words += "; with a `sample_every` less";
        }
        words
    }
    /// Tells it, if it is much.
    pub(crate) fn tell(&self) {
        if self.arrays() + self.text() > TOLD {
            say(format_args!("note: the recording will take {}", self.words()));
        }
    }
}

/// Arrays and text of a probe.
fn bytes(net: &Network, sim: &Simulator, p: ProbeId, steps: f64) -> (f64, f64) {
    let (rows, cols) = sim.probe_shape(p).unwrap_or_default();
    if record::is_spikes(net, p) {
        let spikes = rows as f64 * RATE * steps * sim.dt();
        return (spikes * 12.0, spikes * 16.0);
    }
    let mut every = net.get_probe(p).and_then(|p| p.sample_every).map_or(1.0, |s| (s / sim.dt()).max(1.0));
    if let Some(at) = net.get_probe(p).filter(|p| p.at_spikes).and_then(|p| p.elements.as_ref()) {
        // Spikes of two neurons of each synapse.
        every = (1.0 / (2.0 * RATE * sim.dt() * at.len() as f64)).max(1.0);
    }
    let (samples, width) = ((steps / every).floor(), (rows * cols) as f64);
    // A number in text has 17 digits as a rule, a sign, a point and perhaps an exponent; a time has few.
    (samples * (width + 1.0) * 8.0, samples * (width * 20.0 + 7.0))
}

/// Bytes for a person.
fn size(bytes: f64) -> String {
    let (unit, by) = match bytes {
        b if b >= 1e12 => ("TB", 1e12),
        b if b >= 1e9 => ("GB", 1e9),
        b if b >= 1e6 => ("MB", 1e6),
        _ => ("kB", 1e3),
    };
    let x = bytes / by;
    if x >= 9.95 { format!("{x:.0} {unit}") } else { format!("{x:.1} {unit}") }
}
