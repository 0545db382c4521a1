//! A model as a network of bouton.

use bouton::prelude::*;

use crate::model;
use crate::model::{Cut, Edit, Filter, Model, Neurons, Part, Pick, Rule, Target as What};

/// The network of a model. Objects are in the order of the model, so that their numbers are its.
pub fn network(m: &Model) -> Network {
    let mut net = Network::with_seed(m.seed);
    for (k, e) in m.ensembles.iter().enumerate() {
        // Few evaluation points: decoders need not be good, and most of the time goes into solving them.
        let mut ensemble = Ensemble::new(e.n, e.dims).radius(e.radius).neuron_type(neurons(&e.neurons));
        ensemble.n_eval_points = Some(60);
        if !matches!(e.neurons, Neurons::Lif { .. }) {
            // Gains of rates grow without bound towards an intercept of one.
            ensemble = ensemble.intercepts(Distribution::uniform(-1.0, 0.4));
        }
        net.ensemble(&format!("e{k}"), ensemble);
    }
    for (k, n) in m.nodes.iter().enumerate() {
        net.node(&format!("n{k}"), node(n, m.dt));
    }
    for (k, c) in m.connections.iter().enumerate() {
        let made = net.connect_as(&format!("c{k}"), end(&c.pre), end(&c.post), connection(m, c));
        assert_eq!(made.index(), k);
    }
    for (k, p) in m.probes.iter().enumerate() {
        net.probe(&format!("p{k}"), probe(m, p));
    }
    net
}

pub fn ensemble_id(e: usize) -> EnsembleId {
    EnsembleId::from_index(e)
}
pub fn connection_id(c: usize) -> ConnectionId {
    ConnectionId::from_index(c)
}

fn neurons(n: &Neurons) -> NeuronType {
    match *n {
        Neurons::Lif { tau_rc, tau_ref, min_voltage, amplitude } => {
            Lif { tau_rc, tau_ref, min_voltage, amplitude }.into()
        }
        Neurons::LifRate { tau_rc, tau_ref, amplitude } => LifRate { tau_rc, tau_ref, amplitude }.into(),
        Neurons::Rectified { amplitude } => RectifiedLinear { amplitude }.into(),
    }
}

fn node(n: &model::Node, dt: f64) -> Output {
    match n.clone() {
        model::Node::Time { size, amplitude, omega } => {
            Output::of_time(size, move |t, y| model::of_time(amplitude, omega, t, y))
        }
        model::Node::Constant(x) => x.into(),
        model::Node::Sum(size) => Output::passthrough(size),
        model::Node::Function(size) => Output::function(size, size, model::of_input),
        model::Node::Editor { edits, every, input } => {
            let declared: Vec<ConnectionId> = edits.iter().map(|e| connection_id(e.0)).collect();
            let f = NodeFunction::new(usize::from(input), 0, move |s| {
                let step = (s.t / dt).round() as u64;
                if !step.is_multiple_of(every) {
                    return Ok(());
                }
                let more = 1.0 + s.x.first().unwrap_or(&0.0);
                for (c, edit) in &edits {
                    let change = &mut |w: &mut Matrix| change(w, edit, more);
                    s.live.edit_weights(connection_id(*c), change).map_err(|e| e.to_string())?;
                }
                Ok(())
            });
            declared.into_iter().fold(f, NodeFunction::edits).into()
        }
    }
}

/// An edit by the ways that a matrix offers.
pub fn change(w: &mut Matrix, edit: &Edit, more: f64) -> Result<(), Failure> {
    let (rows, cols) = w.shape();
    match edit.pick {
        Pick::Element(r, c) => w[(r, c)] = edit.value(r, c, w[(r, c)], more),
        Pick::Row(r) => {
            let row = w.row_mut(r).ok_or("no such row")?;
            row.iter_mut().enumerate().for_each(|(c, w)| *w = edit.value(r, c, *w, more));
        }
        Pick::Column(c) => {
            let old = w.column(c).ok_or("no such column")?;
            let new: Vec<f64> = old.iter().enumerate().map(|(r, w)| edit.value(r, c, *w, more)).collect();
            w.set_column(c, &new)?;
        }
        Pick::Mask(mask) => w.update(|r, c| mask.holds(r, c), |r, c, old| edit.value(r, c, old, more)),
        Pick::All => *w = Matrix::from_fn(rows, cols, |r, c| edit.value(r, c, w[(r, c)], more)),
    }
    Ok(())
}

fn slice(cut: &Cut) -> Slice {
    match cut {
        Cut::All => Slice::All,
        Cut::Range(a, b) => (*a..*b).into(),
        Cut::List(i) => i.clone().into(),
    }
}

fn end((part, cut): &(Part, Cut)) -> End {
    let object = match *part {
        Part::Ensemble(e) => Object::Ensemble(ensemble_id(e)),
        Part::Neurons(e) => Object::Neurons(ensemble_id(e)),
        Part::Node(n) => Object::Node(NodeId::from_index(n)),
        Part::Rule(c) => Object::Rule(connection_id(c).rule()),
    };
    object.slice(slice(cut))
}

fn connection(m: &Model, c: &model::Connection) -> Connection {
    let mut k = match c.filter {
        Filter::None => Connection::new().no_synapse(),
        Filter::Lowpass(tau) => Connection::new().synapse(tau),
        Filter::Alpha(tau) => Connection::new().synapse(Alpha { tau }),
    };
    k.transform = match &c.transform {
        model::Transform::None => None,
        model::Transform::Scalar(x) => Some((*x).into()),
        model::Transform::Diagonal(x) => Some(x.clone().into()),
        model::Transform::Matrix(rows, cols, x) => {
            Some(Matrix::new(*rows, *cols, x.clone()).expect("a matrix").into())
        }
    };
    if c.function != model::Function::Identity {
        let (f, n) = (c.function, c.pre.1.of(m.gives(c.pre.0)).len());
        k = k.function(f.width(n), move |x, y| f.call(x, y));
    }
    if c.full {
        k = k.solver(LstsqL2 { weights: true, ..LstsqL2::default() });
    }
    if let Some(d) = &c.devices {
        k = k.devices(DeviceSpec {
            gain: Gain::Fixed(d.gain),
            spread: d.spread,
            bounds: if d.own { Bounds::Own } else { Bounds::Nominal },
            ..DeviceSpec::default()
        });
    }
    if let Some(r) = &c.rule {
        k = k.learn(rule(r));
    }
    k
}

fn rule(r: &Rule) -> LearningRule {
    match *r {
        Rule::Pes { rate, tau } => Pes { learning_rate: rate, pre_synapse: tau.map(Into::into) }.into(),
        Rule::Hebb { rate, pre, post } => RuleFunction::new("hebb", |s| {
            let (rate, x, y) =
                (s.parameter("learning_rate")?, s.input("pre_filtered")?, s.input("post_filtered")?);
            model::hebb(rate, s.dt, x, y, s.weights, s.state[0], s.delta);
            Ok(())
        })
        .pre_filtered(pre)
        .post_filtered(post)
        .state("memory", Over::Pre, 0.0)
        .parameter("learning_rate", rate)
        .into(),
        Rule::AtOnce { rate, tau, error } => {
            let f = RuleFunction::new("at once", |s| {
                model::at_once(s.parameters[0], s.dt, s.inputs[0], s.error, s.weights, s.delta);
                Ok(())
            });
            let f = match tau {
                None => f.pre_spikes(),
                Some(tau) => f.pre_filtered(tau),
            };
            let f = if error { f.error() } else { f };
            f.parameter("learning_rate", rate).now().into()
        }
        Rule::Mpes { tau, dead_band } => {
            let gate = if tau.is_some() { Gate::Filtered } else { Gate::Spike };
            Mpes {
                pre_synapse: tau.map(Into::into),
                policy: SinglePulse { gate, dead_band, ..SinglePulse::default() }.into(),
            }
            .into()
        }
    }
}

pub fn probe(m: &Model, p: &model::Probe) -> Probe {
    let e = ensemble_id;
    let c = connection_id;
    let target = match p.target {
        What::Spikes(k) => Target::Spikes(e(k)),
        What::Input(k) => Target::EnsembleInput(e(k)),
        What::Current(k) => Target::NeuronInput(e(k)),
        What::Voltage(k) => Target::NeuronState(e(k), "voltage".into()),
        What::Node(k) => Target::Node(NodeId::from_index(k)),
        What::Weights(k) => Target::Weights(c(k)),
        What::Output(k) => Target::ConnectionOutput(c(k)),
        What::Error(k) => Target::rule_error(c(k)),
        What::Delta(k) => Target::rule_delta(c(k)),
        What::Trace(k) => {
            let input = m.connections[k].rule.as_ref().and_then(Rule::input).expect("a filtered input");
            Target::rule_signal(c(k), input)
        }
        What::Minus(k) => Target::Devices(c(k), Side::Minus, DeviceQuantity::Conductance),
    };
    let mut probe = Probe::of(target);
    probe.synapse = p.tau.map(Into::into);
    if p.every > 1 {
        probe = probe.sample_every(p.every as f64 * m.dt);
    }
    probe
}
