//! Random small models.

use crate::model::{
    Connection, Cut, Devices, Edit, Ensemble, Filter, Function, Mask, Model, Neurons, Node, Part, Pick,
    Probe, Rule, Target, Transform,
};
use crate::random::Random;

/// A random model. What passes without a filter only goes from functions of time over ensembles, in their order, to other
/// nodes: so there is never a cycle within a step.
pub fn model(r: &mut Random) -> Model {
    let mut m = Model {
        seed: r.count(1, 1_000_000) as u32,
        dt: r.of(&[0.001, 0.001, 0.001, 0.0005, 0.002]),
        ensembles: vec![],
        nodes: vec![],
        connections: vec![],
        probes: vec![],
    };
    for _ in 0..r.count(1, 3) {
        let (size, amplitude, omega) = (r.count(1, 4), r.real(0.5, 1.5), r.real(20.0, 300.0));
        m.nodes.push(Node::Time { size, amplitude, omega });
    }
    if r.chance(0.3) {
        let n = r.count(1, 3);
        m.nodes.push(Node::Constant(r.reals(n, 1.0)));
    }
    for _ in 0..r.count(2, 5) {
        m.ensembles.push(ensemble(r));
    }
    inputs(r, &mut m);
    for _ in 0..r.count(0, 4) {
        decoded(r, &mut m);
    }
    for _ in 0..r.count(0, 3) {
        from_neurons(r, &mut m);
    }
    if r.chance(0.5) {
        out_and_back(r, &mut m);
    }
    for _ in 0..r.count(0, 3) {
        learned(r, &mut m);
    }
    for _ in 0..r.of(&[0, 0, 1, 1, 2, 3]) {
        editor(r, &mut m);
    }
    if r.chance(0.5) {
        for _ in 0..r.count(1, 5) {
            let p = probe(r, &m);
            m.probes.push(p);
        }
    }
    m
}

fn ensemble(r: &mut Random) -> Ensemble {
    let (tau_rc, tau_ref) = (r.of(&[0.02, 0.02, 0.01, 0.035]), r.of(&[0.002, 0.002, 0.001, 0.0015, 0.0023]));
    let amplitude = r.of(&[1.0, 1.0, 0.5]);
    let neurons = match r.count(0, 5) {
        0 => Neurons::Rectified { amplitude },
        1 => Neurons::LifRate { tau_rc, tau_ref, amplitude },
        _ => Neurons::Lif { tau_rc, tau_ref, min_voltage: r.of(&[0.0, 0.0, -1.0]), amplitude },
    };
    Ensemble { n: r.count(5, 25), dims: r.of(&[1, 1, 2, 3]), radius: r.of(&[1.0, 1.0, 1.5]), neurons }
}

fn filter(r: &mut Random, none: bool) -> Filter {
    match r.count(0, if none { 6 } else { 4 }) {
        0 => Filter::Alpha(r.of(&[0.003, 0.01])),
        1 | 2 => Filter::Lowpass(r.of(&[0.005, 0.005, 0.03])),
        3 => Filter::Lowpass(r.of(&[0.005, 0.0, 0.002])),
        _ => Filter::None,
    }
}

/// All of `n` values, some that follow each other, or some in any order.
fn cut(r: &mut Random, n: usize, list: bool) -> Cut {
    match r.count(0, 4) {
        0 if n > 1 => {
            let a = r.count(0, n - 1);
            Cut::Range(a, r.count(a + 1, n + 1))
        }
        1 if list && n > 1 => {
            let taken = r.count(1, n);
            let mut left: Vec<usize> = (0..n).collect();
            Cut::List((0..taken).map(|_| left.swap_remove(r.count(0, left.len()))).collect())
        }
        _ => Cut::All,
    }
}

/// A plain connection from one part to another, with a matrix of numbers up to `size`.
fn plain(r: &mut Random, m: &Model, pre: Part, post: Part, size: f64) -> Connection {
    let cuts = (cut(r, m.gives(pre), true), cut(r, m.takes(post), true));
    let (rows, cols) = (cuts.1.of(m.takes(post)).len(), cuts.0.of(m.gives(pre)).len());
    let values = r.reals(rows * cols, size);
    Connection {
        pre: (pre, cuts.0),
        post: (post, cuts.1),
        filter: Filter::None,
        function: Function::Identity,
        transform: Transform::Matrix(rows, cols, values),
        full: false,
        rule: None,
        devices: None,
        scale: size,
    }
}

/// Nodes that are functions of time, or constant, to ensembles and to their neurons.
fn inputs(r: &mut Random, m: &mut Model) {
    let sources = m.nodes.len();
    for e in 0..m.ensembles.len() {
        if e > 0 && r.chance(0.2) {
            continue;
        }
        let n = Part::Node(r.count(0, sources));
        let mut c = plain(r, m, n, Part::Ensemble(e), 1.0);
        c.filter = filter(r, true);
        let cols = c.pre.1.of(m.gives(n)).len();
        let rows = c.post.1.of(m.takes(c.post.0)).len();
        if rows == cols {
            c.transform = match r.count(0, 4) {
                0 => Transform::Scalar(r.real(-1.0, 1.0)),
                1 => Transform::Diagonal(r.reals(rows, 1.0)),
                // The first always has weights, so that there is something to edit.
                2 if e > 0 => Transform::None,
                _ => c.transform,
            };
        }
        if r.chance(0.2) {
            c.function = Function::Square;
        }
        m.connections.push(c);
        if r.chance(0.2) {
            let mut c = plain(r, m, n, Part::Neurons(e), 0.1);
            c.filter = filter(r, true);
            m.connections.push(c);
        }
    }
}

/// Two ensembles, and whether what connects them may go without a filter.
fn two(r: &mut Random, m: &Model) -> (usize, usize, bool) {
    let (a, b) = (r.count(0, m.ensembles.len()), r.count(0, m.ensembles.len()));
    (a, b, a < b)
}

/// From the value of one ensemble to another, by decoders or by full weights.
fn decoded(r: &mut Random, m: &mut Model) {
    let (a, b, none) = two(r, m);
    let mut c = plain(r, m, Part::Ensemble(a), Part::Ensemble(b), 0.6);
    c.filter = filter(r, none);
    c.full = r.chance(0.35);
    if r.chance(0.4) {
        c.function = r.of(&[Function::Square, Function::Product]);
    }
    let mid = c.function.width(c.pre.1.of(m.gives(c.pre.0)).len());
    let rows = c.post.1.of(m.takes(c.post.0)).len();
    c.transform = match r.count(0, 3) {
        0 if mid == rows => Transform::None,
        1 if mid == rows => Transform::Scalar(0.5),
        _ => Transform::Matrix(rows, mid, r.reals(rows * mid, 0.6)),
    };
    c.scale = 2e-3;
    m.connections.push(c);
}

/// A usual weight from neurons onto neurons: together they should not drown what else comes in.
fn weak(m: &Model, a: usize) -> f64 {
    3e-4 / m.ensembles[a].n as f64
}

fn from_neurons(r: &mut Random, m: &mut Model) {
    let (a, b, none) = two(r, m);
    let mut c = plain(r, m, Part::Neurons(a), Part::Neurons(b), weak(m, a));
    if r.chance(0.3) {
        c = plain(r, m, Part::Neurons(a), Part::Ensemble(b), 10.0 * weak(m, a));
    }
    c.filter = filter(r, none);
    m.connections.push(c);
}

/// From an ensemble to a node, and from there to another ensemble.
fn out_and_back(r: &mut Random, m: &mut Model) {
    let (a, b, _) = two(r, m);
    let size = r.count(1, 3);
    let n = Part::Node(m.nodes.len());
    m.nodes.push(if r.chance(0.5) { Node::Sum(size) } else { Node::Function(size) });
    let pre = r.of(&[Part::Ensemble(a), Part::Neurons(a)]);
    let mut c = plain(r, m, pre, n, if pre == Part::Neurons(a) { 20.0 * weak(m, a) } else { 0.6 });
    c.filter = filter(r, true);
    if pre == Part::Ensemble(a) {
        c.scale = 2e-3;
    }
    m.connections.push(c);
    let mut c = plain(r, m, n, Part::Ensemble(b), 0.6);
    c.filter = filter(r, false);
    m.connections.push(c);
}

/// A connection with a rule, and what delivers its error.
fn learned(r: &mut Random, m: &mut Model) {
    let (a, b, none) = two(r, m);
    let kind = r.count(0, 5);
    let mut c = if kind < 2 {
        let mut c = plain(r, m, Part::Neurons(a), Part::Neurons(b), weak(m, a));
        if matches!(c.post.1, Cut::List(_)) {
            // An error onto neurons needs a range.
            c = plain(r, m, Part::Neurons(a), Part::Neurons(b), weak(m, a));
            c.post.1 = Cut::All;
            let (rows, cols) = (m.ensembles[b].n, c.pre.1.of(m.ensembles[a].n).len());
            c.transform = Transform::Matrix(rows, cols, r.reals(rows * cols, c.scale));
        }
        c
    } else {
        let mut c = plain(r, m, Part::Ensemble(a), Part::Ensemble(b), 0.6);
        c.scale = 2e-3;
        c.full = kind == 3;
        if c.full && matches!(c.post.1, Cut::List(_)) {
            c.post.1 = Cut::All;
        }
        c.function = r.of(&[Function::Identity, Function::Zero]);
        let mid = c.pre.1.of(m.gives(c.pre.0)).len();
        let rows = c.post.1.of(m.takes(c.post.0)).len();
        c.transform = Transform::Matrix(rows, mid, r.reals(rows * mid, 0.6));
        c
    };
    c.filter = filter(r, none);
    let tau = r.of(&[Some(0.005), Some(0.02), None]);
    let onto_neurons = c.full || matches!(c.post.0, Part::Neurons(_));
    c.rule = Some(match r.count(0, 6) {
        0 if onto_neurons => Rule::Hebb { rate: 1e-8, pre: 0.01, post: 0.005 },
        0 | 1 => Rule::AtOnce { rate: 1e-3 * c.scale, tau, error: r.chance(0.7) },
        2 | 3 if !c.full => {
            c.transform = Transform::None;
            // Devices bring a matrix of their own: from a value its rows are those of the function.
            if c.pre.0 == Part::Ensemble(a) {
                let n = m.ensembles[a].dims.min(m.ensembles[b].dims);
                (c.pre.1, c.post.1) = (Cut::Range(0, n), Cut::Range(0, n));
            }
            c.function = Function::Identity;
            let gain = if onto_neurons { 3e2 } else { 1e4 };
            let (spread, own) = (r.of(&[0.0, 0.15]), r.chance(0.4));
            c.devices = Some(Devices { gain, spread, own });
            c.scale = 1e-6 * gain;
            Rule::Mpes { tau: tau.or(r.of(&[Some(0.005), None])), dead_band: r.of(&[1e-5, 1e-5, 0.1, 0.5]) }
        }
        _ => Rule::Pes { rate: if onto_neurons { 1e-7 } else { 1e-4 }, tau },
    });
    let has_error = c.rule.as_ref().is_some_and(Rule::has_error);
    let k = m.connections.len();
    m.connections.push(c);
    if !has_error {
        return;
    }
    let (rule, time) = (Part::Rule(k), Part::Node(0));
    if r.chance(0.5) {
        let mut c = plain(r, m, time, rule, 1.0);
        c.filter = filter(r, true);
        m.connections.push(c);
    }
    if r.chance(0.6) || m.connections.len() == k + 1 {
        // What the ensemble represents, minus what it should, by way of a node.
        let size = m.takes(rule);
        let n = Part::Node(m.nodes.len());
        m.nodes.push(Node::Sum(size));
        let mut out = plain(r, m, Part::Ensemble(b), n, 1.0);
        out.filter = filter(r, true);
        out.scale = 2e-3;
        let mut wanted = plain(r, m, time, n, 1.0);
        wanted.filter = filter(r, true);
        let mut error = plain(r, m, n, rule, 1.0);
        error.filter = filter(r, true);
        (error.pre.1, error.post.1) = (Cut::All, Cut::All);
        error.transform = Transform::None;
        m.connections.extend([out, wanted, error]);
    }
}

/// A random edit of a connection's weights.
pub fn edit(r: &mut Random, m: &Model, c: usize) -> Edit {
    let (rows, cols) = m.shape(c);
    let pick = match r.count(0, 5) {
        0 => Pick::Element(r.count(0, rows), r.count(0, cols)),
        1 => Pick::Row(r.count(0, rows)),
        2 => Pick::Column(r.count(0, cols)),
        3 => Pick::Mask(mask(r)),
        _ => Pick::All,
    };
    let devices = m.connections[c].devices.is_some();
    // Devices are written relative to where they are: their range is not symmetric, and a write is not a pulse.
    let factor = if devices { 1.0 } else { r.of(&[0.0, 0.5, 0.9, 1.0, -1.0]) };
    Edit { pick, factor, add: m.connections[c].scale * r.real(0.1, 1.0), wave: r.real(0.0, 6.0) }
}

pub fn mask(r: &mut Random) -> Mask {
    Mask { a: r.count(1, 4), b: r.count(1, 5), m: r.count(2, 5) }
}

/// A node that edits weights in the step, perhaps those that another one edits as well.
fn editor(r: &mut Random, m: &mut Model) {
    let edited = m.nodes.iter().find_map(|n| match n {
        Node::Editor { edits, .. } => Some(edits[0].0),
        _ => None,
    });
    // Not what delivers to another editor: the two could wait for each other.
    let to_editor = |c: &usize| match m.connections[*c].post.0 {
        Part::Node(n) => matches!(m.nodes[n], Node::Editor { .. }),
        _ => false,
    };
    let weighted: Vec<usize> =
        (0..m.connections.len()).filter(|c| m.has_weights(*c) && !to_editor(c)).collect();
    let first = match edited {
        Some(c) if r.chance(0.6) => c,
        _ => r.of(&weighted),
    };
    let mut edits = vec![];
    for c in [first, r.of(&weighted)].into_iter().take(r.count(1, 3)) {
        if edits.iter().any(|e: &(usize, Edit)| e.0 == c) {
            continue;
        }
        let mut e = edit(r, m, c);
        if m.connections[c].devices.is_none() {
            // Again and again: it must not grow.
            e.factor = r.of(&[0.9, 0.5, -0.9, 0.0]);
        }
        edits.push((c, e));
    }
    let (n, input) = (m.nodes.len(), r.chance(0.3));
    m.nodes.push(Node::Editor { edits, every: r.of(&[1, 1, 3]), input });
    if input {
        let c = plain(r, m, Part::Node(0), Part::Node(n), 0.5);
        m.connections.push(c);
    }
}

/// A probe of something that the model has.
pub fn probe(r: &mut Random, m: &Model) -> Probe {
    let (e, c) = (r.count(0, m.ensembles.len()), r.count(0, m.connections.len()));
    let k = &m.connections[c];
    let target = match (r.count(0, 8), &k.rule) {
        (0, Some(rule)) if rule.has_error() => Target::Error(c),
        (1, Some(rule)) if rule.input().is_some() => Target::Trace(c),
        (2, Some(_)) if k.devices.is_some() => Target::Minus(c),
        (0 | 2, Some(_)) if k.devices.is_none() => Target::Delta(c),
        (3 | 4, _) if m.has_weights(c) => Target::Weights(c),
        (5, _) => Target::Output(c),
        (0, _) => Target::Input(e),
        (1, _) => Target::Current(e),
        (2, _) if matches!(m.ensembles[e].neurons, Neurons::Lif { .. }) => Target::Voltage(e),
        (3 | 4, _) => Target::Node(0),
        _ => Target::Spikes(e),
    };
    // Weights may be written after filters have read them.
    let plain = matches!(target, Target::Spikes(_) | Target::Input(_) | Target::Current(_) | Target::Node(_));
    let tau = (plain && r.chance(0.4)).then(|| r.of(&[0.005, 0.03]));
    Probe { target, tau, every: r.of(&[1, 1, 3]) }
}
