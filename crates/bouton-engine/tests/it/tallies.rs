//! Sums of signals over a run, and probes that sample seldom.

use std::num::NonZero;

use bouton_engine::{
    Copy, Observe, Operand, Options, Passes, Precision, Program, Reset, Role, Simulation, Tallied,
};

use crate::programs::{chain_of, state};

fn sim(d: usize, options: Options) -> Simulation {
    Simulation::new(chain_of(d).program, options).unwrap()
}
fn of(n: u64) -> NonZero<u64> {
    NonZero::new(n).unwrap()
}

fn take(s: &mut Simulation, sums: &mut [Vec<f64>]) -> Result<u64, bouton_core::Error> {
    s.take_tallies(&mut sums.iter_mut().map(|x| &mut x[..]).collect::<Vec<_>>(), &mut vec![])
}

#[test]
fn sums_are_those_of_what_a_probe_records_in_every_way_a_step_is_planned() {
    let bitwise = Passes { fuse_populations: false, ..Passes::default() };
    // In one dimension a population is one kernel, in two it isn't.
    for (d, passes) in [(1, Passes::default()), (1, bitwise), (1, Passes::none()), (2, Passes::default())] {
        for precision in [Precision::F64, Precision::F32] {
            let options = Options { passes, precision, ..Options::default() };
            let (mut s, mut probed) = (sim(d, options), sim(d, options));
            let signals = ["a.out", "b.out", "b.z", "drive"].map(|n| s.program().by_name()[n]);
            let ids = signals.map(|x| probed.attach(Observe::new(x, "x")).unwrap());
            s.run_steps(7).unwrap();
            s.tally(&signals, &[], of(4)).unwrap();
            let fused = d == 1 && passes.fuse_populations;
            let said = format!(
                "4 signals are summed in some of the steps, {} of them within",
                if fused { 2 } else { 0 }
            );
            assert!(s.explain().contains(&said), "{}", s.explain());
            let mut sums: Vec<Vec<f64>> = signals.map(|x| vec![0.0; s.program().get(x).len()]).into();
            // Asked in between, and planned anew: nothing is lost, nothing counted twice.
            let mut summed = 0;
            for piece in [100, 1, 211] {
                s.run_steps(piece).unwrap();
                summed += take(&mut s, &mut sums).unwrap();
                s.replan(passes).unwrap();
            }
            s.run_steps(81).unwrap();
            s.replan(passes).unwrap();
            s.run_steps(100).unwrap();
            summed += take(&mut s, &mut sums).unwrap();
            probed.run_steps(500).unwrap();
            let steps = Tallied::one_of(of(4));
            let met: Vec<u64> = (8..=500).filter(|k| steps.has(*k)).collect();
            assert!(summed == met.len() as u64 && (100..=160).contains(&summed), "{summed}");
            for (id, sums) in ids.into_iter().zip(&sums) {
                let rows = probed.samples(id).unwrap();
                for (k, sum) in sums.iter().enumerate() {
                    let wanted: f64 = met.iter().map(|step| rows.row(*step as usize - 1)[k]).sum();
                    let close =
                        1e-13 * (1.0 + wanted.abs()) * if precision == Precision::F32 { 1e8 } else { 1.0 };
                    assert!((sum - wanted).abs() < close, "{sum} for {wanted}");
                }
            }
            assert!(sums[0].iter().sum::<f64>() > 1000.0, "no neuron spiked in these steps");
            assert_eq!(state(&mut s), state(&mut probed), "who sums changes something");
        }
    }
}

#[test]
fn sums_begin_anew_with_a_reset_a_checkpoint_and_other_signals() {
    let mut s = sim(1, Options::default());
    let drive = s.program().by_name()["drive"];
    let mut sums = vec![vec![0.0]];
    s.tally(&[drive], &[], of(1)).unwrap();
    s.run_steps(5).unwrap();
    let saved = s.save().unwrap();
    s.load(&saved).unwrap();
    s.run_steps(2).unwrap();
    assert_eq!((take(&mut s, &mut sums).unwrap(), &sums[0][..]), (2, &[0.7 + 0.7][..]));
    assert_eq!((take(&mut s, &mut sums).unwrap(), sums[0][0]), (0, 1.4));
    s.run_steps(3).unwrap();
    s.reset(Reset::All).unwrap();
    s.run_steps(1).unwrap();
    let mut sums = vec![vec![1.0]];
    assert_eq!((take(&mut s, &mut sums).unwrap(), sums[0][0]), (1, 1.7));
    s.tally(&[], &[], of(1)).unwrap();
    s.run_steps(3).unwrap();
    assert_eq!(s.take_tallies(&mut [], &mut vec![]).unwrap(), 0);
    assert!(!s.explain().contains("summed"));
}

#[test]
fn what_a_kernel_would_hand_on_is_stored_where_it_is_summed() {
    for names in [&["a.j"][..], &["a.j", "a.out"]] {
        let (mut s, mut probed) = (sim(1, Options::default()), sim(1, Options::default()));
        let signals: Vec<_> = names.iter().map(|n| s.program().by_name()[*n]).collect();
        let ids: Vec<_> = signals.iter().map(|x| probed.attach(Observe::new(*x, "x")).unwrap()).collect();
        s.tally(&signals, &[], of(1)).unwrap();
        s.run_steps(60).unwrap();
        probed.run_steps(60).unwrap();
        let mut sums = vec![vec![0.0; 40]; names.len()];
        assert_eq!(take(&mut s, &mut sums).unwrap(), 60);
        for (id, sums) in ids.into_iter().zip(&sums) {
            let rows = probed.samples(id).unwrap();
            for (k, sum) in sums.iter().enumerate() {
                let wanted: f64 = (0..60).map(|r| rows.row(r)[k]).sum();
                assert!((sum - wanted).abs() < 1e-12 * (1.0 + wanted.abs()), "{names:?}: {sum} for {wanted}");
            }
        }
        assert_eq!(state(&mut s), state(&mut probed));
    }
}

#[test]
fn a_part_of_the_spikes_is_summed_and_the_rest_is_not() {
    let mut p = chain_of(1).program;
    let out = p.by_name()["a.out"];
    let (part, from) = (p.view(out, 11, 20, 1), 11);
    let mut s = Simulation::new(p.clone(), Options::default()).unwrap();
    let mut probed = Simulation::new(p, Options::default()).unwrap();
    let id = probed.attach(Observe::new(out, "out")).unwrap();
    s.tally(&[part], &[], of(1)).unwrap();
    s.run_steps(80).unwrap();
    probed.run_steps(80).unwrap();
    let mut sums = vec![vec![0.0; 20]];
    assert_eq!(take(&mut s, &mut sums).unwrap(), 80);
    let rows = probed.samples(id).unwrap();
    let wanted: Vec<f64> = (0..20).map(|k| (0..80).map(|r| rows.row(r)[from + k]).sum()).collect();
    assert_eq!(sums[0], wanted);
    assert!(wanted.iter().any(|x| *x > 0.0));
    assert_eq!(state(&mut s), state(&mut probed));
}

#[test]
fn rows_are_summed_each_by_itself_however_steps_are_taken() {
    for piece in [500, 3, 1] {
        let (mut s, mut probed) = (sim(2, Options::default()), sim(2, Options::default()));
        let [z, drive, out] = ["b.z", "drive", "a.out"].map(|n| s.program().by_name()[n]);
        let ids = [z, drive].map(|x| probed.attach(Observe::new(x, "x")).unwrap());
        // In the middle of a row, which is left out.
        s.run_steps(3).unwrap();
        s.tally(&[out], &[z, drive], of(1)).unwrap();
        let (mut sums, mut rows, mut steps) = (vec![0.0; 40], vec![], 0);
        while s.n_steps() < 500 {
            s.run_steps(piece.min(500 - s.n_steps())).unwrap();
            steps += s.take_tallies(&mut [&mut sums], &mut rows).unwrap();
            if s.n_steps() == 42 {
                s.replan(Passes::none()).unwrap();
            }
        }
        probed.run_steps(500).unwrap();
        assert_eq!(steps, 497);
        let recorded = ids.map(|id| probed.samples(id).unwrap());
        // Steps 9 to 16, …, 489 to 496; the last row has not ended.
        let wanted: Vec<f64> = (1..62)
            .flat_map(|row| {
                recorded.iter().flat_map(move |r| {
                    let width = r.row(0).len();
                    (0..width).map(move |k| (8 * row..8 * row + 8).map(|step| r.row(step)[k]).sum::<f64>())
                })
            })
            .collect();
        assert_eq!(rows.len(), wanted.len());
        assert!(wanted[wanted.len() - 2].abs() > 0.1, "{wanted:?}");
        for (a, b) in rows.iter().zip(&wanted) {
            assert!((a - b).abs() < 1e-12 * (1.0 + b.abs()), "{a} for {b}");
        }
    }
    // A reset and a checkpoint begin them anew, a row that was half summed with them.
    let mut s = sim(1, Options::default());
    let drive = s.program().by_name()["drive"];
    s.tally(&[], &[drive], of(1)).unwrap();
    let mut rows = vec![];
    s.run_steps(13).unwrap();
    s.reset(Reset::All).unwrap();
    s.run_steps(8).unwrap();
    assert_eq!(s.take_tallies(&mut [], &mut rows).unwrap(), 8);
    let wanted: f64 = (0..8).map(|_| 0.7).sum();
    assert_eq!(rows, [wanted]);
}

#[test]
fn what_cannot_be_summed_is_refused_by_name() {
    let mut s = sim(1, Options::default());
    let by_name = s.program().by_name().clone();
    let (drive, lif, rest) = (by_name["drive"], by_name["a.lif"], by_name["a.r"]);
    s.tally(&[drive], &[], of(2)).unwrap();
    let e = s.tally(&[drive], &[drive], of(2)).unwrap_err().to_string();
    assert!(e.contains("drive") && e.contains("named twice"), "{e}");
    let e = s.tally(&[lif], &[], of(2)).unwrap_err().to_string();
    assert!(e.contains("a.lif") && e.contains("side by side in the simulation's own type"), "{e}");
    // The times that neurons rest are kept as marks, and as themselves without the pass.
    let e = s.tally(&[], &[rest], of(2)).unwrap_err().to_string();
    assert!(e.contains("a.r") && e.contains("keeps it in another form"), "{e}");
    sim(1, Options { passes: Passes::none(), ..Options::default() }).tally(&[rest], &[], of(2)).unwrap();
    for mut wrong in [vec![], vec![vec![0.0]; 2], vec![vec![0.0; 2]]] {
        let e = take(&mut s, &mut wrong).unwrap_err().to_string();
        assert!(e.contains("1 are summed"), "{e}");
    }
    // All is as before.
    s.run_steps(640).unwrap();
    let mut sums = vec![vec![0.0]];
    let steps = take(&mut s, &mut sums).unwrap();
    assert!((288..=352).contains(&steps) && (sums[0][0] - 0.7 * steps as f64).abs() < 1e-10, "{sums:?}");
}

#[test]
fn a_probe_of_what_is_stored_anyway_needs_no_other_plan() {
    let mut s = sim(1, Options::default());
    let [z, out] = ["b.z", "a.out"].map(|n| s.program().by_name()[n]);
    let fused = |s: &Simulation| {
        s.explain().matches("encode lif step").count() + s.explain().matches("population").count()
    };
    let before = s.explain();
    let id = s.attach(Observe::new(z, "z")).unwrap();
    assert_eq!(s.explain(), before);
    // What is handed on within a kernel has to be stored for it, and no longer when nobody looks.
    let spikes = s.attach(Observe::new(out, "out")).unwrap();
    assert!(fused(&s) > 0 && s.explain() != before);
    s.run_steps(20).unwrap();
    assert_eq!(s.detach(id).unwrap().steps().len(), 20);
    assert!(s.detach(spikes).unwrap().into_samples().values.contains(&1000.0));
    assert_eq!(s.explain(), before);
}

#[test]
fn what_lies_within_what_is_stored_is_stored() {
    let mut p = Program::default();
    let x = p.signal("x", 10, 1, Role::Scratch, 0.0);
    let [part, last] = [(2, 2), (9, 1)].map(|(from, n)| p.view(x, from, n, 1));
    let drive = p.signal("drive", 2, 1, Role::Parameter, 1.0);
    p.reset("x", x, 0.5);
    p.kernel("part", Copy { inc: true }, [Operand::inc(part), Operand::read(drive)]);
    let s = Simulation::new(p, Options::default()).unwrap();
    assert!(s.stores(x) && s.stores(part) && s.stores(last) && s.stores(drive));
}

#[test]
fn probes_that_sample_seldom_miss_no_step() {
    for every in [3.0, 7.0, 2.5, 10.0 / 3.0, 50.0 / 3.0, 40.1, 1e300] {
        let mut s = sim(1, Options::default());
        let z = s.program().by_name()["b.z"];
        let id = s.attach(Observe { every, ..Observe::new(z, "z") }).unwrap();
        s.run_steps(151).unwrap();
        // One that comes later, in the middle of what the other leaves out.
        let late = s.attach(Observe { every: 3.0, ..Observe::new(z, "z") }).unwrap();
        s.run_steps(149).unwrap();
        let wanted: Vec<u64> = (1..=300).filter(|k| *k as f64 % every < 1.0).collect();
        assert_eq!(s.samples(id).unwrap().steps, wanted, "every {every} steps");
        let wanted: Vec<u64> = (152..=300).filter(|k| k % 3 == 0).collect();
        assert_eq!(s.samples(late).unwrap().steps, wanted);
    }
}
