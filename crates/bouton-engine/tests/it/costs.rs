//! What edits and probes cost, by counts: an edit what it selects, probes one plan however many they are.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use bouton_core::{Failure, Slice};
use bouton_engine::{
    At, Bounds, Call, Derive, Derived, Draws, Io, Knob, Observe, Op, Operand, Options, Passes, Pick, Program,
    Role, Running, Sees, Simulation, Start,
};

use crate::programs::edit;

fn state(s: &mut Simulation) -> Vec<u64> {
    let paths = ["gain", "encoders", "product"];
    paths.iter().flat_map(|p| s.read(p, &Pick::All).unwrap()).map(f64::to_bits).collect()
}

/// Encoders times gains, which counts what it computes by elements and as a whole.
#[derive(Debug, Default)]
struct Scaled {
    cols: usize,
    elements: AtomicUsize,
    wholes: AtomicUsize,
}

impl Derive for Scaled {
    fn derive(&self, _: f64, reads: &[&[f64]], writes: &mut [Vec<f64>]) -> Result<(), String> {
        self.wholes.fetch_add(1, Relaxed);
        writes[0] = reads[1].iter().enumerate().map(|(k, x)| reads[0][k / self.cols] * x).collect();
        Ok(())
    }
    fn follows(&self, read: usize, at: &[usize]) -> Option<Vec<usize>> {
        let d = self.cols;
        Some(if read == 0 { at.iter().flat_map(|n| n * d..(n + 1) * d).collect() } else { at.to_vec() })
    }
    fn element(&self, _: f64, read: &dyn Fn(usize, usize) -> f64, k: usize) -> Result<f64, String> {
        self.elements.fetch_add(1, Relaxed);
        let y = read(0, k / self.cols) * read(1, k);
        if y == 13.0 { Err("13 brings bad luck".into()) } else { Ok(y) }
    }
}

#[test]
fn an_edit_costs_what_follows_from_what_it_selects() {
    let (n, d) = (500, 4);
    let scaled = Arc::new(Scaled { cols: d, ..Scaled::default() });
    let mut p = Program::default();
    let gain = p.double("gain", n, 1, Role::Parameter, vec![2.0; n]);
    let x: Vec<f64> = (0..n * d).map(|k| k as f64).collect();
    let encoders = p.double("encoders", n, d, Role::Parameter, x.clone());
    let y: Vec<f64> = x.iter().map(|x| 2.0 * x).collect();
    let product = p.signal("product", n, d, Role::Parameter, y);
    for (path, s) in [("gain", gain), ("encoders", encoders), ("product", product)] {
        p.knobs_mut().add(path, Knob::plain(s, "", Bounds::ANY, "for the test"));
    }
    let what: Arc<dyn Derive> = scaled.clone();
    p.derive(Derived { what, reads: vec![gain, encoders], writes: vec![product], of: "product".into() });
    let mut s = Simulation::new(p, Options::default()).unwrap();
    let mut count = |pick: Pick, path: &str, values: &[f64]| {
        let before = [&scaled.elements, &scaled.wholes].map(|c| c.load(Relaxed));
        let entry = s.apply(&edit(path, pick, values));
        let after = [&scaled.elements, &scaled.wholes].map(|c| c.load(Relaxed));
        let all = s.read("gain", &Pick::All).unwrap();
        let (e, y) = (s.read("encoders", &Pick::All).unwrap(), s.read("product", &Pick::All).unwrap());
        assert!((0..n * d).all(|k| y[k].to_bits() == (all[k / d] * e[k]).to_bits()), "{path}");
        (after[0] - before[0], after[1] - before[1], entry)
    };
    for (path, pick, values, wanted) in [
        ("encoders", Pick::Row(7), &[1.5, 2.5, 3.5, 4.5][..], (4, 0)),
        ("encoders", Pick::Element(499, 3), &[0.25], (1, 0)),
        ("gain", Pick::Row(3), &[0.5], (4, 0)),
        ("gain", Pick::Where([9, 2, 9].into()), &[0.5, 0.75, 3.0], (8, 0)),
        ("encoders", Pick::Column(1), &[3.0; 500], (500, 0)),
        ("encoders", Pick::All, &vec![1.25; n * d], (0, 1)),
    ] {
        let (elements, wholes, entry) = count(pick, path, values);
        assert_eq!((elements, wholes), wanted, "{path}");
        entry.unwrap();
    }
    // What is refused has written nothing, and what is taken back is as it was.
    let (_, _, refused) = count(Pick::Element(5, 0), "encoders", &[6.5]);
    assert!(refused.unwrap_err().to_string().contains("bad luck"));
    let before = state(&mut s);
    let bytes = s.log().bytes();
    let entry = s.apply(&edit("encoders", Pick::Row(11), &[4.0, 3.0, 2.0, 1.0])).unwrap();
    assert!(s.log().bytes() - bytes < 1000, "the log keeps what was selected");
    assert!(state(&mut s) != before);
    s.undo(entry).unwrap();
    assert_eq!(state(&mut s), before);
}

/// Counts how often it is asked what it sees: once a plan.
#[derive(Debug)]
struct Planned(Arc<AtomicUsize>);

impl Call for Planned {
    fn name(&self) -> &str {
        "planned"
    }
    fn sees(&self) -> Sees {
        self.0.fetch_add(1, Relaxed);
        Sees::Operands
    }
    fn start(&self, _: &Start) -> Result<Box<dyn Running>, String> {
        Ok(Box::new(Still))
    }
}

struct Still;

impl Running for Still {
    fn step(&mut self, _: &At, _: &mut Io<'_>) -> Result<(), Failure> {
        Ok(())
    }
}

#[test]
fn many_probes_are_attached_with_one_plan() {
    let asked = Arc::new(AtomicUsize::new(0));
    // Spikes are handed on within a kernel, and stored for who looks.
    let mut p = crate::programs::chain_of(1).program;
    let drive = p.by_name()["drive"];
    p.add("planned", Op::Call(Arc::new(Planned(asked.clone()))), [Operand::read(drive)], Draws::No);
    let mut s = Simulation::new(p, Options::default()).unwrap();
    let pins: Vec<Observe> = ["a.out", "b.out"].map(|n| Observe::new(s.program().by_name()[n], n)).into();
    let before = asked.load(Relaxed);
    s.replan(Passes::default()).unwrap();
    let one = asked.load(Relaxed) - before;
    assert!(one > 0);
    // What a plan stores is found when it is asked for first.
    assert!(pins.iter().all(|p| !s.stores(p.signal)));
    let before = asked.load(Relaxed);
    let ids = s.attach_all(pins.clone()).unwrap();
    assert_eq!(asked.load(Relaxed) - before, one);
    s.step().unwrap();
    assert!(ids.iter().all(|id| s.samples(*id).unwrap().rows() == 1));
    // As many are detached with one new plan; with one that isn't there, none is.
    assert!(s.detach_all(&[ids[0], ids[0]]).is_err() && s.samples(ids[0]).is_ok());
    let before = asked.load(Relaxed);
    assert!(s.detach_all(&ids).unwrap().iter().all(|r| r.steps().len() == 1));
    assert_eq!(asked.load(Relaxed) - before, one);
    // Parameters need no plan, and of what is refused none is attached.
    let before = asked.load(Relaxed);
    s.attach_all(vec![Observe::new(s.program().by_name()["drive"], "drive")]).unwrap();
    let mut bad = pins;
    bad[1].rows = Some(vec![40]);
    let e = s.attach_all(bad).unwrap_err().to_string();
    assert!(e.starts_with("b.out:") && e.contains("row 40"), "{e}");
    assert_eq!(asked.load(Relaxed), before);
    let next = s.attach(Observe::new(s.program().by_name()["drive"], "drive")).unwrap();
    assert_eq!(s.sample_shape(next).unwrap(), (1, 1));
    s.step().unwrap();
}

#[test]
fn a_step_is_shared_out_where_it_has_enough_work() {
    let units = |copies: usize, n: usize, threads: usize| {
        let mut p = Program::default();
        for k in 0..copies {
            let x = p.signal(format!("x{k}"), n, 1, Role::Parameter, 1.0);
            let y = p.signal(format!("y{k}"), n, 1, Role::Scratch, 0.0);
            p.copy("it", (x, &Slice::All), (y, &Slice::All), false);
        }
        Simulation::new(p, Options { threads, ..Options::default() }).unwrap().parallel_units()
    };
    // 640 numbers are not worth a second thread, 640,000 are.
    assert_eq!(units(64, 10, 2), 0);
    let many = units(64, 10_000, 2);
    assert!((10..=20).contains(&many), "{many} units of 64 copies");
    assert_eq!(units(64, 10_000, 1), 0, "one thread shares nothing");
    assert_eq!(units(1, 640_000, 2), 0, "one copy is one unit");
}
