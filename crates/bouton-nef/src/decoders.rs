//! Decoders: targets at evaluation points, activities there, and the solver's answer.

use bouton_core::{Error, Slice};
use bouton_elements::solvers::{SolveShape, Solver};
use bouton_model::{Connection, Ensemble, Function};
use bouton_random::RandomState;

use super::ensemble::{BuiltEnsemble, points};

/// What decoders are solved for.
pub(super) struct Problem<'a> {
    /// Path of the connection or probe, for messages.
    pub path: &'a str,
    /// The ensemble.
    pub ensemble: &'a Ensemble,
    /// Its built parameters.
    pub built: &'a BuiltEnsemble,
    /// Which of its dimensions.
    pub slice: &'a Slice,
    /// The function of them.
    pub function: Option<&'a Function>,
    /// The solver.
    pub solver: &'a Solver,
    /// The connection, for evaluation points of its own.
    pub connection: Option<&'a Connection>,
}

impl Problem<'_> {
    /// Number of decoded values.
    pub fn width(&self) -> usize {
        self.function.map_or_else(|| self.slice.len(self.built.dimensions), Function::width)
    }

    /// Decoders as weights: (decoded values × neurons), row-major. `rng` is that of the connection or probe.
    pub fn solve(&self, rng: &mut RandomState) -> Result<Vec<f64>, Error> {
        let err = |m: String| Error::build(self.path, m);
        let (n, k) = (self.built.gain.len(), self.width());
        let d = self.built.dimensions;
        let solver = self.solver.model();
        let decoders = if solver.needs_activities() {
            let own = match self.connection.and_then(|c| c.eval_points.as_ref().map(|e| (c, e))) {
                Some((c, e)) => {
                    let scale = if c.scale_eval_points { self.built.radius } else { 1.0 };
                    let own = points(e, self.ensemble.eval_point_count(), d, scale, rng);
                    Some(own.map_err(|m| err(format!("`eval_points`: {m}")))?)
                }
                None => None,
            };
            let eval = own.as_ref().unwrap_or(&self.built.eval_points);
            let m = eval.len() / d;
            // Activities; a square matrix of neurons or of points, whichever are fewer, and its factor; targets, decoders.
            let of = |a: usize, b: usize| 8.0 * a as f64 * b as f64;
            let bytes = of(n, m) + 2.0 * of(n.min(m), n.min(m)) + 2.0 * of(m, k) + 3.0 * of(n, k);
            bouton_memory::room::fits(bytes).map_err(|m| {
                err(format!("to solve decoders of {n} neurons {m}; take fewer neurons or `n_eval_points`, or give decoders"))
            })?;
            let targets = self.targets(eval, k)?;
            let activities = self.built.activities(self.ensemble, eval);
            if activities.iter().all(|a| *a == 0.0) {
                return Err(err("no neuron of the ensemble fires at any evaluation point, so that nothing can be decoded; \
                     choose lower intercepts or other evaluation points"
                    .into()));
            }
            let shape = SolveShape { points: m, neurons: n, dimensions: k };
            solver.solve(&activities, &targets, shape, rng).map_err(err)?
        } else {
            solver
                .solve(&vec![0.0; n], &vec![0.0; k], SolveShape { points: 1, neurons: n, dimensions: k }, rng)
                .map_err(err)?
        };
        if let Some(x) = decoders.iter().find(|x| !x.is_finite()) {
            return Err(err(format!(
                "the solver gave a decoder of {x}; check function, evaluation points and `reg`"
            )));
        }
        let mut weights = vec![0.0; n * k];
        for i in 0..n {
            for c in 0..k {
                weights[c * n + i] = decoders[i * k + c];
            }
        }
        Ok(weights)
    }

    fn targets(&self, eval: &[f64], k: usize) -> Result<Vec<f64>, Error> {
        let d = self.built.dimensions;
        let indices = self.slice.indices(d);
        let mut out = vec![0.0; eval.len() / d * k];
        let mut x = vec![0.0; indices.len()];
        for (row, p) in out.chunks_exact_mut(k).zip(eval.chunks_exact(d)) {
            for (x, i) in x.iter_mut().zip(&indices) {
                *x = p[*i];
            }
            match self.function {
                None => row.copy_from_slice(&x),
                Some(f) => {
                    f.call(&x, row).map_err(|cause| {
                        let m = format!("the function failed at {x:?}: {cause}");
                        Error::build(self.path, m).with_source(cause)
                    })?;
                    if let Some(v) = row.iter().find(|v| !v.is_finite()) {
                        return Err(Error::build(
                            self.path,
                            format!(
                                "the function gave {v} at {x:?}; it must be finite at every evaluation point"
                            ),
                        ));
                    }
                }
            }
        }
        Ok(out)
    }
}
