//! Probes: what they record becomes a signal.

use std::sync::Arc;

use bouton_core::{Error, Slice};
use bouton_engine::{Draws, Op, Operand, Role, SignalId};
use bouton_model::{DeviceQuantity, EnsembleId, Network, Probe, ProbeId, Target};

use super::{Builder, BuiltEnsemble, Seeds, decoders};

/// What a probe records.
#[derive(Clone, Debug)]
pub struct ProbeSource {
    /// The signal.
    pub signal: SignalId,
    /// Rows of it; all if `None`.
    pub rows: Option<Vec<usize>>,
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
        seed: seeds.probes[id.index()],
    };
    problem.solve().map(|d| Some(Arc::new(d)))
}

impl Builder<'_> {
    pub(super) fn probe(&mut self, id: ProbeId) -> Result<(), Error> {
        let Some(probe) = self.net.get_probe(id) else { return Ok(()) };
        let path = self.net.probe_path(id);
        let signal = match &probe.target {
            Target::Devices(..) => {
                self.probes[id.index()] = Some(self.device_source(&path, &probe.target, &probe.slice)?);
                return Ok(());
            }
            Target::Decoded(e) => self.decoded_probe(id, *e, probe)?,
            other => {
                let source = self.source_of(&path, other)?;
                let signal = self.probe_part(&path, source, &probe.slice)?;
                match &probe.synapse {
                    None => signal,
                    Some(s) => {
                        let (rows, cols) = (self.program.get(signal).rows, self.program.get(signal).cols);
                        let inner = self.program.signal(path.clone(), rows, cols, Role::Scratch, 0.0);
                        let knobs = format!("{path}.synapse");
                        let filtered = self.filter(&path, signal, Some(s), false, &knobs)?;
                        self.program.copy(&path, (filtered, &Slice::All), (inner, &Slice::All), false);
                        inner
                    }
                }
            }
        };
        self.program.add(&path, Op::Probe, [Operand::read(signal)], Draws::No);
        self.probes[id.index()] = Some(ProbeSource { signal, rows: None, inverse: false });
        Ok(())
    }

    /// The signal that a target names.
    pub(crate) fn source_of(&self, path: &str, target: &Target) -> Result<SignalId, Error> {
        let (ens, conn) = (&self.ens, &self.conn);
        let source = match target {
            Target::EnsembleInput(e) => ens[e.index()].input,
            Target::ScaledEncoders(e) => ens[e.index()].encoders,
            Target::Spikes(e) => ens[e.index()].out,
            Target::NeuronInput(e) => ens[e.index()].neuron_in,
            Target::NeuronState(e, name) => {
                let vars = self.net.get_ensemble(*e).map_or(vec![], |e| e.neuron_type.model().states());
                let at = vars.iter().position(|v| v.name == name);
                at.and_then(|k| ens[e.index()].state.get(k)).copied()
            }
            Target::Node(n) => self.node_out[n.index()],
            Target::Weights(c) => conn[c.index()].weights,
            Target::ConnectionOutput(c) => conn[c.index()].weighted,
            Target::ConnectionInput(c) => conn[c.index()].input,
            Target::RuleError(r) => conn[r.connection.index()].rules.get(r.number).and_then(|r| r.error),
            Target::RuleDelta(r) => conn[r.connection.index()].rules.get(r.number).and_then(|r| r.delta),
            Target::RuleSignal(r, name) => {
                let named = conn[r.connection.index()].rules.get(r.number).map(|r| &r.named);
                named.and_then(|named| named.iter().find(|(n, _)| n == name)).map(|(_, s)| *s)
            }
            _ => None,
        };
        source.ok_or_else(|| Error::build(path, "there is nothing to record: the target has no such signal"))
    }

    /// Some rows of a signal.
    fn probe_part(&mut self, path: &str, source: SignalId, slice: &Slice) -> Result<SignalId, Error> {
        if *slice == Slice::All {
            return Ok(source);
        }
        let (rows, cols) = (self.program.get(source).rows, self.program.get(source).cols);
        slice.check(rows).map_err(|m| Error::build(path, m))?;
        match slice {
            Slice::Range(a, b) if cols != 1 => {
                Ok(self.program.view(source, a * cols, b.min(&rows) - a, cols))
            }
            Slice::Indices(_) if cols != 1 => {
                Err(Error::build(path, "of a matrix, a probe takes a range of rows, not a list of them"))
            }
            slice => Ok(self.sliced(path, source, slice)),
        }
    }

    fn device_source(&self, path: &str, target: &Target, slice: &Slice) -> Result<ProbeSource, Error> {
        let missing = || Error::build(path, "there is nothing to record: the target has no such signal");
        let Target::Devices(c, side, quantity) = target else { return Err(missing()) };
        let bank = self.device_side(*c, *side).ok_or_else(missing)?;
        let signal = match quantity {
            DeviceQuantity::Pulses => bank.pulses,
            _ => bank.conductance,
        };
        let rows = self.program.get(signal).rows;
        slice.check(rows).map_err(|m| Error::build(path, m))?;
        let rows = (*slice != Slice::All).then(|| slice.indices(rows));
        Ok(ProbeSource { signal, rows, inverse: *quantity == DeviceQuantity::Resistance })
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
