//! Synapses and filters: their coefficients are signals, which follow from their parameters.

use std::sync::Arc;

use bouton_core::Error;
use bouton_elements::synapses::{Filter, Synapse};
use bouton_elements::var::{self, of_role, parameter_values};
use bouton_engine::{Code, Derive, Derived, Draws, Knob, Lowpass, Op, Operand, Role, SignalId, Space, Taps};

use super::Builder;
use crate::names::Names;

/// Coefficients of a filter, as its kernel takes them.
pub(crate) fn coefficients(f: &Filter) -> Vec<f64> {
    match f {
        Filter::Gain(g) => vec![0.0, *g],
        Filter::First { a, b } => vec![*a, *b],
        Filter::Taps(taps) => taps.clone(),
        Filter::Space(s) => [&s.a[..], &s.b, &s.c, &[s.d]].concat(),
    }
}

/// A filter's coefficients from its synapse's parameters.
#[derive(Debug)]
struct Discretise {
    synapse: Synapse,
    /// States that the filter was built with.
    states: usize,
}

impl Derive for Discretise {
    fn derive(&self, dt: f64, reads: &[&[f64]], writes: &mut [Vec<f64>]) -> Result<(), String> {
        let filter = self.synapse.model().discretise(dt, reads[0])?;
        let found = filter.states();
        let filter = filter.widened(self.states).map_err(|_| {
            format!(
                "the filter would have {found} states, and was built with {}: while the model runs it can only be changed to \
                 one of the same order or a lower one; build the model with a filter of the highest order that is wanted",
                self.states
            )
        })?;
        writes[0] = coefficients(&filter);
        Ok(())
    }
}

impl Builder<'_> {
    /// A synapse on a signal, or the signal itself. What it delivers is read a step later, but with `now` in the same step:
    /// so Nengo filters what a learning rule reads. `knobs` is what paths of its parameters begin with.
    pub(crate) fn filter(
        &mut self,
        path: &str,
        s: SignalId,
        synapse: Option<&Synapse>,
        now: bool,
        knobs: &str,
    ) -> Result<SignalId, Error> {
        let Some(synapse) = synapse else { return Ok(s) };
        let filter = synapse.model().filter(self.dt).map_err(|m| Error::build(path, m))?;
        let p = &mut self.program;
        let (rows, cols) = (p.get(s).rows, p.get(s).cols);
        let out = p.signal(format!("{knobs}.filtered"), rows, cols, Role::State, 0.0);
        let start = coefficients(&filter);
        let c = p.double(format!("{knobs}.coefficients"), start.len(), 1, Role::Parameter, start);
        let access = if now { Operand::set(out) } else { Operand::update(out) };
        let (code, on): (Code, Vec<Operand>) = match filter.states() {
            0 => (Lowpass.into(), vec![access, Operand::read(s), Operand::read(c)]),
            n => {
                let code =
                    if matches!(filter, Filter::Taps(_)) { Taps { n }.into() } else { Space { n }.into() };
                let state = p.signal(format!("{knobs}.state"), n, rows * cols, Role::State, 0.0);
                let on = vec![access, Operand::update(state), Operand::read(s), Operand::read(c)];
                (code, on)
            }
        };
        // Nengo draws a seed for each filter.
        p.add(path, Op::Kernel(code), on, Draws::Unused);
        let vars = of_role(synapse.model().vars(), var::Role::Parameter);
        let values = parameter_values(&vars);
        let total = values.len();
        let all = p.double(format!("{knobs}.parameters"), total, 1, Role::Parameter, values);
        let doc = "all parameters of the filter, one behind the other";
        p.knobs_mut()
            .add(format!("{knobs}.parameters"), Knob::plain(all, "", bouton_engine::Bounds::ANY, doc));
        let mut at = 0;
        for var in &vars {
            let count = var.values().len();
            let one = if count == total { all } else { p.view(all, at, count, 1) };
            p.knobs_mut().add(
                format!("{knobs}.{}", var.name),
                Knob::plain(one, var.unit.clone(), var.bounds, var.doc.clone()),
            );
            at += count;
        }
        p.derive(Derived {
            what: Arc::new(Discretise { synapse: synapse.clone(), states: filter.states() }),
            reads: vec![all],
            writes: vec![c],
            of: path.into(),
        });
        Ok(out)
    }

    /// What paths of a connection's synapse begin with.
    pub(crate) fn synapse_path(names: &Names, c: bouton_model::ConnectionId) -> String {
        format!("{}.synapse", names.connection(c))
    }
}
