//! Probes: what they record becomes a signal.

use std::sync::Arc;

use bouton_core::{Error, Slice};
use bouton_engine::{Draws, Op, Operand, Role, SignalId};
use bouton_model::{DeviceQuantity, End, EnsembleId, Network, Norm, Object, Probe, ProbeId, Target};
use bouton_random::RandomState;

use super::{Builder, BuiltEnsemble, ConnectionSignals, EnsembleSignals, Seeds, decoders};

/// What a probe records.
#[derive(Clone, Debug)]
pub struct ProbeSource {
    /// The signal.
    pub signal: SignalId,
    /// Rows of it; all if `None`.
    pub rows: Option<Vec<usize>>,
    /// Single elements in place of rows, by their positions row by row.
    pub elements: Option<Vec<usize>>,
    /// Neurons of which one has to spike in a step that is sampled: their outputs, and which of them. Empty: every step.
    pub when: Vec<(SignalId, usize)>,
    /// Whether the inverse of each number is recorded.
    pub inverse: bool,
}

pub(super) fn probe_decoders(
    net: &Network,
    ensembles: &[Arc<BuiltEnsemble>],
    seeds: &Seeds,
    id: ProbeId,
) -> Result<Option<Arc<Vec<f64>>>, Error> {
    let Some(p) = net.get_probe(id) else { return Ok(None) };
    let Target::Decoded(e) = p.target else { return Ok(None) };
    let Some(ensemble) = net.get_ensemble(e).filter(|e| !e.neuron_type.is_direct()) else { return Ok(None) };
    let path = net.probe_path(id);
    let problem = decoders::Problem {
        path: &path,
        ensemble,
        built: &ensembles[e.index()],
        slice: &p.slice,
        function: None,
        solver: &p.solver,
        connection: None,
    };
    problem.solve(&mut RandomState::new(seeds.probes[id.index()])).map(|d| Some(Arc::new(d)))
}

fn missing(path: &str) -> Error {
    Error::build(path, "there is nothing to record: the target has no such signal")
}

/// Signals of ensembles, connections and nodes, by their numbers.
type Signals<'a> = (&'a [EnsembleSignals], &'a [ConnectionSignals], &'a [Option<SignalId>]);

/// What a target names; nothing for what is decoded.
fn find(net: &Network, (ens, conn, node_out): Signals<'_>, target: &Target) -> Option<ProbeSource> {
    let rule = |r: &bouton_model::RuleId| conn.get(r.connection.index()).and_then(|c| c.rules.get(r.number));
    let signal = match target {
        Target::EnsembleInput(e) => ens.get(e.index())?.input,
        Target::ScaledEncoders(e) => ens.get(e.index())?.encoders,
        Target::Spikes(e) => ens.get(e.index())?.out,
        Target::NeuronInput(e) => ens.get(e.index())?.neuron_in,
        Target::NeuronState(e, name) => {
            let states = net.get_ensemble(*e).map_or(vec![], |e| e.neuron_type.states());
            let at = states.iter().position(|v| v.name == *name);
            at.and_then(|k| ens.get(e.index())?.state.get(k)).copied()
        }
        Target::Node(n) => node_out.get(n.index()).copied().flatten(),
        Target::Weights(c) => conn.get(c.index())?.weights,
        Target::ConnectionOutput(c) => conn.get(c.index())?.weighted,
        Target::ConnectionInput(c) => conn.get(c.index())?.input,
        Target::RuleError(r) => rule(r)?.error,
        Target::RuleDelta(r) => rule(r)?.delta,
        Target::RuleFactor(r, k) => rule(r)?.factors.get(*k).copied(),
        Target::RuleSignal(r, name) => rule(r)?.named.iter().find(|(n, _)| n == name).map(|(_, s)| *s),
        Target::Devices(c, side, quantity) => {
            let bank = conn.get(c.index())?.devices.iter().find(|d| d.side == *side)?;
            let signal = if *quantity == DeviceQuantity::Pulses { bank.pulses } else { bank.conductance };
            let inverse = *quantity == DeviceQuantity::Resistance;
            return Some(ProbeSource { inverse, ..ProbeSource::all(signal) });
        }
        _ => None,
    };
    signal.map(ProbeSource::all)
}

impl ProbeSource {
    /// All of a signal.
    fn all(signal: SignalId) -> ProbeSource {
        ProbeSource { signal, rows: None, elements: None, when: vec![], inverse: false }
    }

    /// The single elements of it that a probe picks, where it picks some; `shape` is the signal's.
    fn picked(
        self,
        net: &Network,
        ens: &[EnsembleSignals],
        probe: &Probe,
        (rows, cols): (usize, usize),
    ) -> Result<ProbeSource, String> {
        let Some(elements) = &probe.elements else { return Ok(self) };
        if let Some((r, c)) = elements.iter().find(|(r, c)| *r >= rows || *c >= cols) {
            return Err(format!(
                "`elements`: ({r}, {c}) is out of range, the matrix has {rows} rows and {cols} columns"
            ));
        }
        let when = if probe.at_spikes { spikes_of(net, ens, &probe.target, elements) } else { vec![] };
        Ok(ProbeSource { elements: Some(elements.iter().map(|(r, c)| r * cols + c).collect()), when, ..self })
    }
}

/// The outputs of the neurons before and behind single synapses.
fn spikes_of(
    net: &Network,
    ens: &[EnsembleSignals],
    target: &Target,
    elements: &[(usize, usize)],
) -> Vec<(SignalId, usize)> {
    let Some((pre, post, connection)) = target.synapses().and_then(|c| net.get_connection(c)) else {
        return vec![];
    };
    let full = connection.solver.model().weights();
    // Decoders have all neurons of their ensemble, whatever part of its value they decode; and so have full weights behind them.
    let neurons = |end: &End, whole: bool| -> Option<(SignalId, Option<Vec<usize>>)> {
        let (e, picked) = match end.object {
            Object::Neurons(e) => (e, true),
            Object::Ensemble(e) if whole => (e, false),
            _ => return None,
        };
        let ensemble = net.get_ensemble(e).filter(|e| e.neuron_type.model().spiking())?;
        Some((ens.get(e.index())?.out?, picked.then(|| end.slice.indices(ensemble.n_neurons))))
    };
    let at = |k: usize, (signal, list): &(SignalId, Option<Vec<usize>>)| {
        Some((*signal, list.as_ref().map_or(Some(k), |l| l.get(k).copied())?))
    };
    let (before, behind) = (neurons(pre, true), neurons(post, full));
    let mut all: Vec<(SignalId, usize)> = elements
        .iter()
        .flat_map(|(r, c)| [before.as_ref().and_then(|b| at(*c, b)), behind.as_ref().and_then(|b| at(*r, b))])
        .flatten()
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Where what probes can record is found while a model runs.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    pub(crate) ens: Vec<EnsembleSignals>,
    pub(crate) conn: Vec<ConnectionSignals>,
    pub(crate) node_out: Vec<Option<SignalId>>,
}

impl Sources {
    /// What a target of a network's names; `None` for what is decoded, and for what isn't kept (the change of a rule that is
    /// kept as factors).
    pub fn find(&self, net: &Network, target: &Target) -> Option<ProbeSource> {
        find(net, (&self.ens, &self.conn, &self.node_out), target)
    }
    /// The same with the single elements that a probe picks; `shape` is that of a signal.
    ///
    /// # Errors
    /// Elements that the signal doesn't have.
    pub fn find_picked(
        &self,
        net: &Network,
        probe: &Probe,
        shape: impl Fn(SignalId) -> (usize, usize),
    ) -> Result<Option<ProbeSource>, String> {
        let Some(source) = self.find(net, &probe.target) else { return Ok(None) };
        let shape = shape(source.signal);
        source.picked(net, &self.ens, probe, shape).map(Some)
    }
}

impl Builder<'_> {
    pub(super) fn probe(&mut self, id: ProbeId) -> Result<(), Error> {
        let Some(probe) = self.net.get_probe(id) else { return Ok(()) };
        let path = self.net.probe_path(id);
        let mut rows = None;
        let signal = match &probe.target {
            other if probe.elements.is_some() => {
                let source = self.source_of(&path, other)?;
                let s = self.program.get(source.signal);
                let shape = (s.rows, s.cols);
                let source =
                    source.picked(self.net, &self.ens, probe, shape).map_err(|m| Error::build(&path, m))?;
                // Devices are kept whether anyone looks or not.
                let own = (!matches!(other, Target::Devices(..))).then_some(source.signal);
                let mut seen: Vec<SignalId> =
                    own.into_iter().chain(source.when.iter().map(|w| w.0)).collect();
                seen.dedup();
                for s in seen {
                    self.program.add(&path, Op::Probe, [Operand::read(s)], Draws::No);
                }
                self.probes[id.index()] = Some(source);
                return Ok(());
            }
            Target::Devices(..) => {
                self.probes[id.index()] = Some(self.rows_source(&path, &probe.target, &probe.slice)?);
                return Ok(());
            }
            // How far rows have moved is known where it is known what they began with.
            other
                if !matches!(other, Target::Decoded(_))
                    && matches!(probe.norm, Norm::Moved | Norm::MovedRows) =>
            {
                let source = self.rows_source(&path, other, &probe.slice)?;
                self.program.add(&path, Op::Probe, [Operand::read(source.signal)], Draws::No);
                self.probes[id.index()] = Some(source);
                return Ok(());
            }
            Target::Decoded(e) => self.decoded_probe(id, *e, probe)?,
            other => {
                let mut source = self.source_of(&path, other)?.signal;
                // Spikes are kept as events, which have no list of rows.
                let spikes = matches!(other, Target::Spikes(_));
                (source, rows) = self.probe_part(&path, source, &probe.slice, spikes)?;
                match &probe.synapse {
                    None => source,
                    Some(s) => {
                        let (rows, cols) = (self.program.get(source).rows, self.program.get(source).cols);
                        let inner = self.program.signal(path.clone(), rows, cols, Role::Scratch, 0.0);
                        let knobs = format!("{path}.synapse");
                        let filtered = self.filter(&path, source, Some(s), false, &knobs)?;
                        self.program.copy(&path, (filtered, &Slice::All), (inner, &Slice::All), false);
                        inner
                    }
                }
            }
        };
        self.program.add(&path, Op::Probe, [Operand::read(signal)], Draws::No);
        self.probes[id.index()] = Some(ProbeSource { rows, ..ProbeSource::all(signal) });
        Ok(())
    }

    /// What a target names.
    fn source_of(&self, path: &str, target: &Target) -> Result<ProbeSource, Error> {
        find(self.net, (&self.ens, &self.conn, &self.node_out), target).ok_or_else(|| missing(path))
    }

    /// Some rows of a signal: a signal, and which of its rows are recorded where that is a list of a matrix's.
    fn probe_part(
        &mut self,
        path: &str,
        source: SignalId,
        slice: &Slice,
        spikes: bool,
    ) -> Result<(SignalId, Option<Vec<usize>>), Error> {
        if *slice == Slice::All {
            return Ok((source, None));
        }
        let (rows, cols) = (self.program.get(source).rows, self.program.get(source).cols);
        let about = |m| Error::build(path, m);
        slice.check(rows).map_err(about)?;
        let steps = matches!(slice, Slice::Steps { .. }) && !spikes;
        match slice.resolved(rows).map_err(about)? {
            Slice::Range(a, b) if cols != 1 => {
                Ok((self.program.view(source, a * cols, b.min(rows) - a, cols), None))
            }
            // What is recorded of a list of a vector is a copy of its own, as in Nengo.
            Slice::Indices(list) if cols != 1 || steps => Ok((source, Some(list))),
            slice => Ok((self.sliced(path, source, &slice), None)),
        }
    }

    /// Some rows of the signal that a target names.
    fn rows_source(&self, path: &str, target: &Target, slice: &Slice) -> Result<ProbeSource, Error> {
        let source = self.source_of(path, target)?;
        let rows = self.program.get(source.signal).rows;
        slice.check(rows).map_err(|m| Error::build(path, m))?;
        Ok(ProbeSource { rows: (*slice != Slice::All).then(|| slice.indices(rows)), ..source })
    }

    /// A decoded probe is a connection to a sink of its own.
    fn decoded_probe(&mut self, id: ProbeId, e: EnsembleId, probe: &Probe) -> Result<SignalId, Error> {
        let path = self.net.probe_path(id);
        let width = probe.slice.len(self.ensembles[e.index()].dimensions);
        let sink = self.program.signal(path.clone(), width, 1, Role::Scratch, 0.0);
        self.program.reset(&path, sink, 0.0);
        let out = self.ens[e.index()].out.ok_or_else(|| Error::build(&path, "the ensemble has no output"))?;
        let value = match self.probe_decoders[id.index()].clone() {
            None => self.sliced(&path, out, &probe.slice),
            Some(d) => {
                let name = format!("{path}.probe");
                self.weighted((&path, &name), out, (width, self.ensembles[e.index()].gain.len()), d).1
            }
        };
        let value = self.filter(&path, value, probe.synapse.as_ref(), false, &format!("{path}.synapse"))?;
        self.program.copy(&path, (value, &Slice::All), (sink, &Slice::All), true);
        Ok(sink)
    }
}
