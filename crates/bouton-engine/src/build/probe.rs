//! Probes: what they record becomes a signal.

use std::sync::Arc;

use bouton_model::{EnsembleId, Error, Network, Probe, ProbeId, Slice, Target};

use super::{Builder, BuiltEnsemble, ProbeSource, Seeds, decoders};
use crate::program::{Action, SignalId};

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
        let missing = || Error::build(&path, "there is nothing to record: the target has no such signal");
        let signal = match &probe.target {
            Target::Devices(..) => {
                self.probes[id.index()] = Some(ProbeSource::Devices);
                return Ok(());
            }
            Target::Decoded(e) => self.decoded_probe(id, *e, probe)?,
            other => {
                let (ens, conn) = (&self.ens, &self.conn);
                let source = match other {
                    Target::EnsembleInput(e) => ens[e.index()].input,
                    Target::ScaledEncoders(e) => ens[e.index()].encoders,
                    Target::Spikes(e) => ens[e.index()].out,
                    Target::NeuronInput(e) => ens[e.index()].neuron_in,
                    Target::NeuronState(e, name) => {
                        let vars =
                            self.net.get_ensemble(*e).map_or(vec![], |e| e.neuron_type.model().state());
                        vars.iter()
                            .position(|v| v.name == name)
                            .and_then(|k| ens[e.index()].state.get(k))
                            .copied()
                    }
                    Target::Node(n) => self.node_out[n.index()],
                    Target::Weights(c) => conn[c.index()].weights,
                    Target::ConnectionOutput(c) => conn[c.index()].weighted,
                    Target::ConnectionInput(c) => conn[c.index()].input,
                    Target::RuleError(r) => conn[r.connection.index()].error,
                    Target::RuleDelta(r) => conn[r.connection.index()].delta,
                    Target::RuleSignal(r, name) => {
                        conn[r.connection.index()].named.iter().find(|(n, _)| n == name).map(|(_, s)| *s)
                    }
                    _ => None,
                };
                let source = source.ok_or_else(missing)?;
                let signal = if probe.slice == Slice::All {
                    source
                } else {
                    let (rows, cols) = (
                        self.program.signals[source.index()].rows,
                        self.program.signals[source.index()].cols,
                    );
                    probe.slice.check(rows).map_err(|m| Error::build(&path, m))?;
                    match &probe.slice {
                        Slice::Range(a, b) if cols != 1 => {
                            self.program.view(source, a * cols, b.min(&rows) - a, cols)
                        }
                        Slice::Indices(_) if cols != 1 => {
                            let m = "of a matrix, a probe takes a range of rows, not a list of them";
                            return Err(Error::build(&path, m));
                        }
                        slice => self.sliced(&path, source, slice),
                    }
                };
                match &probe.synapse {
                    None => signal,
                    Some(s) => {
                        let (rows, cols) = (
                            self.program.signals[signal.index()].rows,
                            self.program.signals[signal.index()].cols,
                        );
                        let inner = self.program.signal(path.clone(), rows, cols, None);
                        let filtered = self.filtered(&path, signal, Some(s))?;
                        let copy = Action::Copy {
                            src: filtered,
                            dst: inner,
                            from: Slice::All,
                            to: Slice::All,
                            inc: false,
                            delta_of: None,
                        };
                        self.program.add(&path, copy);
                        inner
                    }
                }
            }
        };
        self.program.add(&path, Action::Probe { signal });
        self.probes[id.index()] = Some(ProbeSource::Signal(signal));
        Ok(())
    }

    /// A decoded probe is a connection to a sink of its own.
    fn decoded_probe(&mut self, id: ProbeId, e: EnsembleId, probe: &Probe) -> Result<SignalId, Error> {
        let path = self.net.probe_path(id);
        let width = probe.slice.len(self.ensembles[e.index()].dimensions);
        let sink = self.program.signal(path.clone(), width, 1, None);
        self.program.add(&path, Action::Reset { dst: sink, value: 0.0 });
        let out = self.ens[e.index()].out.ok_or_else(|| Error::build(&path, "the ensemble has no output"))?;
        let value = match self.probe_decoders[id.index()].clone() {
            None => self.sliced(&path, out, &probe.slice),
            Some(d) => self.weighted(&path, out, width, self.ensembles[e.index()].gain.len(), d).1,
        };
        let value = self.filtered(&path, value, probe.synapse.as_ref())?;
        let copy = Action::Copy {
            src: value,
            dst: sink,
            from: Slice::All,
            to: Slice::All,
            inc: true,
            delta_of: None,
        };
        self.program.add(&path, copy);
        Ok(sink)
    }
}
