//! What a run records: series and events of probes, devices, a line of statistics each.

use bouton::engine::Events;
use bouton::io;
use bouton::io::recording::{EventsSpec, ProbeSpec, SeriesSpec, Sink};
use bouton::io::say;
use bouton::io::table::{Table, significant};
use bouton::model::{Network, Norm, ProbeId, Target};
use bouton::prelude::{Devices, Recorded, Simulator};
use serde_json::json;

use crate::seen::LINES;

/// Statistics of what a probe recorded, over the whole run.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Stats {
    rows: usize,
    count: f64,
    sum: f64,
    squares: f64,
    low: f64,
    high: f64,
}

impl Stats {
    fn add(&mut self, values: &[f64], rows: usize) {
        self.rows += rows;
        for v in values {
            if self.count == 0.0 {
                (self.low, self.high) = (*v, *v);
            }
            self.count += 1.0;
            self.sum += v;
            self.squares += v * v;
            (self.low, self.high) = (self.low.min(*v), self.high.max(*v));
        }
    }
    /// For a manifest, from which a run goes on to the same bits.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        // JSON has no infinity, which the squares of large numbers may come to.
        let number = |x: f64| if x.is_finite() { json!(x) } else { json!(x.to_string()) };
        json!({
            "samples": self.rows, "numbers": number(self.count), "sum": number(self.sum),
            "squares": number(self.squares), "lowest": number(self.low), "highest": number(self.high),
        })
    }
    /// What [`to_json`](Stats::to_json) has written.
    pub(crate) fn from_json(v: &serde_json::Value) -> Option<Stats> {
        let number = |key: &str| v[key].as_f64().or_else(|| v[key].as_str()?.parse().ok());
        Some(Stats {
            rows: usize::try_from(v["samples"].as_u64()?).ok()?,
            count: number("numbers")?,
            sum: number("sum")?,
            squares: number("squares")?,
            low: number("lowest")?,
            high: number("highest")?,
        })
    }
    /// The same of what is kept without its zeros.
    fn add_events(&mut self, e: &Events) {
        let zeros = e.steps.len() * e.width - e.events.len();
        let values: Vec<f64> = e.events.iter().map(|x| x.value).collect();
        // One zero stands for all: they count, and add nothing.
        self.add(&values, e.steps.len());
        if zeros > 0 {
            self.add(&[0.0], 0);
            self.count += zeros as f64 - 1.0;
        }
    }
}

/// Opens a series or a list of events for each probe.
pub(crate) fn open(sink: &mut dyn Sink, sim: &Simulator) -> io::Result<()> {
    let net = sim.network();
    let one = |p: ProbeId| {
        let (rows, cols) = sim.probe_shape(p).unwrap_or_default();
        let path = net.probe_path(p);
        if is_spikes(net, p) {
            ProbeSpec::Events(EventsSpec::new(path, rows as u32, sim.dt()))
        } else {
            let shape = if is_matrix(net, p) { vec![rows, cols] } else { vec![rows * cols] };
            ProbeSpec::Series(SeriesSpec::with_shape(path, unit(net, p), &shape))
        }
    };
    sink.open_all(net.probes().map(one).collect())
}

/// Whether a probe records matrices, of whatever shape: 1 × n and n × 1 keep their two dimensions.
fn is_matrix(net: &Network, p: ProbeId) -> bool {
    net.get_probe(p).is_some_and(|p| {
        p.norm == Norm::None
            && matches!(
                p.target,
                Target::Weights(_) | Target::ScaledEncoders(_) | Target::RuleDelta(_) | Target::Devices(..)
            )
    })
}

/// Gains as they were found, for a person.
pub(crate) fn device_notes(sim: &Simulator) {
    for (path, d, needed) in arrays(sim) {
        let count = d.sides().len() * d.shape().0 * d.shape().1;
        let gain = significant(d.gain(), 4);
        say(format_args!(
            "note: `{path}`: {count} devices, gain {gain}; the weights that it needs have rms {}",
            significant(needed, 3)
        ));
    }
}

/// Connections of devices: path, devices, rms of the weights that a solver would put in their place.
pub(crate) fn arrays(sim: &Simulator) -> impl Iterator<Item = (String, Devices<'_>, f64)> {
    let net = sim.network();
    net.connections().filter_map(move |c| {
        let d = sim.devices(c).ok()?;
        let needed = sim.built().needed.get(c.index()).copied().flatten().unwrap_or(f64::NAN);
        Some((net.connection_path(c), d, needed))
    })
}

/// The same for the manifest, with the pulses so far.
pub(crate) fn devices(sim: &Simulator) -> serde_json::Value {
    let one = |(path, d, needed): (String, Devices<'_>, f64)| {
        json!({
            "connection": path, "shape": [d.shape().0, d.shape().1], "devices_per_synapse": d.sides().len(),
            "gain": d.gain(), "needed_weight_rms": needed, "dead_devices": d.dead(), "pulses": d.pulses(),
        })
    };
    arrays(sim).map(one).collect()
}

pub(crate) fn is_spikes(net: &Network, p: ProbeId) -> bool {
    net.get_probe(p).is_some_and(|p| match &p.target {
        // As events only what is one spike or none: several spikes a step have a height.
        Target::Spikes(e) => {
            p.synapse.is_none()
                && p.norm == Norm::None
                && p.sample_every.is_none()
                && net.get_ensemble(*e).is_some_and(|e| e.neuron_type.name() == "lif")
        }
        _ => false,
    })
}

fn unit(net: &Network, p: ProbeId) -> &'static str {
    use bouton::model::DeviceQuantity as Q;
    match net.get_probe(p).map(|p| &p.target) {
        Some(Target::Spikes(_)) => "Hz",
        Some(Target::Devices(_, _, Q::Resistance)) => "Ohm",
        Some(Target::Devices(_, _, Q::Conductance)) => "S",
        _ => "",
    }
}

pub(crate) fn write(
    sink: &mut dyn Sink,
    sim: &mut Simulator,
    p: ProbeId,
    stats: &mut Stats,
) -> io::Result<()> {
    let (path, events) = (sim.network().probe_path(p), is_spikes(sim.network(), p));
    let Ok(s) = sim.take(p) else { return Ok(()) };
    let s = match s {
        Recorded::Events(e) if events => {
            stats.add_events(&e);
            let (steps, neurons): (Vec<u64>, Vec<u32>) =
                e.events.iter().map(|x| (e.steps[x.row as usize], x.column)).unzip();
            return sink.append_events(&path, &steps, &neurons);
        }
        other => other.into_samples(),
    };
    stats.add(&s.values, s.rows());
    let times: Vec<f64> = s.steps.iter().map(|k| *k as f64 * sim.dt()).collect();
    sink.append_series(&path, &times, &s.values)
}

pub(crate) fn summary(net: &Network, probes: &[ProbeId], stats: &[Stats]) -> Table {
    let mut t = Table::new(["probe", "samples", "width", "mean", "rms", "lowest", "highest"]);
    for (p, s) in probes.iter().zip(stats).take(LINES) {
        let n = s.count.max(1.0);
        if s.rows == 0 {
            // Nothing was sampled: no number would be true.
            t.push([&net.probe_path(*p), "0", "–", "–", "–", "–", "–"]);
            continue;
        }
        t.push([
            net.probe_path(*p),
            s.rows.to_string(),
            (s.count as usize).checked_div(s.rows).unwrap_or(0).to_string(),
            significant(s.sum / n, 4),
            significant((s.squares / n).sqrt(), 4),
            significant(s.low, 4),
            significant(s.high, 4),
        ]);
    }
    t.more_of(probes.len());
    t
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_go_through_a_manifest_to_the_bit() {
        let mut s = Stats::default();
        s.add(&[0.1, -1e200, 0.3, -0.0], 2);
        assert!(s.squares.is_infinite());
        for s in [Stats::default(), s] {
            let text = s.to_json().to_string();
            assert_eq!(Stats::from_json(&serde_json::from_str(&text).unwrap()), Some(s), "{text}");
        }
        assert_eq!(Stats::from_json(&json!({ "samples": 1 })), None);
    }
}
