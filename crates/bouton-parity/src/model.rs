//! Reading a model's description into a network.

use std::collections::BTreeMap;
use std::path::Path;

use bouton::expr::{Program, Scratch, Vars};
use bouton::prelude::*;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

type Spec = Map<String, Value>;

/// A model of the suite: a network, and the names under which its objects are compared.
pub struct Model {
    /// The network.
    pub net: Network,
    /// Time step (s).
    pub dt: f64,
    /// Nested networks by path; the top one has the empty path.
    pub networks: BTreeMap<String, usize>,
    /// Ensembles by path.
    pub ensembles: BTreeMap<String, EnsembleId>,
    /// Nodes by path.
    pub nodes: BTreeMap<String, NodeId>,
    /// Connections by path.
    pub connections: BTreeMap<String, ConnectionId>,
    /// Probes by the name of their array: `probe.NAME`, and `spikes.PATH` and `voltage.PATH` of spiking ensembles.
    pub probes: BTreeMap<String, ProbeId>,
    /// Nodes whose callback edits a connection's weights, with the path of the connection.
    editors: Vec<(NodeId, String, Edit)>,
    order: usize,
}

/// What a callback does to weights: every so many steps w becomes w·scale + add·sin(column).
#[derive(Clone, Copy)]
struct Edit {
    every: u64,
    from: u64,
    scale: f64,
    add: f64,
}

fn text<'a>(s: &'a Spec, key: &str) -> Option<&'a str> {
    s.get(key).and_then(Value::as_str)
}
fn number(s: &Spec, key: &str) -> Option<f64> {
    s.get(key).and_then(Value::as_f64)
}
fn count(s: &Spec, key: &str) -> Option<usize> {
    s.get(key).and_then(Value::as_u64).map(|n| n as usize)
}
fn seed(s: &Spec) -> Option<u32> {
    s.get("seed").and_then(Value::as_u64).map(|n| n as u32)
}
fn of<T: DeserializeOwned>(v: &Value) -> Result<T, String> {
    serde_json::from_value(v.clone()).map_err(|e| format!("{v}: {e}"))
}

/// A list, a matrix, or an expression of row i and column j: rows, columns, values. A number is 1 × 1.
fn matrix(v: &Value) -> Result<(usize, usize, Vec<f64>), String> {
    match v {
        Value::Object(o) => {
            let (rows, cols) = (count(o, "rows").unwrap_or(1), count(o, "cols").unwrap_or(1));
            let vars = Vars::new().scalar("i").scalar("j");
            let p = Program::compile(text(o, "of").ok_or("a matrix without `of`")?, &vars)
                .map_err(|e| e.to_string())?;
            let mut scratch = Scratch::new();
            let values = (0..rows * cols).map(|k| {
                let mut y = [0.0];
                p.eval(&mut scratch, &[&[(k / cols) as f64], &[(k % cols) as f64]], &mut y);
                y[0]
            });
            Ok((rows, cols, values.collect()))
        }
        Value::Array(a) if a.first().is_some_and(Value::is_array) => {
            let rows: Vec<Vec<f64>> = of(v)?;
            Ok((rows.len(), rows[0].len(), rows.concat()))
        }
        Value::Array(a) => of(v).map(|x| (a.len(), 1, x)),
        _ => of(v).map(|x| (1, 1, vec![x])),
    }
}

fn rows(v: &Value) -> Result<Vec<Vec<f64>>, String> {
    let (_, cols, x) = matrix(v)?;
    Ok(x.chunks(cols).map(<[f64]>::to_vec).collect())
}

fn distribution(v: &Value) -> Result<Distribution, String> {
    if v.is_array() || v.get("of").is_some() {
        return rows(v).map(Distribution::from);
    }
    // Nengo's class with its parameters: `{"Uniform": {"low": 0, "high": 1}}`.
    let Some((class, Value::Object(parameters))) = v.as_object().and_then(|o| o.iter().next()) else {
        return Err(format!("{v} is no distribution"));
    };
    let mut table = parameters.clone();
    table.insert("type".into(), snake(class).into());
    of(&Value::Object(table))
}

/// `ScatteredHypersphere` as model files write it.
fn snake(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.extend(c.to_lowercase());
    }
    out
}

fn synapse(v: &Value) -> Result<Option<Synapse>, String> {
    match v {
        Value::Null => Ok(None),
        Value::Number(_) => of::<f64>(v).map(|tau| Some(tau.into())),
        _ => of(v).map(Some),
    }
}

fn solver(v: &Value) -> Result<Solver, String> {
    if v["type"] != "no_solver" {
        return of(v);
    }
    // Nengo has a row a neuron.
    let by_neuron: Option<Vec<Vec<f64>>> = v.get("values").map(rows).transpose()?;
    let values = by_neuron.map(|rows| {
        let width = rows.first().map_or(0, Vec::len);
        (0..width).map(|k| rows.iter().filter_map(|r| r.get(k).copied()).collect()).collect()
    });
    Ok(NoSolver { values, weights: v["weights"].as_bool().unwrap_or(false) }.into())
}

impl Edit {
    fn apply(&self, t: f64, live: &mut dyn LiveAccess, c: ConnectionId) -> Result<(), Error> {
        let step = (t / 0.001).round() as u64;
        if !step.is_multiple_of(self.every) || step < self.from {
            return Ok(());
        }
        live.edit_weights(c, &mut |w| {
            w.update(|_, _| true, |_, col, old| old * self.scale + self.add * (col as f64).sin());
            Ok(())
        })
    }
}

impl Model {
    /// Reads a description from a file.
    pub fn read(path: &Path) -> Result<Model, String> {
        let at = |e: String| format!("{}: {e}", path.display());
        let text = std::fs::read_to_string(path).map_err(|e| at(e.to_string()))?;
        let value: Value = serde_json::from_str(&text).map_err(|e| at(e.to_string()))?;
        let spec = value.as_object().ok_or_else(|| at("not a table".into()))?;
        let mut m = Model {
            net: Network::new(),
            dt: number(spec, "dt").unwrap_or(0.001),
            networks: BTreeMap::from([(String::new(), 0)]),
            ensembles: BTreeMap::new(),
            nodes: BTreeMap::new(),
            connections: BTreeMap::new(),
            probes: BTreeMap::new(),
            editors: vec![],
            order: 0,
        };
        m.net.set_seed(seed(spec));
        let mut net = std::mem::take(&mut m.net);
        let read = m.objects(&mut net, &spec["objects"], "");
        m.net = net;
        read.map_err(at)?;
        m.close().map_err(at)?;
        Ok(m)
    }

    /// What needs all objects: callbacks that edit connections, and probes for where runs begin to differ.
    fn close(&mut self) -> Result<(), String> {
        for (node, path, edit) in std::mem::take(&mut self.editors) {
            let c = *self.connections.get(&path).ok_or_else(|| format!("no connection {path}"))?;
            let f = NodeFunction::new(0, 1, move |s| {
                s.out[0] = s.t;
                Ok(edit.apply(s.t, s.live, c)?)
            });
            *self.net.get_node_mut(node).ok_or("no such node")? = f.into();
            self.net.edits(node, c).map_err(|e| e.to_string())?;
        }
        for (path, e) in self.ensembles.clone() {
            let kind = self.net.get_ensemble(e).map(|e| e.neuron_type.clone()).unwrap_or_default();
            if kind.model().spiking() {
                let p = self.net.probe(&format!("spikes.{path}"), Probe::new(e.neurons()));
                self.probes.insert(format!("spikes.{path}"), p);
            }
            if kind.model().spiking() && kind.model().states().iter().any(|s| s.name == "voltage") {
                let p = self.net.probe(&format!("voltage.{path}"), Probe::voltage(e));
                self.probes.insert(format!("voltage.{path}"), p);
            }
        }
        Ok(())
    }

    fn objects(&mut self, net: &mut Network, list: &Value, prefix: &str) -> Result<(), String> {
        for v in list.as_array().ok_or("`objects` must be a list")? {
            let s = v.as_object().ok_or_else(|| format!("{v} is not a table"))?;
            let name = |kind: &str| text(s, kind).map(|n| format!("{prefix}{n}"));
            let done = if let Some(path) = name("network") {
                let short = text(s, "network").unwrap_or("");
                let (id, read) = net
                    .subnetwork(short, seed(s), |net| self.objects(net, &s["objects"], &format!("{path}.")));
                self.networks.insert(path, id.index());
                read
            } else if let Some(path) = name("ensemble") {
                self.ensemble(net, s, path)
            } else if let Some(path) = name("node") {
                self.node(net, s, path)
            } else if s.contains_key("connect") {
                self.connect(net, s, prefix)
            } else {
                self.probe(net, s, prefix)
            };
            done.map_err(|e| format!("{v}: {e}"))?;
        }
        Ok(())
    }

    fn ensemble(&mut self, net: &mut Network, s: &Spec, path: String) -> Result<(), String> {
        let mut e = Ensemble::new(count(s, "n").ok_or("no `n`")?, count(s, "d").ok_or("no `d`")?);
        if let Some(n) = s.get("neurons") {
            e.neuron_type = of(n)?;
        }
        let dist = |key: &str| s.get(key).map(distribution).transpose();
        e.encoders = dist("encoders")?.unwrap_or(e.encoders);
        e.intercepts = dist("intercepts")?.unwrap_or(e.intercepts);
        e.max_rates = dist("max_rates")?.unwrap_or(e.max_rates);
        e.eval_points = dist("eval_points")?.unwrap_or(e.eval_points);
        (e.gain, e.bias) = (dist("gain")?, dist("bias")?);
        if let Some(v) = dist("initial_voltage")? {
            e = e.initial_state("voltage", v);
        }
        e.noise = s.get("noise").map(of).transpose()?;
        e.radius = number(s, "radius").unwrap_or(1.0);
        e.n_eval_points = count(s, "n_eval_points");
        e.normalize_encoders = s.get("normalize_encoders").and_then(Value::as_bool).unwrap_or(true);
        e.seed = seed(s);
        let id = net.ensemble(text(s, "ensemble").unwrap_or(""), e);
        self.ensembles.insert(path, id);
        Ok(())
    }

    fn node(&mut self, net: &mut Network, s: &Spec, path: String) -> Result<(), String> {
        let output: Output = if let Some(t) = text(s, "output") {
            let size_in = count(s, "size_in").unwrap_or(0);
            let vars = Vars::new().scalar("t");
            let vars = if size_in > 0 { vars.vector("x", size_in) } else { vars };
            let p = Program::compile(t, &vars).map_err(|e| e.to_string())?;
            Output::function(size_in, p.width(), move |t, x, y| {
                let inputs: &[&[f64]] = &[&[t], x];
                p.eval(&mut Scratch::new(), &inputs[..1 + usize::from(!x.is_empty())], y);
            })
        } else if let Some(v) = s.get("value") {
            Output::Constant(of(v)?)
        } else if let Some(p) = s.get("process") {
            Output::Process { process: of(p)?, size: count(s, "size").unwrap_or(1) }
        } else if s.contains_key("edits") {
            Output::of_time(1, |t, y| y[0] = t)
        } else {
            Output::passthrough(count(s, "size").ok_or("no `size`")?)
        };
        let id = net.node(text(s, "node").unwrap_or(""), output);
        if let Some(c) = text(s, "edits") {
            let edit = Edit {
                every: count(s, "every").unwrap_or(1) as u64,
                from: count(s, "from").unwrap_or(0) as u64,
                scale: number(s, "scale").unwrap_or(1.0),
                add: number(s, "add").unwrap_or(0.0),
            };
            self.editors.push((id, c.into(), edit));
        }
        self.nodes.insert(path, id);
        Ok(())
    }

    fn object(&self, path: &str) -> Result<Object, String> {
        if let Some(e) = self.ensembles.get(path) {
            return Ok(Object::Ensemble(*e));
        }
        if let Some(n) = self.nodes.get(path) {
            return Ok(Object::Node(*n));
        }
        let neurons = path.strip_suffix(".neurons").and_then(|p| self.ensembles.get(p));
        let rule = path.strip_suffix(".rule").and_then(|p| self.connections.get(p));
        match (neurons, rule) {
            (Some(e), _) => Ok(e.neurons()),
            (_, Some(c)) => Ok(c.rule().into()),
            _ => Err(format!("no object {path}")),
        }
    }

    fn slice(text: &str) -> Result<(&str, Slice), String> {
        let Some((base, rest)) = text.split_once('[') else { return Ok((text, Slice::All)) };
        let rest = rest.trim_end_matches(']');
        let int = |t: &str| t.parse::<usize>().map_err(|e| format!("{text}: {e}"));
        if let Some((a, b)) = rest.split_once(':') {
            return Ok((base, Slice::Range(int(a)?, int(b)?)));
        }
        let list = rest.split(',').map(int).collect::<Result<Vec<usize>, String>>()?;
        Ok((base, if list.len() == 1 { list[0].into() } else { Slice::Indices(list) }))
    }

    fn end(&self, v: &Value) -> Result<End, String> {
        let (base, slice) = Model::slice(v.as_str().ok_or("an end must be text")?)?;
        Ok(End { object: self.object(base)?, slice })
    }

    fn connect(&mut self, net: &mut Network, s: &Spec, prefix: &str) -> Result<(), String> {
        let (pre, mut post) = (self.end(&s["connect"][0])?, self.end(&s["connect"][1])?);
        // What Nengo's Voja is given is no error: it is a third factor here.
        if let Object::Rule(r) = post.object
            && !net.get_rule(r).map_err(|e| e.to_string())?.has_error()
        {
            post = net.factor(r, "learning").map_err(|e| e.to_string())?.into();
        }
        let name = text(s, "name").map_or_else(|| format!("c{}", self.order), Into::into);
        self.order += 1;
        let mut c = Connection::new();
        if let Some(v) = s.get("synapse") {
            c.synapse = synapse(v)?;
        }
        if let Some(t) = text(s, "function") {
            let size = pre.slice.len(net.object_size(pre.object, true).map_err(|e| e.to_string())?);
            let p = Program::compile(t, &Vars::new().vector("x", size)).map_err(|e| e.to_string())?;
            c = c.function(p.width(), move |x, y| p.eval(&mut Scratch::new(), &[x], y));
        }
        if let Some(t) = s.get("transform").filter(|t| t.get("type").is_some()) {
            let mut table = t.clone();
            // A distribution here is a class of Nengo's with its parameters.
            if let Some(init) = table.get_mut("init").filter(|init| init.is_object()) {
                *init = serde_json::to_value(distribution(init)?).map_err(|e| e.to_string())?;
            }
            c.transform = Some(of(&table)?);
        } else if let Some(v) = s.get("transform") {
            let (rows, cols, values) = matrix(v)?;
            c.transform = Some(match v {
                Value::Number(_) => values[0].into(),
                Value::Array(a) if a.first().is_some_and(Value::is_number) => values.into(),
                _ => Matrix::new(rows, cols, values).ok_or("a matrix without shape")?.into(),
            });
        }
        if let Some(v) = s.get("solver") {
            c.solver = solver(v)?;
        }
        if let Some(r) = s.get("rule") {
            let rate = r["learning_rate"].as_f64().ok_or("no `learning_rate`")?;
            match r["type"].as_str().ok_or("a rule without `type`")? {
                "pes" => {
                    let mut pes = Pes::new(rate);
                    if let Some(v) = r.get("pre_synapse") {
                        pes.pre_synapse = synapse(v)?;
                    }
                    c = c.learn(pes);
                }
                "instar" => c.rules.push(crate::own_rule::instar(r)?),
                "rls" => c = c.learn(Rls::new(rate)),
                // Nengo's other rules are texts here.
                text => {
                    let set = |rule: Rule, name: &str, x: f64| rule.set(name, x).map_err(|e| e.to_string());
                    let mut rule = set(Rule::named(text).map_err(|e| e.to_string())?, "eta", rate)?;
                    if let Some(beta) = r.get("beta").and_then(Value::as_f64) {
                        rule = set(rule, "beta", beta)?;
                    }
                    c = c.learn(rule);
                }
            }
        }
        c.eval_points = s.get("eval_points").map(distribution).transpose()?;
        c.scale_eval_points = s.get("scale_eval_points").and_then(Value::as_bool).unwrap_or(true);
        c.seed = seed(s);
        let id = net.connect_as(&name, pre, post, c);
        self.connections.insert(format!("{prefix}{name}"), id);
        Ok(())
    }

    fn probe(&mut self, net: &mut Network, s: &Spec, prefix: &str) -> Result<(), String> {
        let (base, slice) = Model::slice(text(s, "probe").ok_or("neither object nor probe")?)?;
        let kind = text(s, "of");
        let mut p = if let Some(c) = self.connections.get(base) {
            Probe::of(match kind {
                Some("weights") => Target::Weights(*c),
                Some("input") => Target::ConnectionInput(*c),
                _ => Target::ConnectionOutput(*c),
            })
        } else {
            match (self.object(base)?, kind) {
                (o, None) => Probe::new(o),
                (Object::Ensemble(e), Some("input")) => Probe::of(Target::EnsembleInput(e)),
                (Object::Ensemble(e), Some("scaled_encoders")) => Probe::of(Target::ScaledEncoders(e)),
                (Object::Neurons(e), Some("input")) => Probe::of(Target::NeuronInput(e)),
                (Object::Neurons(e), Some(state)) => Probe::of(Target::NeuronState(e, state.into())),
                (Object::Rule(r), Some("error")) => Probe::of(Target::RuleError(r)),
                (Object::Rule(r), Some("delta")) => Probe::of(Target::RuleDelta(r)),
                (Object::Rule(r), Some("inv_gamma")) => Probe::of(Target::RuleSignal(r, "P".into())),
                (Object::Rule(r), Some("activities")) => {
                    Probe::of(Target::RuleSignal(r, "activities".into()))
                }
                (_, Some(k)) => return Err(format!("no probe of `{k}`")),
            }
        };
        p.slice = slice;
        p.synapse = s.get("synapse").map(synapse).transpose()?.flatten();
        p.sample_every = number(s, "sample_every");
        if let Some(v) = s.get("solver") {
            p.solver = solver(v)?;
        }
        p.seed = seed(s);
        let name = text(s, "name").ok_or("a probe without `name`")?;
        let id = net.probe(name, p);
        self.probes.insert(format!("probe.{prefix}{name}"), id);
        Ok(())
    }
}
