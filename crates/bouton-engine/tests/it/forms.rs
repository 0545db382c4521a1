//! Which form a matrix is kept in, what `explain` says of it, and why there is none.

use bouton_core::Slice;
use bouton_elements::neurons::{Lif, LifRate, NeuronType};
use bouton_elements::rules::Change;
use bouton_elements::var::parameter_values;
use bouton_engine::{
    Apply, Dot, Lowpass, Neurons, Operand, Options, Passes, Precision, Program, Role, Scale, SignalId,
    Simulation,
};
use bouton_kernels::LIF_NUMBERS;

/// Neurons of a type with these currents; their output.
pub(crate) fn neurons(
    p: &mut Program,
    name: &str,
    of: impl Into<NeuronType>,
    currents: Vec<f64>,
) -> SignalId {
    let (of, n) = (of.into(), currents.len());
    let parameters = parameter_values(&of.model().vars());
    let j = p.signal(format!("{name}.j"), n, 1, Role::Parameter, currents);
    let out = p.signal(format!("{name}.out"), n, 1, Role::Scratch, 0.0);
    let mut on = vec![Operand::set(out)];
    for v in of.model().states() {
        on.push(Operand::set(p.signal(format!("{name}.{}", v.name), n, 1, Role::State, 0.0)));
    }
    let parameters = p.double(format!("{name}.own"), parameters.len(), 1, Role::Parameter, parameters);
    on.extend([j, parameters].map(Operand::read));
    p.kernel(name, Neurons { neurons: of }, on);
    out
}

/// Currents with which neurons spike at rates of their own.
pub(crate) fn driven(n: usize) -> Vec<f64> {
    (0..n).map(|k| 2.5 + 1.4 * (0.7 * k as f64).sin()).collect()
}
fn spikes(p: &mut Program, n: usize) -> SignalId {
    neurons(p, "a", Lif::default(), driven(n))
}

fn matrix(p: &mut Program, rows: usize, cols: usize) -> SignalId {
    p.signal("w", rows, cols, Role::Parameter, 0.25)
}

/// A matrix times something, in a signal that is reset before.
pub(crate) fn product(p: &mut Program, name: &str, w: SignalId, x: SignalId) -> SignalId {
    let (rows, stride) = (p.get(w).rows, p.get(w).stride());
    let y = p.signal(format!("{name}.y"), rows, 1, Role::Scratch, 0.0);
    p.reset(name, y, 0.0);
    p.kernel(name, Dot { stride }, [Operand::inc(y), Operand::read(w), Operand::read(x)]);
    y
}

/// What changes a matrix, with parts that stand still, or with these; as the operator's page lists its operands.
fn change(p: &mut Program, w: SignalId, changes: &[Change], bounded: bool) {
    let (rows, cols) = (p.get(w).rows, p.get(w).cols);
    let mut on = vec![Operand::inc(w), Operand::read(p.signal("frozen", rows, cols, Role::Parameter, 0.0))];
    for (name, len) in changes.iter().flat_map(|c| c.parts(rows, cols)) {
        on.push(Operand::read(p.signal(name, len, 1, Role::Parameter, 1e-3)));
    }
    on.push(Operand::read(p.double("freezing", 1, 1, Role::Parameter, 0.0)));
    if bounded {
        on.push(Operand::read(p.double("bounds", 2, 1, Role::Parameter, vec![-1.0, 1.0])));
    }
    let changes = changes.into();
    p.kernel("rule", Apply { changes, at_spikes: [].into(), cols, bounded, encoded: false }, on);
}

fn explained(p: Program, passes: Passes) -> String {
    Simulation::new(p, Options { passes, ..Options::default() }).unwrap().explain()
}
fn lines<'a>(said: &'a str, begin: &str) -> Vec<&'a str> {
    said.lines().filter(|l| l.starts_with(begin)).collect()
}

#[test]
fn a_matrix_that_spikes_meet_is_kept_by_columns_from_a_size_on() {
    for (rows, cols, large) in [
        (16, 256, true),
        (256, 16, true),
        (64, 64, true),
        (65, 64, true),
        (15, 300, false),
        (300, 15, false),
        (16, 255, false),
        (63, 65, false),
        (2, 2, false),
    ] {
        let mut p = Program::default();
        let x = spikes(&mut p, cols);
        let w = matrix(&mut p, rows, cols);
        product(&mut p, "c", w, x);
        let said = explained(p.clone(), Passes::bitwise());
        let n = rows * cols;
        let form = format!("form `by columns` of `w`: {n} numbers of its own, {} bytes", 8 * n);
        let found = lines(&said, "form");
        assert_eq!(found, if large { vec![&form[..]] } else { vec![] }, "{rows} × {cols}: {said}");
        assert_eq!(lines(&said, "columns").len(), usize::from(large), "{said}");
        // What is small has no form whatever passes there are, and nobody asks why.
        let said = explained(p, Passes::none());
        assert_eq!(lines(&said, "no form of `w`").len(), usize::from(large), "{rows} × {cols}: {said}");
    }
}

#[test]
fn several_matrices_with_forms_are_said_together() {
    let mut p = Program::default();
    let x = spikes(&mut p, 64);
    for (k, rows) in [70, 80].into_iter().enumerate() {
        let w = p.signal(format!("w{k}"), rows, 64, Role::Parameter, 0.25);
        product(&mut p, "c", w, x);
    }
    let options = |precision| Options { passes: Passes::bitwise(), precision, ..Options::default() };
    for (precision, bytes) in [(Precision::F64, 8), (Precision::F32, 4)] {
        let said = Simulation::new(p.clone(), options(precision)).unwrap().explain();
        let form = format!(
            "form `by columns` of 2 signals: {} numbers of its own, {} bytes",
            150 * 64,
            bytes * 150 * 64
        );
        assert_eq!(lines(&said, "form"), [form], "{said}");
    }
    // Marks and their constants, of which each population has its own, in double precision whatever the others are.
    let mut p = Program::default();
    for (name, n) in [("a", 30), ("b", 50)] {
        neurons(&mut p, name, Lif::default(), driven(n));
    }
    let said =
        Simulation::new(p, Options { precision: Precision::F32, ..Options::default() }).unwrap().explain();
    let bytes = 4 * 80 + 8 * 2 * LIF_NUMBERS;
    assert_eq!(
        lines(&said, "form"),
        [format!("form `refractory mark` of 2 signals: 80 numbers of its own, {bytes} bytes")]
    );
}

#[test]
fn copies_of_spikes_are_spikes_and_what_anything_else_writes_is_not() {
    fn copied(p: &mut Program, mut x: SignalId, times: usize) -> SignalId {
        for k in 0..times {
            let y = p.signal(format!("copy{k}"), 64, 1, Role::Scratch, 0.0);
            p.copy("copy", (x, &Slice::All), (y, &Slice::All), false);
            x = y;
        }
        x
    }
    fn added(p: &mut Program, all: &[SignalId]) -> SignalId {
        let y = p.signal("sum", 64, 1, Role::Scratch, 0.0);
        p.reset("sum", y, 0.0);
        all.iter().for_each(|x| p.copy("sum", (*x, &Slice::All), (y, &Slice::All), true));
        y
    }
    type Make = fn(&mut Program, SignalId) -> SignalId;
    let cases: [(&str, bool, Make); 11] = [
        ("themselves", true, |_, x| x),
        ("copied", true, |p, x| copied(p, x, 1)),
        ("copied four times", true, |p, x| copied(p, x, 4)),
        ("copied five times, which is further than anyone looks", false, |p, x| copied(p, x, 5)),
        ("added to zeros", true, |p, x| added(p, &[x])),
        ("their sum", true, |p, x| {
            let c = copied(p, x, 1);
            added(p, &[x, c])
        }),
        ("in another order", true, |p, x| {
            let y = p.signal("turned", 64, 1, Role::Scratch, 0.0);
            let turned = Slice::Indices((0..64).rev().collect());
            p.copy("turned", (x, &turned), (y, &Slice::All), false);
            y
        }),
        ("numbers that stand still", false, |p, _| p.signal("still", 64, 1, Role::Parameter, 1.0)),
        ("copies of these", false, |p, _| {
            let still = p.signal("still", 64, 1, Role::Parameter, 1.0);
            copied(p, still, 1)
        }),
        ("zeros", false, |p, _| added(p, &[])),
        ("with something added", false, |p, x| {
            let still = p.signal("still", 64, 1, Role::Parameter, 1.0);
            added(p, &[x, still])
        }),
    ];
    for (what, is, make) in cases {
        let mut p = Program::default();
        let x = spikes(&mut p, 64);
        let x = make(&mut p, x);
        let w = matrix(&mut p, 80, 64);
        product(&mut p, "c", w, x);
        let said = explained(p, Passes::bitwise());
        let why = "no form of `w`: what it is multiplied by isn't spikes alone";
        assert_eq!(
            (lines(&said, "form").len(), said.contains(why)),
            (usize::from(is), !is),
            "{what}: {said}"
        );
    }
}

#[test]
fn of_each_large_matrix_that_is_kept_by_rows_it_is_said_why() {
    type Make = fn(&mut Program, SignalId, SignalId);
    fn learned(p: &mut Program, w: SignalId, x: SignalId, changes: &[Change], bounded: bool) {
        product(p, "c", w, x);
        change(p, w, changes, bounded);
    }
    let off = "the passes for it are switched off";
    let (all, bitwise, none) = (Passes::default(), Passes::bitwise(), Passes::none());
    let cases: [(&str, Passes, Make); 21] = [
        ("", all, |p, w, x| _ = product(p, "c", w, x)),
        (off, none, |p, w, x| _ = product(p, "c", w, x)),
        ("the product reads a part of it", all, |p, w, x| {
            let part = p.view(w, 200, 40, 200);
            product(p, "c", part, x);
        }),
        ("what it is multiplied by isn't spikes alone", all, |p, w, _| {
            let rates = neurons(p, "rates", LifRate::default(), driven(200));
            product(p, "c", w, rates);
        }),
        ("what it is multiplied by isn't spikes alone", all, |p, w, x| {
            // Spikes that are filtered, scaled and set by a call are none.
            let y = p.signal("filtered", 200, 1, Role::State, 0.0);
            let c = p.double("c", 2, 1, Role::Parameter, vec![0.5, 0.5]);
            p.kernel("filter", Lowpass, [Operand::update(y), Operand::read(x), Operand::read(c)]);
            product(p, "c", w, y);
        }),
        ("what it is multiplied by isn't spikes alone", all, |p, w, x| {
            let (y, by) =
                (p.signal("y", 200, 1, Role::Scratch, 0.0), p.signal("by", 1, 1, Role::Parameter, 2.0));
            p.reset("scaled", y, 0.0);
            p.kernel("scaled", Scale, [Operand::inc(y), Operand::read(by), Operand::read(x)]);
            product(p, "c", w, y);
        }),
        ("2 products read it", all, |p, w, x| {
            product(p, "c", w, x);
            product(p, "d", w, x);
        }),
        ("it is used in each step by `copy` of looks", all, |p, w, x| {
            product(p, "c", w, x);
            let z = p.signal("z", 48, 200, Role::Scratch, 0.0);
            p.copy("looks", (w, &Slice::All), (z, &Slice::All), false);
        }),
        ("it is used in each step by `copy` of looks, `copy` of too", all, |p, w, x| {
            product(p, "c", w, x);
            for name in ["looks", "too"] {
                let z = p.signal("z", 48, 200, Role::Scratch, 0.0);
                p.copy(name, (w, &Slice::All), (z, &Slice::All), false);
            }
        }),
        ("it is used in each step by `apply` of other", all, |p, w, x| {
            // It is what another matrix is changed by.
            product(p, "c", w, x);
            let v = p.signal("v", 48, 200, Role::State, 0.0);
            let frozen = p.signal("frozen", 48, 200, Role::Parameter, 0.0);
            let freezing = p.double("freezing", 1, 1, Role::Parameter, 0.0);
            let on = [Operand::inc(v), Operand::read(frozen), Operand::read(w), Operand::read(freezing)];
            let changes = [Change::Dense].into();
            let apply = Apply { changes, at_spikes: [].into(), cols: 200, bounded: false, encoded: false };
            p.kernel("other", apply, on);
        }),
        ("", all, |p, w, x| learned(p, w, x, &[Change::Outer(1)], false)),
        ("", all, |p, w, x| learned(p, w, x, &[Change::Scaled(0)], false)),
        ("", all, |p, w, x| learned(p, w, x, &[Change::Scaled(1)], false)),
        (off, bitwise, |p, w, x| learned(p, w, x, &[Change::Outer(1)], false)),
        (off, bitwise, |p, w, x| learned(p, w, x, &[Change::Scaled(1)], false)),
        ("2 rules change it", all, |p, w, x| {
            learned(p, w, x, &[Change::Outer(1), Change::Scaled(0)], false);
        }),
        ("the connection's `bounds` are kept by every weight in each step", all, |p, w, x| {
            learned(p, w, x, &[Change::Outer(1)], true);
        }),
        ("the rule's change is a matrix", all, |p, w, x| learned(p, w, x, &[Change::Dense], false)),
        ("the rule's change is a matrix", all, |p, w, x| learned(p, w, x, &[Change::Rare], false)),
        ("the rule's change is a sum of 2 products", all, |p, w, x| {
            learned(p, w, x, &[Change::Outer(2)], false);
        }),
        ("the rule's change is a sum of 3 products", all, |p, w, x| {
            learned(p, w, x, &[Change::Scaled(3)], false);
        }),
    ];
    for (k, (why, passes, make)) in cases.into_iter().enumerate() {
        let mut p = Program::default();
        let x = spikes(&mut p, 200);
        let w = matrix(&mut p, 48, 200);
        make(&mut p, w, x);
        let said = explained(p, passes);
        let wanted = if why.is_empty() { vec![] } else { vec![format!("no form of `w`: {why}")] };
        assert_eq!(lines(&said, "no form"), wanted, "case {k}: {said}");
        assert_eq!(
            lines(&said, "form").iter().filter(|l| l.contains("`w`")).count(),
            usize::from(why.is_empty())
        );
    }
}

#[test]
fn forms_have_at_most_as_many_columns_as_spikes_are_listed_of() {
    for (cols, formed) in [(65_536, true), (65_537, false)] {
        let mut p = Program::default();
        let x = neurons(&mut p, "a", Lif::default(), vec![0.0; cols]);
        let w = matrix(&mut p, 16, cols);
        product(&mut p, "c", w, x);
        let why = format!("no form of `w`: it has {cols} columns, and forms have at most 65536");
        let said = explained(p.clone(), Passes::none());
        assert_eq!(said.contains(&why), !formed, "{said}");
        assert_eq!(said.contains("the passes for it are switched off"), formed, "{said}");
        let said = explained(p, Passes::bitwise());
        assert_eq!(said.contains(&why), !formed, "{said}");
        assert_eq!(lines(&said, "form").len(), usize::from(formed), "{said}");
    }
}

#[test]
fn a_matrix_is_kept_as_factors_of_at_most_an_eighth_of_its_rows_and_columns_and_of_sixteen() {
    // Found in it, as many as there may be.
    for (rows, cols, inner) in [(48, 200, 6), (200, 48, 6), (63, 70, 7), (64, 70, 8), (200, 300, 16)] {
        let mut p = Program::default();
        let x = spikes(&mut p, cols);
        let w = matrix(&mut p, rows, cols);
        product(&mut p, "c", w, x);
        let said = explained(p, Passes::default());
        let n = rows * cols + inner * (rows + cols) + 3;
        let form = format!("form `factored` of `w`: {n} numbers of its own, {} bytes", 8 * n);
        assert!(said.contains(&form), "{said}");
    }
    // Given by encoders of as many dimensions.
    for (rows, cols, inner, is) in [
        (64, 70, 8, true),
        (64, 70, 9, false),
        (70, 64, 8, true),
        (70, 64, 9, false),
        (64, 70, 1, true),
        (128, 160, 16, true),
        (160, 160, 17, false),
    ] {
        let mut p = Program::default();
        let x = spikes(&mut p, cols);
        let w = matrix(&mut p, rows, cols);
        product(&mut p, "c", w, x);
        let parts = [("frozen", rows * cols), ("scale", 1), ("post", rows), ("pre", cols)];
        let mut on = vec![Operand::inc(w)];
        on.extend(parts.map(|(name, n)| Operand::read(p.signal(name, n, 1, Role::Parameter, 0.0))));
        on.push(Operand::read(p.signal("e", rows, inner, Role::Parameter, 0.5)));
        on.push(Operand::read(p.signal("values", inner, 1, Role::Parameter, 0.0)));
        on.push(Operand::read(p.double("freezing", 1, 1, Role::Parameter, 0.0)));
        let changes = [Change::Outer(1)].into();
        p.kernel("rule", Apply { changes, at_spikes: [].into(), cols, bounded: false, encoded: true }, on);
        let said = explained(p, Passes::default());
        let name = if is { "factored" } else { "pending" };
        assert!(said.contains(&format!("form `{name}` of `w`")), "{rows} × {cols}, {inner}: {said}");
    }
}

#[test]
fn what_somebody_reaches_by_its_address_is_no_part_of_a_form() {
    let mut p = Program::default();
    let x = spikes(&mut p, 80);
    let w = matrix(&mut p, 80, 80);
    let y = product(&mut p, "c", w, x);
    for (hold, formed) in [(x, false), (w, false), (y, true)] {
        let options = Options { passes: Passes::bitwise(), ..Options::default() };
        let mut s = Simulation::new(p.clone(), options).unwrap();
        s.hold(&[hold]).unwrap();
        assert_eq!(s.explain().contains("[events]"), formed, "{}: {}", p.get(hold).name, s.explain());
        let why =
            if hold == w { "reads and writes it at its" } else { "what it is multiplied by at its address" };
        assert!(formed || s.explain().contains(why), "{}", s.explain());
    }
}
