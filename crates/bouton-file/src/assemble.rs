//! Descriptions to a network: the second pass.

use std::cell::RefCell;

use bouton_expr::{Scratch, Vars};
use bouton_model::{
    Connection, Function, LearningRule, Matrix, Network, Norm, Object, Probe, Slice, Target, Transform,
};

use crate::check::Path;
use crate::describe::{Described, compile, distribution, fault};
use crate::fault::Fault;
use crate::files::MAX_VALUES;
use crate::format;
use crate::names::{Found, Names};
use crate::tree::Item;

/// What the second pass knows of the file.
pub(crate) struct Assemble<'a> {
    pub(crate) names: &'a Names,
    pub(crate) root: &'a Item,
    /// Time step (s).
    pub(crate) dt: f64,
}

/// An error with the field that it is about.
type At<T> = Result<T, (&'static str, String)>;

impl Assemble<'_> {
    /// Makes the objects of `from` in `net`. Within a network: ensembles, nodes, networks, arrays, connections, probes.
    pub(crate) fn network(
        &self,
        net: &mut Network,
        prefix: &str,
        from: Described,
        at: Path<'_>,
    ) -> Result<(), Fault> {
        for (name, e) in from.ensembles {
            net.ensemble(&name, e);
        }
        for (name, n) in from.nodes {
            net.node(&name, n);
        }
        for (name, inner) in from.networks {
            let kind = Path::Key(&at, "networks");
            let path = Path::Key(&kind, &name);
            let prefix = format!("{prefix}{name}.");
            net.subnetwork(&name, inner.seed, |net| self.network(net, &prefix, inner, path)).1?;
        }
        for (name, a) in from.arrays {
            net.seeded_ensemble_array(&name, a.seed, a.count, &a.ensemble);
        }
        for (k, c) in from.connections.into_iter().enumerate() {
            let kind = Path::Key(&at, "connections");
            let name = c.name.clone().unwrap_or_default();
            self.connection(net, prefix, c).map_err(|(key, m)| {
                let path = Path::Index(&kind, k, &name);
                fault(self.root, &Path::Key(&path, key), m)
            })?;
        }
        for (name, p) in from.probes {
            let kind = Path::Key(&at, "probes");
            self.probe(net, prefix, &name, p).map_err(|(key, m)| {
                let path = Path::Key(&kind, &name);
                fault(self.root, &Path::Key(&path, key), m)
            })?;
        }
        Ok(())
    }

    fn connection(&self, net: &mut Network, prefix: &str, c: format::Connection) -> At<()> {
        let pre = self.names.end(prefix, &c.pre, false).map_err(|m| ("pre", m))?;
        let post = self.names.end(prefix, &c.post, true).map_err(|m| ("post", m))?;
        let taken = pre.size.unwrap_or(0);
        let function = match &c.function {
            Some(text) => Some(function(text, taken).map_err(|m| ("function", m))?),
            None => None,
        };
        let carried = function.as_ref().map_or(taken, Function::width);
        let transform = match c.transform {
            Some(t) => Some(transform(t, carried, &post).map_err(|m| ("transform", m))?),
            None => None,
        };
        let rules = match (c.rule, c.rules) {
            (Some(_), Some(_)) => {
                let m = "there is a `rule` and `rules`; leave one of them out, or put the rule into the list";
                return Err(("rules", m.into()));
            }
            (None, Some(rules)) if rules.is_empty() => {
                return Err(("rules", "an empty list of rules does nothing; leave it out".into()));
            }
            (rule, rules) => {
                rule.into_iter().chain(rules.into_iter().flatten()).map(LearningRule::Element).collect()
            }
        };
        let bounds = match c.bounds.as_deref() {
            None => None,
            Some([low, high]) => Some((*low, *high)),
            Some(other) => {
                let n = other.len();
                return Err((
                    "bounds",
                    format!("expected two numbers, the lowest and the highest weight, found {n}"),
                ));
            }
        };
        let mask = c.mask.map(mask).transpose().map_err(|m| ("mask", m))?;
        let connection = Connection {
            synapse: c.synapse,
            function,
            transform,
            solver: c.solver,
            eval_points: c.eval_points.map(distribution).transpose().map_err(|m| ("eval_points", m))?,
            scale_eval_points: c.scale_eval_points,
            rules,
            bounds,
            mask,
            devices: c.devices,
            seed: c.seed,
        };
        net.connect_as(c.name.as_deref().unwrap_or(""), pre.end, post.end, connection);
        Ok(())
    }

    fn probe(&self, net: &mut Network, prefix: &str, name: &str, p: format::Probe) -> At<()> {
        let (target, slice) = self.names.target(prefix, &p.target, p.slice.as_deref()).map_err(|m| {
            let of = if p.slice.is_some() { "slice" } else { "target" };
            (of, m)
        })?;
        let slice = slice.unwrap_or(Slice::All);
        if matches!(target, Target::Devices(..)) && p.synapse.is_some() {
            return Err(("synapse", "devices are recorded as they are; leave the filter out".into()));
        }
        if p.norm.is_some() && p.synapse.is_some() {
            return Err(("norm", "a norm is taken of the values as they are; leave the filter out".into()));
        }
        if let Some(every) = p.sample_every
            && every < self.dt * (1.0 - 1e-9)
        {
            return Err((
                "sample_every",
                format!(
                    "a sampling period of {every} s is shorter than the time step of {} s; leave it out to record every \
                     step",
                    self.dt
                ),
            ));
        }
        let probe = Probe {
            target,
            slice,
            elements: p.elements.map(|all| all.into_iter().map(|[r, c]| (r, c)).collect()),
            at_spikes: p.at_spikes,
            synapse: p.synapse,
            norm: match p.norm {
                None => Norm::None,
                Some(format::Norm::All) => Norm::All,
                Some(format::Norm::Rows) => Norm::Rows,
                Some(format::Norm::Moved) => Norm::Moved,
                Some(format::Norm::MovedRows) => Norm::MovedRows,
            },
            sample_every: p.sample_every,
            solver: p.solver,
            seed: p.seed,
        };
        net.probe(name, probe);
        Ok(())
    }
}

thread_local! {
    /// Working memory of expressions, which are called from any thread.
    pub(crate) static SCRATCH: RefCell<Scratch> = RefCell::new(Scratch::new());
}

fn function(text: &str, size: usize) -> Result<Function, String> {
    let program = compile(text, &Vars::new().vector("x", size))?;
    let width = program.width();
    let call = move |x: &[f64], y: &mut [f64]| {
        if x.len() != size || y.len() != width {
            return Err(format!(
                "takes {size} values and gives {width}, called with {} and {}",
                x.len(),
                y.len()
            )
            .into());
        }
        SCRATCH.with_borrow_mut(|scratch| program.eval(scratch, &[x], y));
        Ok(())
    };
    Ok(Function::fallible(width, Some(text), call))
}

/// 1 for each weight that rules may change.
fn mask(rows: Vec<Vec<format::Flag>>) -> Result<Matrix, String> {
    let number = |flag: format::Flag| match flag {
        format::Flag::Word(b) => f64::from(u8::from(b)),
        format::Flag::Number(n) => f64::from(n),
    };
    let rows: Vec<Vec<f64>> = rows.into_iter().map(|r| r.into_iter().map(number).collect()).collect();
    Matrix::from_rows(&rows).map_err(|m| m.to_string())
}

/// A linear map of `carried` values to an end.
fn transform(t: format::LinearMap, carried: usize, post: &Found) -> Result<Transform, String> {
    let filled = |x: f64| {
        let Some(rows) = post.size else { return Err("a learning rule takes no matrix of one value".into()) };
        match rows.checked_mul(carried).filter(|n| *n <= MAX_VALUES) {
            Some(_) => Ok(Matrix::filled(rows, carried, x).into()),
            None => Err(format!("a matrix of {rows} × {carried} is too large")),
        }
    };
    match t {
        // One value onto neurons is that of all of them, as it is for inhibition.
        format::LinearMap::Scalar(x)
            if carried == 1 && matches!(post.end.object, Object::Neurons(_)) && post.size != Some(1) =>
        {
            filled(x)
        }
        format::LinearMap::Scalar(x) => Ok(x.into()),
        format::LinearMap::Diagonal(x) => Ok(x.into()),
        format::LinearMap::Matrix(rows) => {
            Matrix::from_rows(&rows).map(Into::into).map_err(|m| m.to_string())
        }
        format::LinearMap::Element(t) => {
            t.model().check()?;
            Ok(t)
        }
        format::LinearMap::Filled(format::Filled { zeros: Some(true), fill: None }) => filled(0.0),
        format::LinearMap::Filled(format::Filled { zeros: None, fill: Some(x) }) => filled(x),
        format::LinearMap::Filled(format::Filled { zeros: Some(false), .. }) => {
            Err("`zeros` must be true; leave the transform out for none".into())
        }
        format::LinearMap::Filled(_) => {
            Err("a matrix of one value has `zeros = true` or `fill = NUMBER`; a file has its `file`".into())
        }
    }
}
