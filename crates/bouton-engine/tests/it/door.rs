//! The one door from its other sides: doors of a knob's own, calls that see everything, views and forms.

use std::sync::{Arc, Mutex};

use bouton_core::{Failure, Slice};
use bouton_elements::neurons::Lif;
use bouton_engine::{
    At, Bounds, By, Call, Derive, Derived, Door, DoorAccess, Dot, Draws, Everything, Io, Knob, Lowpass,
    Neurons, Observe, Op, Operand, Options, Passes, Pick, Precision, Program, Reset, Role, Running, Sees,
    SignalId, Simulation, Start, digest,
};

use crate::programs::edit;

fn plain(p: &mut Program, name: &str, s: SignalId) {
    p.knobs_mut().add(name, Knob::plain(s, "", Bounds::ANY, "for the test"));
}

#[test]
fn picks_are_positions_row_by_row() {
    let positions = |p: &Pick| p.positions((3, 4)).map(|at| at.unwrap_or((0..12).collect()));
    assert_eq!(positions(&Pick::All).unwrap(), (0..12).collect::<Vec<_>>());
    assert_eq!(positions(&Pick::Row(2)).unwrap(), [8, 9, 10, 11]);
    assert_eq!(positions(&Pick::Column(3)).unwrap(), [3, 7, 11]);
    assert_eq!(positions(&Pick::Element(2, 1)).unwrap(), [9]);
    assert_eq!(positions(&Pick::Where([11, 0].into())).unwrap(), [11, 0]);
    assert_eq!(Pick::mask((3, 4), |r, c| r == 2 && c > 1), Pick::Where([10, 11].into()));
    for (pick, says) in [
        (Pick::Row(3), "no row 3"),
        (Pick::Column(4), "no column 4"),
        (Pick::Element(3, 0), "no element (3, 0)"),
        (Pick::Element(0, 4), "no element (0, 4)"),
        (Pick::Where([1, 12].into()), "no position 12"),
    ] {
        let e = positions(&pick).unwrap_err();
        assert!(e.contains(says) && e.contains("3 × 4"), "{e}");
    }
}

type Acts = fn(&[usize], &[f64], &[SignalId], &mut dyn DoorAccess) -> Result<(), String>;

/// A door that does what the test says with the signals `a` (six numbers), `b` (a part of it: columns 1 and 2 of two rows of
/// three) and `c` (four numbers).
struct Scripted(Acts, Vec<SignalId>);
impl std::fmt::Debug for Scripted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("scripted")
    }
}
impl Door for Scripted {
    fn write(&self, at: &[usize], values: &[f64], numbers: &mut dyn DoorAccess) -> Result<(), String> {
        (self.0)(at, values, &self.1, numbers)
    }
}

fn behind_a_door(acts: Acts) -> Simulation {
    let mut p = Program::default();
    let a = p.signal("a", 2, 3, Role::Parameter, vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    let b = p.view(a, 1, 2, 2);
    let c = p.double("c", 4, 1, Role::Parameter, vec![10.0, 11.0, 12.0, 13.0]);
    for (name, s) in [("a", a), ("c", c)] {
        plain(&mut p, name, s);
    }
    let door = Arc::new(Scripted(acts, vec![a, b, c]));
    p.knobs_mut().add("door", Knob::through(b, "", "columns 1 and 2", door));
    Simulation::new(p, Options::default()).unwrap()
}
fn all(s: &mut Simulation) -> (Vec<f64>, Vec<f64>) {
    (s.read("a", &Pick::All).unwrap(), s.read("c", &Pick::All).unwrap())
}

#[test]
fn a_door_is_given_what_is_written_and_sees_what_it_has_set() {
    let mut s = behind_a_door(|at, values, s, numbers| {
        assert_eq!((at, values), (&[1, 3][..], &[0.5, 0.25][..]));
        let [a, b, c] = s[..] else { panic!("three") };
        // What nobody has set is what there is.
        assert_eq!((numbers.at(a, 4), numbers.at(b, 2), numbers.at(c, 3)), (4.0, 4.0, 13.0));
        numbers.set(a, 4, 40.0);
        assert_eq!((numbers.at(a, 4), numbers.at(a, 5)), (40.0, 5.0));
        numbers.set(a, 0, -1.0);
        numbers.set(a, 4, 41.0);
        assert_eq!((numbers.at(a, 0), numbers.at(a, 4), numbers.at(a, 1)), (-1.0, 41.0, 1.0));
        // The part of it sees what was set in the whole, and the whole what was set in the part.
        assert_eq!(numbers.read(a), [-1.0, 1.0, 2.0, 3.0, 41.0, 5.0]);
        assert_eq!(numbers.read(b), [1.0, 2.0, 41.0, 5.0]);
        numbers.set(b, 1, 20.0);
        assert_eq!(numbers.read(a), [-1.0, 1.0, 20.0, 3.0, 41.0, 5.0]);
        numbers.set_all(c, &[1.0, 2.0, 3.0, 4.0]);
        assert_eq!(numbers.at(c, 2), 3.0);
        numbers.set(c, 2, 30.0);
        assert_eq!((numbers.at(c, 2), numbers.at(c, 1)), (30.0, 2.0));
        assert_eq!(numbers.read(c), [1.0, 2.0, 30.0, 4.0]);
        Ok(())
    });
    let before = all(&mut s);
    let n = s.apply(&edit("door", Pick::Column(1), &[0.5, 0.25])).unwrap();
    let after = (vec![-1.0, 1.0, 20.0, 3.0, 41.0, 5.0], vec![1.0, 2.0, 30.0, 4.0]);
    assert_eq!(all(&mut s), after);
    s.undo(n).unwrap();
    assert_eq!(all(&mut s), before);
    s.undo(n + 1).unwrap();
    assert_eq!(all(&mut s), after, "what was taken back can be brought back");
}

#[test]
fn of_several_writes_of_a_door_the_last_counts() {
    let mut s = behind_a_door(|at, _, s, numbers| {
        assert_eq!(at, [0, 1, 2, 3]);
        let [a, _, c] = s[..] else { panic!("three") };
        numbers.set(c, 1, -5.0);
        numbers.set_all(c, &[6.0, 7.0, 8.0, 9.0]);
        assert_eq!((numbers.at(c, 1), numbers.at(c, 0)), (7.0, 6.0));
        numbers.set_all(a, &[0.5; 6]);
        numbers.set_all(a, &[0.75; 6]);
        numbers.set(a, 3, 1.5);
        assert_eq!((numbers.at(a, 3), numbers.at(a, 2)), (1.5, 0.75));
        Ok(())
    });
    s.apply(&edit("door", Pick::All, &[0.0; 4])).unwrap();
    assert_eq!(all(&mut s), (vec![0.75, 0.75, 0.75, 1.5, 0.75, 0.75], vec![6.0, 7.0, 8.0, 9.0]));
}

#[test]
fn what_a_door_refuses_or_what_is_no_number_is_not_written() {
    for (acts, says) in [
        (
            (|_, _, s, numbers| {
                numbers.set(s[0], 1, 7.0);
                numbers.set_all(s[2], &[1.0; 4]);
                Err("it is closed".into())
            }) as Acts,
            "it is closed. Nothing was written",
        ),
        (
            |_, _, s, numbers| {
                numbers.set(s[0], 1, 7.0);
                numbers.set(s[2], 1, f64::INFINITY);
                Ok(())
            },
            "`c` would hold inf",
        ),
    ] {
        let mut s = behind_a_door(acts);
        let before = all(&mut s);
        let e = s.apply(&edit("door", Pick::Element(0, 1), &[0.5])).unwrap_err().to_string();
        assert!(e.starts_with("door:") && e.contains(says), "{e}");
        assert_eq!(all(&mut s), before);
        assert_eq!(s.log().entries().len(), 0);
    }
}

#[derive(Debug)]
struct Sums;
impl Derive for Sums {
    fn derive(&self, dt: f64, reads: &[&[f64]], writes: &mut [Vec<f64>]) -> Result<(), String> {
        writes[0][0] += reads.iter().flat_map(|x| x.iter()).sum::<f64>() * dt;
        Ok(())
    }
}

#[test]
fn what_follows_follows_in_turn_and_once() {
    let mut p = Program::default();
    let [x, y, z, other]: [SignalId; 4] =
        ["x", "y", "z", "other"].map(|n| p.double(n, 1, 1, Role::Parameter, 1.0));
    // `z` follows from both, `y` from `x`; each adds to what it was, and so shows how often it was asked.
    for (reads, w) in [(vec![x], y), (vec![x, y], z)] {
        p.derive(Derived { what: Arc::new(Sums), reads, writes: vec![w], of: "sum".into() });
    }
    for (name, s) in [("x", x), ("y", y), ("z", z), ("other", other)] {
        plain(&mut p, name, s);
    }
    let mut s = Simulation::new(p, Options { dt: 0.5, ..Options::default() }).unwrap();
    let read = |s: &mut Simulation| ["x", "y", "z"].map(|n| s.read(n, &Pick::All).unwrap()[0]);
    s.apply(&edit("other", Pick::All, &[9.0])).unwrap();
    assert_eq!(read(&mut s), [1.0, 1.0, 1.0]);
    s.apply(&edit("x", Pick::All, &[4.0])).unwrap();
    // 1 + 4/2, and 1 + (4 + 3)/2.
    assert_eq!(read(&mut s), [4.0, 3.0, 4.5]);
    s.apply(&edit("y", Pick::All, &[2.0])).unwrap();
    assert_eq!(read(&mut s), [4.0, 2.0, 7.5]);
    // One behind the other: the last reads nothing of what was written, but what follows from it.
    let mut p = Program::default();
    let chain: [SignalId; 4] = ["a", "b", "c", "d"].map(|n| p.double(n, 1, 1, Role::Parameter, 1.0));
    for (name, s) in ["a", "b", "c", "d"].into_iter().zip(chain) {
        plain(&mut p, name, s);
    }
    for w in chain.windows(2) {
        p.derive(Derived { what: Arc::new(Sums), reads: vec![w[0]], writes: vec![w[1]], of: "sum".into() });
    }
    let mut s = Simulation::new(p, Options { dt: 0.5, ..Options::default() }).unwrap();
    s.apply(&edit("a", Pick::All, &[6.0])).unwrap();
    assert_eq!(["b", "c", "d"].map(|n| s.read(n, &Pick::All).unwrap()[0]), [4.0, 3.0, 2.5]);
}

type Looks = fn(&At, &mut Everything<'_>);

/// A call that does what the test says with everything.
struct Watching(Looks);
impl std::fmt::Debug for Watching {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("watching")
    }
}
impl Call for Watching {
    fn name(&self) -> &str {
        "watching"
    }
    fn sees(&self) -> Sees {
        Sees::Everything
    }
    fn start(&self, _: &Start) -> Result<Box<dyn Running>, String> {
        Ok(Box::new(Watching(self.0)))
    }
}
impl Running for Watching {
    fn step(&mut self, at: &At, io: &mut Io<'_>) -> Result<(), Failure> {
        (self.0)(at, &mut io.everything().ok_or("it sees everything")?);
        Ok(())
    }
}

/// `w` (2 × 3, between -9 and 9), which the call may edit, and `other` (two numbers), which it may not.
fn watched(looks: Looks, precision: Precision) -> Simulation {
    let mut p = Program::default();
    let w = p.signal("w", 2, 3, Role::Parameter, vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    let other = p.signal("other", 2, 1, Role::Parameter, 0.5);
    let free = p.signal("free", 2, 1, Role::Parameter, 0.5);
    let bounds = Bounds { low: -9.0, high: 9.0, ..Bounds::ANY };
    p.knobs_mut().add("w", Knob::plain(w, "mV", bounds, "some"));
    plain(&mut p, "other", other);
    plain(&mut p, "free", free);
    p.knobs_mut().add("kept", Knob::read_only(free, "", "the same", "write `free`"));
    let call = Op::Call(Arc::new(Watching(looks)));
    p.add("watcher", call, [Operand::edit(w), Operand::edit(free)], Draws::No);
    Simulation::new(p, Options { precision, ..Options::default() }).unwrap()
}

#[test]
fn a_call_that_sees_everything_reads_and_edits_what_it_has_declared() {
    let mut s = watched(
        |at, all| {
            assert_eq!((all.shape("w").unwrap(), all.shape("other").unwrap()), ((2, 3), (2, 1)));
            assert!(all.shape("v").is_err() && all.read("v", &Pick::All).is_err());
            assert_eq!(all.read("w", &Pick::Column(1)).unwrap(), [1.0, 4.0]);
            assert!(all.read("w", &Pick::Row(2)).is_err());
            assert!(all.may_edit("w") && !all.may_edit("other") && !all.may_edit("v"));
            let e = all.edit(&edit("other", Pick::All, &[1.0, 2.0])).unwrap_err().to_string();
            assert!(e.contains("`watcher` edits it without having declared it"), "{e}");
            assert!(all.set("other", &[1.0, 2.0]).unwrap_err().to_string().contains("declared"));
            let e = all.edit(&edit("v", Pick::All, &[1.0])).unwrap_err().to_string();
            assert!(e.contains("nothing of that path"), "{e}");
            let e = all.set("kept", &[1.0, 2.0]).unwrap_err().to_string();
            assert!(e.contains("write `free`"), "{e}");
            all.edit(&edit("w", Pick::Row(1), &[at.step as f64; 3])).unwrap();
            assert_eq!(all.read("w", &Pick::All).unwrap(), [[0.0, 1.0, 2.0], [at.step as f64; 3]].concat());
            all.set("free", &[at.step as f64, -1.0]).unwrap();
            all.edit(&edit("w", Pick::Row(1), &[3.0, 4.0, 5.0])).unwrap();
        },
        Precision::F64,
    );
    s.run_steps(2).unwrap();
    assert_eq!(s.read("free", &Pick::All).unwrap(), [2.0, -1.0]);
    assert_eq!(s.read("other", &Pick::All).unwrap(), [0.5, 0.5]);
    // Each is in the log with its step and the digest of what was picked and written.
    let log: Vec<_> = s.log().entries().cloned().collect();
    assert_eq!(log.len(), 6);
    for (k, e) in log.iter().enumerate() {
        let step = 1 + k as u64 / 3;
        let (path, pick, values) = match k % 3 {
            0 => ("w", Pick::Row(1), vec![step as f64; 3]),
            1 => ("free", Pick::All, vec![step as f64, -1.0]),
            _ => ("w", Pick::Row(1), vec![3.0, 4.0, 5.0]),
        };
        assert_eq!((e.number, e.step, e.path.as_str()), (k as u64, step, path));
        assert_eq!((&e.by, e.values.len()), (&By::Call("watcher".into()), 0));
        assert_eq!(e.digest, digest(&pick, &values));
        assert!(!e.is_whole());
    }
    assert!(s.undo(0).unwrap_err().to_string().contains("callback's write"));
}

#[test]
fn what_a_call_sets_as_a_whole_is_checked_like_an_edit() {
    for precision in [Precision::F64, Precision::F32] {
        let mut s = watched(
            |_, all| {
                for bad in [&[1.0, 9.5, 0.0, 0.0, 0.0, 0.0][..], &[1.0; 5], &[1.0; 7], &[f64::NAN; 6]] {
                    assert!(all.set("w", bad).is_err(), "{bad:?}");
                }
                for bad in [&[1.0][..], &[1.0; 3], &[0.0, f64::NAN], &[f64::INFINITY, 0.0]] {
                    assert!(all.set("free", bad).is_err(), "{bad:?}");
                }
                all.set("w", &[9.0; 6]).unwrap();
            },
            precision,
        );
        s.step().unwrap();
        assert_eq!(s.read("free", &Pick::All).unwrap(), [0.5; 2]);
        assert_eq!(s.read("w", &Pick::All).unwrap(), [9.0; 6]);
        assert_eq!(s.log().entries().len(), 1);
    }
    let mut s = watched(
        |_, all| {
            let e = all.set("free", &[1e300, 0.0]).unwrap_err().to_string();
            assert!(e.contains("must be finite"), "{e}");
            all.set("free", &[0.1, 0.0]).unwrap();
            assert_eq!(all.read("free", &Pick::All).unwrap(), [f64::from(0.1f32), 0.0]);
        },
        Precision::F32,
    );
    s.step().unwrap();
}

#[test]
fn a_number_that_is_written_as_it_is_keeps_its_bits() {
    for precision in [Precision::F64, Precision::F32] {
        let mut p = Program::default();
        let (w, d) = (
            p.signal("w", 3, 1, Role::Parameter, vec![-0.0, 1.0, 2.0]),
            p.double("d", 3, 1, Role::Parameter, vec![-0.0, 1.0, 2.0]),
        );
        for (name, s) in [("w", w), ("d", d)] {
            plain(&mut p, name, s);
        }
        let mut s = Simulation::new(p, Options { precision, ..Options::default() }).unwrap();
        for path in ["w", "d"] {
            s.apply(&edit(path, Pick::All, &[0.0, 1.0, 3.0])).unwrap();
            s.apply(&edit(path, Pick::Where([0, 1].into()), &[0.0, 4.0])).unwrap();
            let found: Vec<u64> = s.read(path, &Pick::All).unwrap().iter().map(|x| x.to_bits()).collect();
            assert_eq!(found, [-0.0, 4.0, 3.0].map(f64::to_bits), "{path}, {precision:?}");
        }
    }
}

const N: usize = 96;

/// LIF neurons whose spikes meet a large matrix `w`, rows and columns of which have paths of their own.
fn large() -> Program {
    let mut p = Program::default();
    let wave = |k: usize, f: f64| (f * k as f64).sin();
    let drive =
        p.signal("drive", N, 1, Role::Parameter, (0..N).map(|k| 2.0 + wave(k, 0.3)).collect::<Vec<_>>());
    let j = p.signal("j", N, 1, Role::Scratch, 0.0);
    p.copy("a", (drive, &Slice::All), (j, &Slice::All), false);
    let out = p.signal("out", N, 1, Role::Scratch, 0.0);
    let v = p.signal("v", N, 1, Role::State, (0..N).map(|k| 0.5 + 0.5 * wave(k, 0.7)).collect::<Vec<_>>());
    let r = p.signal("r", N, 1, Role::State, 0.0);
    let lif = p.double("lif", 4, 1, Role::Parameter, vec![0.02, 0.002, 0.0, 1.0]);
    let on = [out, v, r].map(Operand::set).into_iter().chain([j, lif].map(Operand::read));
    p.kernel("a", Neurons { neurons: Lif::default().into() }, on.collect::<Vec<_>>());
    let w: Vec<f64> = (0..N * N).map(|k| 0.03 * (1.0 + wave(k * k % 9973, 1.7))).collect();
    let w = p.signal("w", N, N, Role::Parameter, w);
    let y = p.signal("y", N, 1, Role::Scratch, 0.0);
    p.reset("a", y, 0.0);
    p.kernel("a", Dot { stride: N }, [Operand::inc(y), Operand::read(w), Operand::read(out)]);
    let z = p.signal("z", N, 1, Role::State, 0.0);
    let c = p.double("c", 2, 1, Role::Parameter, vec![0.8, 0.2]);
    p.kernel("a", Lowpass, [Operand::update(z), Operand::read(y), Operand::read(c)]);
    let (rows, columns) = (p.view(w, 3 * N, 2, N), p.view(w, 5 * N + 7, 3, 4));
    for (name, s) in [("w", w), ("rows", rows), ("z", z), ("v", v), ("lif", lif)] {
        plain(&mut p, name, s);
    }
    p.knobs_mut().add("columns", Knob::read_only(columns, "", "a part", "write `w`"));
    p
}

#[test]
fn parts_of_a_matrix_are_read_and_written_alike_in_every_form() {
    let run = |passes: Passes, precision| {
        let mut s = Simulation::new(large(), Options { passes, precision, ..Options::default() }).unwrap();
        let signals = s.program().by_name();
        let (w, columns) = (signals["w"], signals["w[487..]"]);
        let elements = Observe { elements: Some(vec![1, 11]), ..Observe::new(columns, "columns") };
        let ids = [Observe::new(columns, "columns"), elements].map(|o| s.attach(o).unwrap());
        s.run_steps(20).unwrap();
        let rows: Vec<f64> = (0..2 * N).map(|k| 0.01 * k as f64).collect();
        s.apply(&edit("rows", Pick::All, &rows)).unwrap();
        s.apply(&edit("rows", Pick::Element(1, 5), &[0.75])).unwrap();
        s.apply(&edit("w", Pick::Row(6), &rows[..N])).unwrap();
        let taken_back = s.apply(&edit("w", Pick::Column(8), &rows[..N])).unwrap();
        s.apply(&edit("w", Pick::Element(7, 9), &[0.125])).unwrap();
        s.run_steps(20).unwrap();
        s.undo(taken_back).unwrap();
        s.run_steps(20).unwrap();
        let whole = s.read("w", &Pick::All).unwrap();
        // What is read of a part is what the whole has there.
        let part: Vec<f64> = (5..8).flat_map(|r| whole[r * N + 7..r * N + 11].to_vec()).collect();
        assert_eq!(s.read("columns", &Pick::All).unwrap(), part);
        assert_eq!(s.read("columns", &Pick::Element(2, 3)).unwrap(), [part[11]]);
        assert_eq!(s.read("columns", &Pick::Column(2)).unwrap(), [part[2], part[6], part[10]]);
        assert_eq!(s.read("rows", &Pick::All).unwrap(), whole[3 * N..5 * N]);
        assert_eq!(s.read("rows", &Pick::Row(1)).unwrap(), whole[4 * N..5 * N]);
        assert_eq!(s.samples(ids[0]).unwrap().row(59), part);
        assert_eq!(s.samples(ids[1]).unwrap().row(59), [part[1], part[11]]);
        let mut some = vec![9.0];
        s.read_part(w, 4 * N + 3, 4 * N + 9, &mut some);
        assert_eq!(some, whole[4 * N + 3..4 * N + 9]);
        assert!((whole[4 * N + 5] - 0.75).abs() < 1e-7 && (whole[3 * N + 4] - 0.04).abs() < 1e-7);
        assert!((whole[7 * N + 9] - 0.125).abs() < 1e-7 && (whole[6 * N + 2] - 0.02).abs() < 1e-7);
        let text = s.explain();
        let bits = |v: Vec<f64>| v.into_iter().map(f64::to_bits).collect::<Vec<_>>();
        (bits(whole), bits(s.read("z", &Pick::All).unwrap()), text)
    };
    for precision in [Precision::F64, Precision::F32] {
        let (w, z, text) = run(Passes::bitwise(), precision);
        assert!(text.contains("[events]"), "{text}");
        let (plain_w, plain_z, _) = run(Passes::none(), precision);
        assert!(w == plain_w && z == plain_z, "{precision:?}");
        assert!(z.iter().any(|z| *z != 0));
    }
}

#[test]
fn what_a_call_writes_in_a_step_reaches_every_form() {
    /// Writes whole signals and parts of them at steps.
    #[derive(Debug)]
    struct Writes(Arc<Mutex<Vec<f64>>>);
    impl Call for Writes {
        fn name(&self) -> &str {
            "writes"
        }
        fn sees(&self) -> Sees {
            Sees::Everything
        }
        fn start(&self, _: &Start) -> Result<Box<dyn Running>, String> {
            Ok(Box::new(Writes(self.0.clone())))
        }
    }
    impl Running for Writes {
        fn step(&mut self, at: &At, io: &mut Io<'_>) -> Result<(), Failure> {
            let mut all = io.everything().ok_or("it sees everything")?;
            let x = 0.01 * at.step as f64;
            match at.step {
                10 => all.set("w", &(0..N * N).map(|k| x * (k % 7) as f64).collect::<Vec<_>>())?,
                30 => all.edit(&edit("w", Pick::Column(4), &[x; N]))?,
                // A slower membrane: what hangs on it follows.
                40 => all.set("lif", &[0.05, 0.002, 0.0, 1.0])?,
                50 => self.0.lock().unwrap().extend(all.read("columns", &Pick::All)?),
                _ => {}
            }
            Ok(())
        }
    }
    let run = |passes| {
        let (mut p, found) = (large(), Arc::new(Mutex::new(vec![])));
        let on: Vec<Operand> = ["w", "lif"].map(|n| Operand::edit(p.by_name()[n])).into();
        p.add("writer", Op::Call(Arc::new(Writes(found.clone()))), on, Draws::No);
        let mut s = Simulation::new(p, Options { passes, ..Options::default() }).unwrap();
        s.run_steps(60).unwrap();
        let found = found.lock().unwrap().clone();
        let state: Vec<f64> = ["w", "v", "z"].iter().flat_map(|n| s.read(n, &Pick::All).unwrap()).collect();
        (state, found)
    };
    let (plain, found) = run(Passes::none());
    // The fifth to seventh row as the step 30 had left them.
    let wanted = (5..8).flat_map(|r| (7..11).map(move |c| 0.1 * ((r * N + c) % 7) as f64));
    assert_eq!(found, wanted.collect::<Vec<_>>());
    let bits = |x: &[f64]| x.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    let (bitwise, seen) = run(Passes::bitwise());
    assert!(bits(&bitwise) == bits(&plain) && seen == found);
    // The phase of a neuron hangs on the membrane's time constant.
    let (rounded, seen) = run(Passes::default());
    assert!(seen.iter().zip(&found).all(|(a, b)| (a - b).abs() < 1e-12));
    assert!(rounded.iter().zip(&plain).all(|(a, b)| (a - b).abs() < 1e-9));
}

#[test]
fn a_reset_brings_back_what_was_built_in_every_form() {
    for passes in [Passes::none(), Passes::bitwise(), Passes::default()] {
        let mut s = Simulation::new(large(), Options { passes, ..Options::default() }).unwrap();
        let r = s.program().by_name()["r"];
        let all = |s: &mut Simulation| {
            let mut rest = vec![];
            s.read_signal(r, &mut rest);
            [s.read("w", &Pick::All).unwrap(), s.read("v", &Pick::All).unwrap(), rest]
        };
        let fresh = all(&mut s);
        s.run_steps(30).unwrap();
        s.apply(&edit("w", Pick::Row(4), &[0.5; N])).unwrap();
        let edited = all(&mut s);
        assert!((0..3).all(|k| edited[k] != fresh[k]), "nothing moved");
        s.reset(Reset::KeepWeights).unwrap();
        assert_eq!(all(&mut s), [edited[0].clone(), fresh[1].clone(), fresh[2].clone()]);
        s.run_steps(30).unwrap();
        s.reset(Reset::All).unwrap();
        assert_eq!(all(&mut s), fresh);
    }
}

#[test]
fn a_call_is_told_what_its_step_stores() {
    #[derive(Debug)]
    struct Asks(Sees, Vec<SignalId>, Arc<Mutex<Vec<bool>>>);
    impl Call for Asks {
        fn name(&self) -> &str {
            "asks"
        }
        fn sees(&self) -> Sees {
            self.0
        }
        fn start(&self, _: &Start) -> Result<Box<dyn Running>, String> {
            Ok(Box::new(Asks(self.0, self.1.clone(), self.2.clone())))
        }
    }
    impl Running for Asks {
        fn step(&mut self, _: &At, io: &mut Io<'_>) -> Result<(), Failure> {
            *self.2.lock().unwrap() = self.1.iter().map(|s| io.stores(*s)).collect();
            Ok(())
        }
    }
    for (sees, passes, wanted) in [
        // The currents are handed on within a kernel.
        (Sees::Held, Passes::default(), [false, true, true]),
        (Sees::Held, Passes::none(), [true, true, true]),
        // Who sees its operands is told nothing.
        (Sees::Operands, Passes::none(), [false, false, false]),
    ] {
        let mut p = crate::programs::chain_of(1).program;
        let signals: Vec<SignalId> = ["a.j", "b.z", "drive"].map(|n| p.by_name()[n]).into();
        let told = Arc::new(Mutex::new(vec![]));
        p.add("asks", Op::Call(Arc::new(Asks(sees, signals, told.clone()))), [], Draws::No);
        let mut s = Simulation::new(p, Options { passes, ..Options::default() }).unwrap();
        s.step().unwrap();
        assert_eq!(*told.lock().unwrap(), wanted, "{sees:?}");
    }
}

#[test]
fn plans_whose_forms_are_of_one_size_hand_over_what_they_hold() {
    // A second population of few dimensions, whose encoders are as many numbers as the weights: each plan keeps one of the two in
    // a form.
    let (rows, cols) = (N * 8, N / 8);
    let run = |replan: &[Passes]| {
        let mut p = large();
        let z = p.by_name()["z"];
        let x = p.view(z, 0, cols, 1);
        let bias = p.signal("bias", rows, 1, Role::Parameter, 0.5);
        let j = p.signal("b.j", rows, 1, Role::Scratch, 0.0);
        p.copy("b", (bias, &Slice::All), (j, &Slice::All), false);
        let e: Vec<f64> = (0..rows * cols).map(|k| (k as f64 * 0.37).cos()).collect();
        let e = p.signal("e", rows, cols, Role::Parameter, e);
        p.kernel("b", Dot { stride: cols }, [Operand::inc(j), Operand::read(e), Operand::read(x)]);
        let u = p.signal("u", rows, 1, Role::State, 0.0);
        let c = p.double("b.c", 2, 1, Role::Parameter, vec![0.9, 0.1]);
        p.kernel("b", Lowpass, [Operand::update(u), Operand::read(j), Operand::read(c)]);
        for (name, s) in [("e", e), ("u", u)] {
            plain(&mut p, name, s);
        }
        let none = Options { passes: Passes::none(), ..Options::default() };
        let mut s = Simulation::new(p, none).unwrap();
        let mut said = vec![];
        for k in 0..12 {
            if let Some(passes) = replan.get(k % replan.len().max(1)) {
                s.replan(*passes).unwrap();
                said.push(s.explain());
            }
            s.run_steps(5).unwrap();
            s.apply(&edit("w", Pick::Row(k), &[0.01 * k as f64; N])).unwrap();
        }
        let all = ["w", "z", "e", "u"].iter().flat_map(|n| s.read(n, &Pick::All).unwrap());
        (all.map(f64::to_bits).collect::<Vec<_>>(), said)
    };
    let columns = Passes { events: true, ..Passes::none() };
    let transposed = Passes { fuse_encoding: true, ..Passes::none() };
    let (plain, _) = run(&[]);
    let (anew, said) = run(&[columns, transposed]);
    assert!(said[0].contains("form `by columns` of `w`") && !said[0].contains("form `tr"), "{}", said[0]);
    assert!(said[1].contains("form `transposed` of `e`") && !said[1].contains("form `by"), "{}", said[1]);
    assert!(anew == plain);
}
