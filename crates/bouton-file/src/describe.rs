//! The tables of a file as descriptions of objects, all names known: the first of two passes. Connections may then refer
//! to objects that come later.

use bouton_elements::distributions::{Distribution, Values};
use bouton_elements::processes::Table;
use bouton_expr::{Program, Vars};
use bouton_model::{ConnectionId, Ensemble, EnsembleId, NodeFunction, NodeId, Output};

use crate::assemble::SCRATCH;
use crate::check::Path;
use crate::fault::{Fault, hint, quoted};
use crate::files::{Files, MAX_VALUES, Sources};
use crate::format;
use crate::made::Made;
use crate::names::{Named, Names};
use crate::tables::table;
use crate::tree::{Item, Value};

/// A network whose ensembles and nodes are described, and whose connections and probes wait for names.
pub(crate) struct Described {
    pub(crate) seed: Option<u32>,
    pub(crate) ensembles: Vec<(String, Ensemble)>,
    pub(crate) nodes: Vec<(String, Output)>,
    pub(crate) networks: Vec<(String, Described)>,
    pub(crate) arrays: Vec<(String, Array)>,
    pub(crate) connections: Vec<format::Connection>,
    pub(crate) probes: Vec<(String, format::Probe)>,
}

/// An ensemble array.
pub(crate) struct Array {
    pub(crate) seed: Option<u32>,
    pub(crate) count: usize,
    pub(crate) ensemble: Ensemble,
}

/// The first pass: what it has named so far.
pub(crate) struct Describe<'a> {
    pub(crate) root: &'a Item,
    pub(crate) files: &'a dyn Files,
    /// Files that were read.
    pub(crate) read: Sources,
    pub(crate) names: Names,
    /// Lines on which objects stand, by path and kind, for errors that come from the model.
    pub(crate) lines: Vec<(String, usize)>,
    /// The same for connections, in their order; 0 for those of arrays.
    pub(crate) connection_lines: Vec<usize>,
    ensembles: usize,
    nodes: usize,
}

/// The line of what stands at `path`, or of the nearest table around it.
pub(crate) fn line(root: &Item, path: &Path<'_>) -> usize {
    fn item<'r>(root: &'r Item, path: &Path<'_>) -> &'r Item {
        let (outer, next) = match path {
            Path::Root => return root,
            Path::Key(outer, key) => {
                let outer = item(root, outer);
                (outer, if let Value::Table(t) = &outer.value { t.get(*key) } else { None })
            }
            Path::Index(outer, k, _) => {
                let outer = item(root, outer);
                (outer, if let Value::Array(a) = &outer.value { a.get(*k) } else { None })
            }
        };
        next.unwrap_or(outer)
    }
    item(root, path).line
}

/// An error about what stands at `path`.
pub(crate) fn fault(root: &Item, path: &Path<'_>, message: impl std::fmt::Display) -> Fault {
    Fault::new(line(root, path), format!("{path}: {message}"))
}

/// Compiles an expression; the error shows the place.
pub(crate) fn compile(text: &str, vars: &Vars) -> Result<Program, String> {
    Program::compile(text, vars).map_err(|e| format!("{}\n{}", e.message(), place(&e.render())))
}

/// The lines of a rendered error below its first, which is the message.
fn place(rendered: &str) -> &str {
    rendered.split_once('\n').map_or("", |(_, rest)| rest).trim_end()
}

impl<'a> Describe<'a> {
    pub(crate) fn new(root: &'a Item, files: &'a dyn Files) -> Describe<'a> {
        Describe {
            root,
            files,
            read: Sources::default(),
            names: Names::default(),
            lines: vec![],
            connection_lines: vec![],
            ensembles: 0,
            nodes: 0,
        }
    }

    fn name(&mut self, prefix: &str, name: &str, named: Named, path: &Path<'_>) -> Result<(), Fault> {
        let plain = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
        if name.is_empty() || name.chars().count() > 200 || !name.chars().all(plain) {
            let message = format!("{} is no name: letters, digits, `_` and `-` make one", quoted(name));
            return Err(fault(self.root, path, message));
        }
        if !self.names.add(format!("{prefix}{name}"), named) {
            return Err(fault(self.root, path, format!("the name `{name}` is taken by another object")));
        }
        Ok(())
    }

    /// Describes a network whose objects' paths begin with `prefix`.
    pub(crate) fn network(
        &mut self,
        prefix: &str,
        file: format::Network,
        at: Path<'_>,
    ) -> Result<Described, Fault> {
        let mut out = Described {
            seed: file.seed,
            ensembles: vec![],
            nodes: vec![],
            networks: vec![],
            arrays: vec![],
            connections: vec![],
            probes: vec![],
        };
        for (name, e) in file.ensembles {
            let kind = Path::Key(&at, "ensembles");
            let id = EnsembleId::from_index(self.ensembles);
            let named = Named::Ensemble(id, e.dimensions, e.n_neurons);
            self.name(prefix, &name, named, &Path::Key(&kind, &name))?;
            self.ensembles += 1;
            self.lines.push((format!("{prefix}{name}"), line(self.root, &Path::Key(&kind, &name))));
            let e = ensemble(e).map_err(|(key, m)| {
                let path = Path::Key(&kind, &name);
                fault(self.root, &Path::Key(&path, &key), m)
            })?;
            out.ensembles.push((name, e));
        }
        for (name, node) in file.nodes {
            let kind = Path::Key(&at, "nodes");
            let path = Path::Key(&kind, &name);
            let output = self.node(node, &path)?;
            let id = NodeId::from_index(self.nodes);
            let named = Named::Node(id, kind_of(&output), output.size_in(), output.size_out());
            self.name(prefix, &name, named, &path)?;
            self.nodes += 1;
            self.lines.push((format!("{prefix}{name}"), line(self.root, &path)));
            out.nodes.push((name, output));
        }
        for (name, network) in file.networks {
            let kind = Path::Key(&at, "networks");
            let path = Path::Key(&kind, &name);
            self.name(prefix, &name, Named::Network, &path)?;
            let inner = self.network(&format!("{prefix}{name}."), network, path)?;
            out.networks.push((name, inner));
        }
        for (name, a) in file.arrays {
            let kind = Path::Key(&at, "arrays");
            let path = Path::Key(&kind, &name);
            self.name(prefix, &name, Named::Array, &path)?;
            let array = self.array(&format!("{prefix}{name}."), a, &path)?;
            out.arrays.push((name, array));
        }
        for (k, c) in file.connections.iter().enumerate() {
            let kind = Path::Key(&at, "connections");
            let path = Path::Index(&kind, k, c.name.as_deref().unwrap_or(""));
            if let Some(name) = &c.name {
                let id = ConnectionId::from_index(self.connection_lines.len());
                let named = Named::Connection(id, Made::of(c));
                self.name(prefix, name, named, &Path::Key(&path, "name"))?;
            }
            self.connection_lines.push(line(self.root, &path));
        }
        out.connections = file.connections;
        for (name, _) in &file.probes {
            // A probe may be called like what it records, but its name must be one.
            let kind = Path::Key(&at, "probes");
            let mut own = std::mem::take(&mut self.names);
            let checked = self.name("", name, Named::Network, &Path::Key(&kind, name));
            std::mem::swap(&mut self.names, &mut own);
            checked?;
            self.lines.push((format!("{prefix}{name}"), line(self.root, &Path::Key(&kind, name))));
        }
        out.probes = file.probes.into_iter().collect();
        Ok(out)
    }

    fn array(&mut self, prefix: &str, a: format::EnsembleArray, path: &Path<'_>) -> Result<Array, Fault> {
        let root = self.root;
        let (count, seed) = (a.count, a.seed);
        let Some(width) = count.checked_mul(a.dimensions).filter(|w| *w <= MAX_VALUES) else {
            return Err(fault(root, path, "the array has too many dimensions"));
        };
        let own = |what: &str| format!("{prefix}{what}");
        for (k, name) in ["input", "output"].into_iter().enumerate() {
            let id = NodeId::from_index(self.nodes + k);
            self.names.add(own(name), Named::Node(id, "passthrough", width, width));
        }
        for k in 0..count {
            let id = EnsembleId::from_index(self.ensembles + k);
            self.names.add(own(&k.to_string()), Named::Ensemble(id, a.dimensions, a.n_neurons));
        }
        self.nodes += 2;
        self.ensembles += count;
        self.connection_lines.resize(self.connection_lines.len() + 2 * count, 0);
        let ensemble = array_ensemble(a).map_err(|(key, m)| fault(root, &Path::Key(path, &key), m))?;
        Ok(Array { seed, count, ensemble })
    }

    fn node(&mut self, node: format::Node, path: &Path<'_>) -> Result<Output, Fault> {
        let root = self.root;
        let err = |key: &str, message: String| fault(root, &Path::Key(path, key), message);
        let given = [
            ("expression", node.expression.is_some()),
            ("passthrough", node.passthrough.is_some()),
            ("constant", node.constant.is_some()),
            ("process", node.process.is_some()),
            ("table", node.table.is_some()),
        ];
        let given: Vec<&str> = given.into_iter().filter(|(_, g)| *g).map(|(n, _)| n).collect();
        let [kind] = given.as_slice() else {
            let found = if given.is_empty() { "none".to_string() } else { given.join(" and ") };
            let all = "`expression`, `passthrough`, `constant`, `process` and `table`";
            return Err(fault(root, path, format!("a node needs exactly one of {all}, found {found}")));
        };
        if node.size_in.is_some() && *kind != "expression" {
            return Err(err(
                "size_in",
                format!("only an expression has `size_in`, and this node is a {kind}"),
            ));
        }
        if node.size.is_some() && *kind != "process" {
            return Err(err("size", format!("only a process has `size`, and this node is a {kind}")));
        }
        if let Some(text) = node.expression {
            return expression(&text, node.size_in).map_err(|m| err("expression", m));
        }
        if let Some(size) = node.passthrough {
            return Ok(Output::passthrough(size));
        }
        if let Some(values) = node.constant {
            return Ok(Output::Constant(match values {
                format::OneOrMany::One(x) => vec![x],
                format::OneOrMany::Many(x) => x,
            }));
        }
        if let Some(t) = node.table {
            let t = table(&t, self.files, &mut self.read)
                .map_err(|e| err("table", e.to_string()).caused_by(e))?;
            return Ok(Output::process(t));
        }
        match (node.process, node.size) {
            (Some(process), Some(size)) => Ok(Output::Process { process, size }),
            (Some(process), None) => Ok(Output::process(process)),
            (None, _) => Err(fault(root, path, hint("", []))),
        }
    }
}

/// The field of a node that says what it is.
fn kind_of(output: &Output) -> &'static str {
    match output {
        Output::Passthrough { .. } => "passthrough",
        Output::Constant(_) => "constant",
        Output::Function(_) => "expression",
        Output::Process { process, .. } if process.is::<Table>() => "table",
        _ => "process",
    }
}

/// A node that computes an expression.
fn expression(text: &str, size_in: Option<usize>) -> Result<Output, String> {
    let vars = Vars::new().scalar("t");
    let vars = match size_in {
        Some(n) => vars.vector("x", n),
        None => vars,
    };
    let program = compile(text, &vars)?;
    let width = program.width();
    let function = NodeFunction::new(size_in.unwrap_or(0), width, move |s| {
        let t = [s.t];
        let inputs: [&[f64]; 2] = [&t, s.x];
        let used = if size_in.is_some() { 2 } else { 1 };
        SCRATCH.with_borrow_mut(|scratch| program.eval(scratch, &inputs[..used], s.out));
        Ok(())
    });
    Ok(function.with_text(text).into())
}

/// A distribution whose parameters make sense.
pub(crate) fn distribution(values: Values) -> Result<Distribution, String> {
    let d = Distribution::from(values);
    d.check().map(|()| d)
}

macro_rules! ensemble_of {
    ($name:ident, $file:ident, $seed:expr) => {
        /// The error has the field that it is about.
        fn $name(e: format::$file) -> Result<Ensemble, (String, String)> {
            let of = |key: &str, s: Option<Values>| {
                s.map(distribution).transpose().map_err(|m| (key.to_string(), m))
            };
            let mut out = Ensemble::new(e.n_neurons, e.dimensions);
            out.neuron_type = e.neuron_type;
            out.radius = e.radius.unwrap_or(out.radius);
            out.encoders = of("encoders", e.encoders)?.unwrap_or(out.encoders);
            out.intercepts = of("intercepts", e.intercepts)?.unwrap_or(out.intercepts);
            out.max_rates = of("max_rates", e.max_rates)?.unwrap_or(out.max_rates);
            out.eval_points = of("eval_points", e.eval_points)?.unwrap_or(out.eval_points);
            out.n_eval_points = e.n_eval_points;
            out.gain = of("gain", e.gain)?;
            out.bias = of("bias", e.bias)?;
            out.normalize_encoders = e.normalize_encoders;
            out.noise = e.noise;
            for (name, s) in e.initial_state {
                let d = distribution(s).map_err(|m| ("initial_state".to_string(), format!("{name}: {m}")))?;
                out.initial_state.push((name, d));
            }
            out.seed = $seed(e.seed);
            Ok(out)
        }
    };
}

ensemble_of!(ensemble, Ensemble, |seed| seed);
// The seed of an array is that of its network.
ensemble_of!(array_ensemble, EnsembleArray, |_: Option<u32>| None);
