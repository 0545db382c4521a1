//! Programs written by hand, without a network: they run, are explained, saved, loaded, replanned, read and written by path;
//! and those that make no sense are refused before they run.

use std::sync::Arc;

use bouton_core::Failure;
use bouton_elements::neurons::Lif;
use bouton_engine::{
    At, Bounds, Call, Copy, Derive, Derived, Dot, Draws, Edit, Io, Knob, Neurons, Observe, Op, Operand,
    Options, Passes, Pick, Precision, Program, Reset, Role, Running, Shape, SignalId, Simulation, Start,
};

/// A foreign operator: y = 0.9·y + x, and it counts its steps.
#[derive(Debug)]
struct Leak;

struct Leaking(u64);

impl Call for Leak {
    fn name(&self) -> &str {
        "foreign"
    }
    fn check(&self, on: &[Shape]) -> Result<(), String> {
        match on {
            [y, x] if y.len() == x.len() => Ok(()),
            _ => Err("takes y and x of one length".into()),
        }
    }
    fn start(&self, _: &Start) -> Result<Box<dyn Running>, String> {
        Ok(Box::new(Leaking(0)))
    }
}

impl Running for Leaking {
    fn step(&mut self, at: &At, io: &mut Io<'_>) -> Result<(), Failure> {
        self.0 += 1;
        if self.0 != at.step {
            return Err(format!("this is step {}, and it was called {} times", at.step, self.0).into());
        }
        io.with(|y, x| y[0].iter_mut().zip(x[0]).for_each(|(y, x)| *y = 0.9 * *y + x));
        Ok(())
    }
    fn save(&self) -> Result<Vec<u8>, String> {
        Ok(self.0.to_le_bytes().to_vec())
    }
    fn load(&mut self, saved: &[u8]) -> Result<(), String> {
        self.0 = u64::from_le_bytes(saved.try_into().map_err(|_| "is no number of steps")?);
        Ok(())
    }
}

/// Twice what it reads, in another signal.
#[derive(Debug)]
struct Twice;

impl Derive for Twice {
    fn derive(&self, _: f64, reads: &[&[f64]], writes: &mut [Vec<f64>]) -> Result<(), String> {
        if reads[0][0] == 13.0 {
            return Err("13 brings bad luck".into());
        }
        writes[0] = reads[0].iter().map(|x| 2.0 * x).collect();
        Ok(())
    }
}

pub(crate) struct Made {
    pub(crate) program: Program,
    output: SignalId,
}

fn chain() -> Made {
    chain_of(2)
}

/// Two LIF populations of `d` dimensions with a foreign operator between them, and a parameter that another follows.
pub(crate) fn chain_of(d: usize) -> Made {
    let n = 40;
    let mut p = Program::default();
    let wave = |k: usize, f: f64| (f * k as f64).sin();
    let drive = p.signal("drive", d, 1, Role::Parameter, vec![0.7, -0.4][..d].to_vec());
    let mut x = p.signal("x", d, 1, Role::Scratch, 0.0);
    p.copy("input", (drive, &bouton_core::Slice::All), (x, &bouton_core::Slice::All), false);
    let mut last = None;
    for name in ["a", "b"] {
        let bias = p.signal(format!("{name}.bias"), n, 1, Role::Parameter, vec![1.1; n]);
        let j = p.signal(format!("{name}.j"), n, 1, Role::Scratch, 0.0);
        p.copy(name, (bias, &bouton_core::Slice::All), (j, &bouton_core::Slice::All), false);
        let out = p.signal(format!("{name}.out"), n, 1, Role::Scratch, 0.0);
        let v: Vec<f64> = (0..n).map(|k| 0.5 + 0.5 * wave(k, 0.7)).collect();
        let v = p.signal(format!("{name}.v"), n, 1, Role::State, v);
        let r = p.signal(format!("{name}.r"), n, 1, Role::State, 0.0);
        let lif = p.double(format!("{name}.lif"), 4, 1, Role::Parameter, vec![0.02, 0.002, 0.0, 1.0]);
        let on = [out, v, r].map(Operand::set);
        let on: Vec<Operand> = on.into_iter().chain([j, lif].map(Operand::read)).collect();
        p.kernel(name, Neurons { neurons: Lif::default().into() }, on);
        let e = p.signal(
            format!("{name}.e"),
            n,
            d,
            Role::Parameter,
            (0..n * d).map(|k| 3.0 * wave(k, 1.3)).collect::<Vec<_>>(),
        );
        p.kernel(name, Dot { stride: d }, [Operand::inc(j), Operand::read(e), Operand::read(x)]);
        let w: Vec<f64> = (0..d * n).map(|k| 2e-4 * wave(k, 2.1)).collect();
        let w = p.signal(format!("{name}.w"), d, n, Role::Parameter, w);
        let y = p.signal(format!("{name}.y"), d, 1, Role::Scratch, 0.0);
        p.reset(name, y, 0.0);
        p.kernel(name, Dot { stride: n }, [Operand::inc(y), Operand::read(w), Operand::read(out)]);
        let z = p.signal(format!("{name}.z"), d, 1, Role::State, 0.0);
        p.add("foreign", Op::Call(Arc::new(Leak)), [Operand::update(z), Operand::read(y)], Draws::No);
        let knobs = p.knobs_mut();
        for (what, s) in [("w", w), ("v", v), ("r", r), ("z", z), ("e", e), ("tau_rc", lif)] {
            knobs.add(format!("{name}.{what}"), Knob::plain(s, "", Bounds::ANY, "for the test"));
        }
        x = p.signal(format!("{name}.next"), d, 1, Role::Scratch, 0.0);
        p.copy(name, (z, &bouton_core::Slice::All), (x, &bouton_core::Slice::All), false);
        last = Some(z);
    }
    let (one, two) =
        (p.double("one", 1, 1, Role::Parameter, 3.0), p.double("two", 1, 1, Role::Parameter, 6.0));
    let bounds = Bounds { high: 100.0, ..Bounds::POSITIVE };
    p.knobs_mut().add("one", Knob::plain(one, "Hz", bounds, "a rate"));
    p.knobs_mut().add("two", Knob::read_only(two, "Hz", "twice the rate", "it follows from `one`"));
    p.derive(Derived { what: Arc::new(Twice), reads: vec![one], writes: vec![two], of: "twice".into() });
    Made { program: p, output: last.unwrap() }
}

fn sim(options: Options) -> Simulation {
    Simulation::new(chain().program, options).unwrap()
}
/// All that has a path, bit by bit.
pub(crate) fn state(s: &mut Simulation) -> Vec<u64> {
    let paths: Vec<String> = s.program().knobs().iter().map(|(p, _)| p.to_string()).collect();
    paths.iter().flat_map(|p| s.read(p, &Pick::All).unwrap()).map(f64::to_bits).collect()
}
/// A write of these values.
pub(crate) fn edit(path: &str, pick: Pick, values: &[f64]) -> Edit {
    Edit { path: path.into(), pick, values: values.to_vec() }
}

#[test]
fn a_program_written_by_hand_has_the_bits_of_the_unfused_run() {
    let run = |passes, threads| {
        let mut s = sim(Options { passes, threads, ..Options::default() });
        s.run_steps(300).unwrap();
        state(&mut s)
    };
    let base = run(Passes::none(), 1);
    assert_eq!(run(Passes::bitwise(), 1), base);
    assert_eq!(run(Passes::bitwise(), 3), base);
    let phase = run(Passes { lif_phase: true, ..Passes::none() }, 1);
    assert_eq!(run(Passes::default(), 2), phase);
    let text = sim(Options::default()).explain();
    for part in [
        "foreign",
        "encode lif",
        "[fuse_populations]",
        "form `refractory mark` of 2 signals",
        " bytes",
        "resets",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
}

#[test]
fn replanning_after_every_step_keeps_every_bit_of_bitwise_passes() {
    let mut plain = sim(Options { passes: Passes::none(), ..Options::default() });
    let mut anew = sim(Options { passes: Passes::none(), ..Options::default() });
    let mut random = 12345u64;
    for _ in 0..200 {
        random = random.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        let passes = Passes::of_bits(random >> 33).and(Passes::bitwise());
        anew.replan(passes).unwrap();
        assert_eq!(anew.passes(), passes);
        plain.step().unwrap();
        anew.step().unwrap();
        assert_eq!(state(&mut anew), state(&mut plain));
    }
}

#[test]
fn a_form_goes_over_to_the_next_plan_as_it_is() {
    let mut plain = sim(Options::default());
    let mut anew = sim(Options::default());
    for k in 0..200 {
        // The rounding pass stays; what it keeps its marks in is made anew all the time.
        anew.replan(Passes { fuse_populations: k % 2 == 0, locality: k % 3 == 0, ..Passes::default() })
            .unwrap();
        plain.step().unwrap();
        anew.step().unwrap();
    }
    assert_eq!(state(&mut anew), state(&mut plain));
}

#[test]
fn what_is_saved_goes_on_with_the_same_bits() {
    for precision in [Precision::F64, Precision::F32] {
        for (passes, other) in [
            (Passes::default(), Passes { fuse_populations: false, locality: false, ..Passes::default() }),
            (Passes::bitwise(), Passes::none()),
        ] {
            let mut whole = sim(Options { passes, precision, ..Options::default() });
            whole.run_steps(170).unwrap();
            let saved = whole.save().unwrap();
            whole.run_steps(100).unwrap();
            let mut next = sim(Options { passes: other, precision, threads: 2, ..Options::default() });
            next.run_steps(3).unwrap();
            next.load(&saved).unwrap();
            assert_eq!(next.n_steps(), 170);
            next.run_steps(100).unwrap();
            assert_eq!(state(&mut next), state(&mut whole), "{precision:?}");
        }
    }
}

#[test]
fn a_checkpoint_of_another_program_is_refused_by_name() {
    let saved = sim(Options::default()).save().unwrap();
    let mut s = sim(Options { precision: Precision::F32, ..Options::default() });
    assert!(s.load(&saved).unwrap_err().to_string().contains("F64"));
    let mut s = sim(Options { dt: 0.002, ..Options::default() });
    assert!(s.load(&saved).unwrap_err().to_string().contains("time step"));
    let mut other = chain().program;
    other.signal("more", 3, 1, Role::State, 0.0);
    let e = Simulation::new(other, Options::default()).unwrap().load(&saved).unwrap_err().to_string();
    assert!(e.starts_with("more:"), "{e}");
    let mut broken = saved.clone();
    broken.calls[0].bytes.pop();
    let mut s = sim(Options::default());
    let before = state(&mut s);
    let e = s.load(&broken).unwrap_err().to_string();
    assert!(e.starts_with("foreign:") && e.contains("no number of steps"), "{e}");
    assert_eq!(state(&mut s), before);
}

#[test]
fn a_probe_attached_while_running_changes_nothing() {
    let mut plain = sim(Options::default());
    plain.run_steps(200).unwrap();
    let mut watched = sim(Options::default());
    watched.run_steps(50).unwrap();
    let outputs: Vec<SignalId> = ["a.out", "b.j", "a.j"].map(|n| watched.program().by_name()[n]).into();
    let ids: Vec<_> = outputs.iter().map(|s| watched.attach(Observe::new(*s, "x")).unwrap()).collect();
    assert!(!watched.explain().contains("fuse_populations"), "what is looked at is not stored");
    watched.run_steps(100).unwrap();
    let spikes = watched.detach(ids[0]).unwrap().into_samples();
    assert_eq!((spikes.rows(), spikes.width), (100, 40));
    assert!(spikes.values.contains(&1000.0));
    for id in &ids[1..] {
        watched.detach(*id).unwrap();
    }
    assert!(watched.explain().contains("encode lif"), "the plan does not go back");
    watched.run_steps(50).unwrap();
    assert_eq!(state(&mut watched), state(&mut plain));
}

#[test]
fn one_door_writes_checks_logs_and_takes_back() {
    let mut s = sim(Options::default());
    s.run_steps(20).unwrap();
    let before = state(&mut s);
    let n = s.apply(&edit("a.w", Pick::Element(1, 3), &[0.5])).unwrap();
    assert_eq!(s.read("a.w", &Pick::Element(1, 3)).unwrap(), [0.5]);
    s.apply(&edit("a.w", Pick::Column(0), &[1.0, 2.0])).unwrap();
    s.apply(&edit("a.e", Pick::Row(2), &[8.0, 9.0])).unwrap();
    assert_eq!(s.read("a.e", &Pick::Row(2)).unwrap(), [8.0, 9.0]);
    s.apply(&edit("one", Pick::All, &[5.0])).unwrap();
    assert_eq!(s.read("two", &Pick::All).unwrap(), [10.0], "what follows did not");
    assert_eq!(s.log().entries().len(), 4);
    for (e, part) in [
        (edit("one", Pick::All, &[0.0]), "greater than 0 and at most 100 (Hz), found 0"),
        (edit("one", Pick::All, &[f64::NAN]), "finite"),
        (edit("one", Pick::All, &[1.0, 2.0]), "takes 1 numbers"),
        (edit("one", Pick::All, &[13.0]), "bad luck"),
        (edit("two", Pick::All, &[1.0]), "it follows from `one`"),
        (edit("ona", Pick::All, &[1.0]), "`one`"),
        (edit("a.w", Pick::Row(2), &[0.0; 40]), "no row 2"),
        (edit("a.w", Pick::Where([80].into()), &[0.0]), "no position 80"),
        (edit("a.w", Pick::Element(0, 7), &[f64::INFINITY]), "(0, 7)"),
    ] {
        let now = state(&mut s);
        let m = s.apply(&e).unwrap_err().to_string();
        assert!(m.contains(part), "{m} does not say {part}");
        assert_eq!(state(&mut s), now, "a refused write wrote something");
    }
    assert_eq!(s.log().entries().len(), 4, "a refused write was logged");
    for k in (n..n + 4).rev() {
        s.undo(k).unwrap();
    }
    assert_eq!(state(&mut s), before, "what was taken back is still there");
    assert_eq!(s.log().entries().len(), 8);
    assert!(s.undo(99).unwrap_err().to_string().contains("no entry 99"));
}

#[test]
fn a_write_between_steps_goes_through_forms() {
    // Refractory times are kept as marks, encoders by columns: both are written and read as they are meant.
    let mut s = sim(Options::default());
    s.run_steps(7).unwrap();
    let before = s.read("a.r", &Pick::All).unwrap();
    s.apply(&edit("a.r", Pick::Element(5, 0), &[0.0042])).unwrap();
    let after = s.read("a.r", &Pick::All).unwrap();
    assert!((after[5] - 0.0042).abs() < 1e-15);
    for k in (0..40).filter(|k| *k != 5) {
        assert_eq!(after[k].to_bits(), before[k].to_bits(), "neuron {k} was not picked");
    }
    let v = s.read("a.v", &Pick::All).unwrap();
    s.run_steps(2).unwrap();
    assert_eq!(
        s.read("a.v", &Pick::All).unwrap()[5].to_bits(),
        v[5].to_bits(),
        "a neuron moves while it is refractory"
    );
    // The mark of a thousand membrane time constants would be no number: said, not kept for ever.
    let long = edit("a.r", Pick::Element(5, 0), &[20.0]);
    let (now, m) = (state(&mut s), s.apply(&long).unwrap_err().to_string());
    assert!(m.contains("`a.r`") && m.contains("2e1") && m.contains("refractory mark"), "{m}");
    assert_eq!(state(&mut s), now, "a refused write wrote something");
    let mut plain = sim(Options { passes: Passes::none(), ..Options::default() });
    plain.apply(&long).unwrap();
    // An edit of encoders reaches the copy by columns: as a program that began with them.
    let other = |s: &mut Simulation| {
        s.apply(&edit("a.e", Pick::All, &(0..80).map(|k| (k as f64).cos()).collect::<Vec<_>>())).unwrap();
        s.run_steps(30).unwrap();
        state(s)
    };
    let (mut fused, mut plain) = (
        sim(Options { passes: Passes::bitwise(), ..Options::default() }),
        sim(Options { passes: Passes::none(), ..Options::default() }),
    );
    assert_eq!(other(&mut fused), other(&mut plain));
    // Constants of a form follow the parameters that it hangs on.
    let slower = |s: &mut Simulation| {
        s.apply(&edit("a.tau_rc", Pick::Element(0, 0), &[0.05])).unwrap();
        s.run_steps(100).unwrap();
        s.read("a.v", &Pick::All).unwrap()
    };
    let (mut fused, mut plain) =
        (sim(Options::default()), sim(Options { passes: Passes::none(), ..Options::default() }));
    let (a, b) = (slower(&mut fused), slower(&mut plain));
    assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-9), "the phase form kept the old time constant");
}

#[test]
fn a_reset_starts_everything_anew_or_keeps_parameters() {
    let mut s = sim(Options::default());
    let fresh = state(&mut s);
    s.run_steps(30).unwrap();
    s.apply(&edit("a.w", Pick::Element(0, 0), &[0.25])).unwrap();
    s.reset(Reset::KeepWeights).unwrap();
    assert_eq!(s.read("a.w", &Pick::Element(0, 0)).unwrap(), [0.25]);
    assert_eq!((s.n_steps(), s.log().entries().len()), (0, 0));
    s.run_steps(10).unwrap();
    s.reset(Reset::All).unwrap();
    assert_eq!(state(&mut s), fresh);
}

/// What a program that can't be run is refused with.
fn refused(make: impl FnOnce(&mut Program)) -> String {
    let mut p = Program::default();
    make(&mut p);
    Simulation::new(p, Options::default()).map(|_| ()).unwrap_err().to_string()
}

#[test]
fn programs_that_make_no_sense_are_refused() {
    let signal = |p: &mut Program, n: &str, len: usize| p.signal(n, len, 1, Role::State, 0.0);
    // One kernel with the same numbers written twice.
    let e = refused(|p| {
        let (s, j) = (signal(p, "s", 4), signal(p, "j", 4));
        let lif = p.double("lif", 4, 1, Role::Parameter, vec![0.02, 0.002, 0.0, 1.0]);
        let on = [Operand::set(s), Operand::set(s), Operand::set(s), Operand::read(j), Operand::read(lif)];
        p.kernel("neurons", Neurons { neurons: Lif::default().into() }, on);
    });
    assert!(e.starts_with("neurons: ") && e.contains("numbers in common"), "{e}");
    // Two operators that set one signal.
    let e = refused(|p| {
        let s = signal(p, "s", 4);
        p.reset("one", s, 0.0);
        p.reset("two", s, 1.0);
    });
    assert!(e.contains("s: both `one` and `two` set"), "{e}");
    // A view outside its base.
    let e = refused(|p| {
        let s = signal(p, "s", 4);
        let v = p.view(s, 2, 3, 1);
        p.reset("one", v, 0.0);
    });
    assert!(e.contains("reaches from 2 to 5 of `s`, which has 4"), "{e}");
    // A matrix of 4 × 8 times 5 values.
    let e = refused(|p| {
        let (y, x) = (signal(p, "y", 4), signal(p, "x", 5));
        let a = p.signal("a", 4, 8, Role::Parameter, 0.0);
        p.kernel("c", Dot { stride: 8 }, [Operand::inc(y), Operand::read(a), Operand::read(x)]);
    });
    assert!(e.starts_with("c: product: ") && e.contains("4 × 8 times 5"), "{e}");
    // Copies of other lengths, initial values of other sizes, foreign operators on what they don't take, parts outside.
    let e = refused(|p| {
        let (y, x) = (signal(p, "y", 4), signal(p, "x", 5));
        p.kernel("c", Copy { inc: false }, [Operand::set(y), Operand::read(x)]);
    });
    assert!(e.contains("delivers 5 values where 4 are taken"), "{e}");
    let e = refused(|p| {
        p.signal("s", 2, 2, Role::State, vec![0.0; 3]);
    });
    assert!(e.contains("3 values"), "initial values: {e}");
    let e = refused(|p| {
        let (y, x) = (signal(p, "y", 4), signal(p, "x", 5));
        p.add("f", Op::Call(Arc::new(Leak)), [Operand::update(y), Operand::read(x)], Draws::No);
    });
    assert!(e.contains("f: foreign: takes y and x of one length"), "{e}");
    let e = refused(|p| {
        let (y, x) = (signal(p, "y", 4), signal(p, "x", 4));
        p.kernel("c", Copy { inc: false }, [Operand::set(y), Operand::read(x).part(2, 7)]);
    });
    assert!(e.contains("2..7 of `x`"), "{e}");
    // A path for two things, a cycle.
    let e = refused(|p| {
        let s = signal(p, "s", 1);
        for _ in 0..2 {
            p.knobs_mut().add("k", Knob::plain(s, "", Bounds::ANY, ""));
        }
    });
    assert!(e.contains("k: is the path of two things"), "{e}");
    let e = refused(|p| {
        let (y, x) = (signal(p, "y", 4), signal(p, "x", 4));
        p.kernel("a", Copy { inc: false }, [Operand::set(y), Operand::read(x)]);
        p.kernel("b", Copy { inc: false }, [Operand::set(x), Operand::read(y)]);
    });
    assert!(e.contains("a → b") || e.contains("b → a"), "{e}");
}

#[test]
fn encoders_that_something_writes_in_a_step_are_not_copied() {
    // Voja's way: encoders change in each step. A transposed copy would go stale.
    let made = |passes| {
        let mut p = chain().program;
        let e = p.by_name()["a.e"];
        let delta = p.signal("delta", 40, 2, Role::Parameter, vec![1e-2; 80]);
        p.kernel("voja", Copy { inc: true }, [Operand::inc(e), Operand::read(delta)]);
        let mut s = Simulation::new(p, Options { passes, ..Options::default() }).unwrap();
        s.run_steps(100).unwrap();
        (state(&mut s), s.explain())
    };
    let ((fused, text), (plain, _)) = (made(Passes::bitwise()), made(Passes::none()));
    assert_eq!(fused, plain);
    assert!(text.contains("form `transposed` of `b.e`"), "{text}");
}

#[test]
fn a_panic_in_a_step_is_not_gone_on_from() {
    #[derive(Debug)]
    struct Bad;
    impl Call for Bad {
        fn name(&self) -> &str {
            "bad"
        }
        fn start(&self, _: &Start) -> Result<Box<dyn Running>, String> {
            Ok(Box::new(Bad))
        }
    }
    impl Running for Bad {
        fn step(&mut self, at: &At, _: &mut Io<'_>) -> Result<(), Failure> {
            assert!(at.step < 3, "on purpose");
            Ok(())
        }
    }
    let mut p = chain().program;
    p.add("bad", Op::Call(Arc::new(Bad)), [], Draws::No);
    let mut s = Simulation::new(p, Options { threads: 2, ..Options::default() }).unwrap();
    s.run_steps(2).unwrap();
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| s.step()));
    assert!(caught.is_err());
    assert!(s.step().unwrap_err().to_string().contains("panic"), "half a step was gone on from");
    s.reset(Reset::All).unwrap();
    s.run_steps(2).unwrap();
}

#[test]
fn the_engine_knows_no_network() {
    // Neither the crate of networks nor a name of theirs.
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = std::fs::read_to_string(root.join("Cargo.toml")).unwrap();
    assert!(!manifest.contains("bouton-model") && !manifest.contains("bouton-nef"));
    let mut open = vec![root.join("src")];
    let mut seen = 0;
    while let Some(at) = open.pop() {
        for e in std::fs::read_dir(at).unwrap().map(|e| e.unwrap().path()) {
            if e.is_dir() {
                open.push(e);
                continue;
            }
            seen += 1;
            let text = std::fs::read_to_string(&e).unwrap();
            for word in
                ["EnsembleId", "ConnectionId", "NodeId", "ProbeId", "bouton_model", "unsafe {", "unsafe fn"]
            {
                assert!(!text.contains(word), "{} has {word}", e.display());
            }
        }
    }
    assert!(seen > 30, "only {seen} files were looked at");
}

#[test]
fn the_output_signal_is_read_as_it_stands() {
    let made = chain();
    let mut s = Simulation::new(made.program, Options::default()).unwrap();
    s.run_steps(50).unwrap();
    let mut out = vec![];
    s.read_signal(made.output, &mut out);
    assert_eq!(out, s.read("b.z", &Pick::All).unwrap());
    assert!(out.iter().any(|x| *x != 0.0), "nothing came through");
}

#[test]
fn a_part_of_the_columns_of_a_matrix_is_refused_where_it_is_no_matrix() {
    let e = refused(|p| {
        let (y, m) = (p.signal("y", 8, 1, Role::State, 0.0), p.signal("m", 4, 8, Role::Parameter, 1.0));
        let part = p.view(m, 2, 4, 2);
        p.kernel("c", Copy { inc: false }, [Operand::set(y), Operand::read(part)]);
    });
    assert!(
        e.starts_with("c: ")
            && e.contains("is a part of the columns of a matrix, which can only be used in a product"),
        "{e}"
    );
}

#[test]
fn a_signal_without_numbers_holds_none_that_is_too_large() {
    let mut p = chain().program;
    p.signal("none", 0, 1, Role::State, 1e300);
    let options = Options { precision: Precision::F32, ..Options::default() };
    Simulation::new(p, options).unwrap().run_steps(2).unwrap();
    let mut p = chain().program;
    p.signal("one", 1, 1, Role::State, 1e300);
    let e = Simulation::new(p, options).unwrap_err().to_string();
    assert!(e.starts_with("one:") && e.contains("1e300"), "{e}");
}

#[test]
fn resets_at_once_are_said_as_many_as_they_are() {
    let said = sim(Options::default()).explain();
    assert!(said.contains("2 resets"), "{said}");
}
