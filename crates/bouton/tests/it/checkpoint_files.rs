//! Checkpoint files: what is written is read again to the bit, and what is damaged is an error with a name.

use std::path::Path;

use bouton::checkpoint;
use bouton::engine::{By, Checkpoint, Values};
use bouton::io::{NpyData, read_npz, write_npz_with};
use bouton::prelude::*;
use bouton::random::RandomState;

/// A bit of everything that a checkpoint has: forms, calls with state, filtered probes, a log of all kinds of entries.
fn network() -> Network {
    let mut net = Network::with_seed(5);
    let stim = net.node("stim", Output::Process { process: WhiteNoise::default().into(), size: 1 });
    let a = net.ensemble("a", Ensemble::new(12, 1));
    let b = net.ensemble("b", Ensemble::new(9, 1).neuron_type(SpikingRectifiedLinear::default()));
    net.connect(stim, a, Connection::new().transform(0.05).synapse(0.02));
    let devices = DeviceSpec { spread: 0.15, ..DeviceSpec::default() };
    let c = net.connect_as(
        "c",
        a.neurons(),
        b.neurons(),
        Connection::new().devices(devices).learn(Mpes::default()),
    );
    let error = net.node("error", Output::passthrough(1));
    net.connect(b, error, Connection::new().synapse(Alpha { tau: 0.01 }));
    net.connect(error, c.rule(), Connection::new());
    let d = net.connect_as("d", a, error, Connection::new().learn(Pes::new(1e-4)));
    net.connect(error, d.rule(), Connection::new());
    let count = NodeFunction::with_state(0, 1, vec![0.0], |n, s| {
        n[0] += 1.0;
        s.out[0] = n[0];
        Ok(())
    });
    net.node("count", count);
    let edits = NodeFunction::new(0, 0, move |s| {
        if s.t > 0.0035 && s.t < 0.0045 {
            s.live.edit_weights(d, &mut |w: &mut Matrix| {
                w[(0, 1)] += 1e-3;
                Ok(())
            })?;
        }
        Ok(())
    });
    net.node("edits", edits.edits(d));
    net.probe("filtered", Probe::new(a).synapse(0.01));
    net
}

fn simulator(precision: Precision) -> Simulator {
    Simulator::with(&network(), Options { precision, seed: Some(3), threads: 1, ..Options::default() })
        .unwrap()
}

fn saved(precision: Precision) -> Checkpoint {
    let mut sim = simulator(precision);
    sim.run_steps(5).unwrap();
    sim.write("a.bias", Pick::Where([1, 4, 2].into()), [0.5, -0.0, 1e-300_f64.max(1e-30)]).unwrap();
    sim.write("d.weights", Pick::Row(0), vec![0.25; 12]).unwrap();
    let k = sim.write("d.weights", Pick::Element(0, 2), [0.125]).unwrap();
    sim.write("d.weights", Pick::Column(3), [0.5]).unwrap();
    sim.undo(k).unwrap();
    let d = sim.network().connections().find(|c| sim.network().connection_path(*c) == "d").unwrap();
    sim.freeze(d).unwrap();
    sim.run_steps(4).unwrap();
    sim.save().unwrap()
}

/// What a file keeps of it: all but what undoes writes.
fn kept(mut c: Checkpoint) -> Checkpoint {
    c.log = c.log.iter().map(|e| e.without_undo()).collect();
    c
}

/// Equality of numbers isn't enough: -0 equals 0.
fn bits(c: &Checkpoint) -> Vec<u64> {
    let of = |v: &Values| v.wide().iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    let signals = c.signals.iter().flat_map(|s| of(&s.values));
    let forms = c.forms.iter().flat_map(|f| of(&f.values));
    let probes = c.probes.iter().flat_map(|p| p.filtered.iter().chain(&p.state)).map(|x| x.to_bits());
    let log = c.log.iter().flat_map(|e| e.values.iter()).map(|x| x.to_bits());
    signals.chain(forms).chain(probes).chain(log).collect()
}

#[test]
fn a_file_gives_the_same_bits_back() {
    let f = tempfile::tempdir().unwrap();
    for precision in [Precision::F64, Precision::F32] {
        let c = saved(precision);
        assert!(!c.calls.is_empty() && c.log.iter().any(|e| matches!(e.by, By::Call(_))));
        assert!(c.log.iter().any(|e| matches!(e.by, By::Undo(_))));
        let path = f.path().join("c.npz");
        checkpoint::write(&path, &c).unwrap();
        let back = checkpoint::read(&path).unwrap();
        assert!(bits(&back) == bits(&c));
        assert!(back == kept(c.clone()));
        // Written again it is the same file.
        let again = f.path().join("again.npz");
        checkpoint::write(&again, &back).unwrap();
        assert!(std::fs::read(&again).unwrap() == std::fs::read(&path).unwrap());
        let mut sim = simulator(precision);
        sim.load_from(&path).unwrap();
        assert!(kept(sim.save().unwrap()) == back);
    }
    assert_eq!(std::fs::read_dir(f.path()).unwrap().count(), 2, "no temporary file stays");
}

#[test]
fn numbers_that_are_not_finite_are_refused() {
    let f = tempfile::tempdir().unwrap();
    for bad in [f64::NAN, f64::INFINITY] {
        let mut c = saved(Precision::F64);
        let Values::F64(v) = &mut c.signals[0].values else { panic!() };
        v[0] = bad;
        let e = checkpoint::write(f.path().join("bad.npz"), &c).unwrap_err();
        assert!(e.kind() == ErrorKind::File && e.to_string().contains("not finite"), "{e}");
        assert!(!f.path().join("bad.npz").exists());
    }
    let path = f.path().join("nan.npz");
    checkpoint::write(&path, &saved(Precision::F64)).unwrap();
    rewrite(&path, &path, |_, arrays| {
        let NpyData::F64(v) = &mut arrays.iter_mut().find(|a| a.0 == "signals_f64").unwrap().2 else {
            panic!()
        };
        v[3] = f64::NAN;
    });
    let e = checkpoint::read(&path).unwrap_err().to_string();
    assert!(e.contains("nan.npz") && e.contains("NaN"), "{e}");
}

#[test]
fn what_is_wrong_is_named() {
    let f = tempfile::tempdir().unwrap();
    let e = checkpoint::read(f.path().join("none.npz")).unwrap_err();
    assert!(e.kind() == ErrorKind::File && e.to_string().contains("none.npz"), "{e}");
    let good = f.path().join("good.npz");
    checkpoint::write(&good, &saved(Precision::F64)).unwrap();
    let bad = f.path().join("bad.npz");
    for (from, to, says) in [
        ("bouton-checkpoint", "bouton-recording", "bouton-checkpoint"),
        ("\"version\": 1", "\"version\": 2", "version 2"),
        ("\"f64\"", "\"f16\"", "precision"),
        ("\"dt\": 0.001", "\"dt\": -0.001", "dt"),
        ("\"step\": 9", "\"step\": 18446744073709551615", "2^53"),
        ("\"dropped\"", "\"dropt\"", "dropt"),
        ("\"next_entry\": 7", "\"next_entry\": 6", "next_entry"),
        ("\"single\": false", "\"single\": true", "signals_f32"),
    ] {
        rewrite(&good, &bad, |m, _| *m = m.replacen(from, to, 1));
        let e = checkpoint::read(&bad).unwrap_err();
        assert!(e.kind() == ErrorKind::File && e.to_string().contains("bad.npz"), "{e}");
        assert!(e.to_string().contains(says), "{e}");
    }
    rewrite(&good, &bad, |_, arrays| arrays.retain(|a| a.0 != "probes"));
    assert!(checkpoint::read(&bad).unwrap_err().to_string().contains("`probes` is missing"));
}

/// The file's parts, changed and written again, so that the archive's own checks have nothing to say.
fn rewrite(
    from: &Path,
    to: &Path,
    change: impl FnOnce(&mut String, &mut Vec<(String, Vec<usize>, NpyData)>),
) {
    let npz = read_npz(from).unwrap();
    let mut manifest = npz.manifest.unwrap();
    let mut arrays: Vec<_> = npz.arrays.into_iter().map(|(n, a)| (n, a.shape, a.data)).collect();
    change(&mut manifest, &mut arrays);
    write_npz_with(to, Some(&manifest), arrays.iter().map(|(n, s, d)| (n.as_str(), &s[..], d))).unwrap();
}

/// Peak memory of this process (KB).
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmHWM"));
    line.and_then(|l| l.split_whitespace().nth(1)).and_then(|k| k.parse().ok()).unwrap_or(0)
}

#[test]
fn a_thousand_damaged_files_do_no_harm() {
    let f = tempfile::tempdir().unwrap();
    let (good, bad) = (f.path().join("good.npz"), f.path().join("bad.npz"));
    let other = f.path().join("other.npz");
    checkpoint::write(&good, &saved(Precision::F64)).unwrap();
    checkpoint::write(&other, &saved(Precision::F32)).unwrap();
    let (bytes, others) = (std::fs::read(&good).unwrap(), std::fs::read(&other).unwrap());
    let mut rng = RandomState::new(1);
    let mut below = |n: usize| ((rng.random_sample() * n as f64) as usize).min(n - 1);
    let before = peak();
    let (mut refused, mut not_loaded, mut loaded) = (0, 0, 0);
    for k in 0..1000 {
        match k % 6 {
            0 => {
                let mut b = bytes.clone();
                for _ in 0..1 + below(4) {
                    let i = below(b.len());
                    b[i] ^= 1 << below(8);
                }
                std::fs::write(&bad, b).unwrap();
            }
            1 => std::fs::write(&bad, &bytes[..below(bytes.len())]).unwrap(),
            2 => {
                // A piece of one file in place of the same of another.
                let (n, mut b) = (bytes.len().min(others.len()), bytes.clone());
                let from = below(n);
                let to = from + below(n - from);
                b[from..to].copy_from_slice(&others[from..to]);
                std::fs::write(&bad, b).unwrap();
            }
            3 => rewrite(&good, &bad, |m, _| {
                // A number of the manifest.
                let at: Vec<usize> = (0..m.len()).filter(|i| m.as_bytes()[*i].is_ascii_digit()).collect();
                let i = at[below(at.len())];
                let new =
                    ["0", "1", "7", "-1", "1e300", "99999999999999999999", "18446744073709551615", "null"];
                m.replace_range(i..=i, new[below(new.len())]);
            }),
            4 => rewrite(&good, &bad, |m, _| {
                // Two lines of the manifest exchanged, or one left out.
                let mut lines: Vec<&str> = m.lines().collect();
                let (i, j) = (below(lines.len()), below(lines.len()));
                lines.swap(i, j);
                if below(3) == 0 {
                    lines.remove(i);
                }
                *m = lines.join("\n");
            }),
            _ => rewrite(&good, &bad, |_, arrays| {
                // A number of an array: the archive says that all is well.
                let full: Vec<usize> =
                    (0..arrays.len()).filter(|a| arrays[*a].1.iter().all(|n| *n > 0)).collect();
                match &mut arrays[full[below(full.len())]].2 {
                    NpyData::F64(v) => {
                        let i = below(v.len());
                        v[i] = [f64::MAX, -1.0, 0.0, 1e18, f64::from_bits(v[i].to_bits() ^ 1 << below(64))]
                            [below(5)];
                    }
                    NpyData::U64(v) => {
                        let i = below(v.len());
                        v[i] = [u64::MAX, 0, 1 << 40, v[i] ^ 1 << below(64)][below(4)];
                    }
                    _ => panic!(),
                }
            }),
        }
        match checkpoint::read(&bad) {
            Err(e) => {
                assert!(e.kind() == ErrorKind::File && e.to_string().contains("bad.npz"), "{k}: {e}");
                refused += 1;
            }
            Ok(c) => {
                let mut sim = simulator(Precision::F64);
                match sim.load(&c) {
                    Err(e) => {
                        assert!(e.message().len() > 10, "{k}: {e}");
                        not_loaded += 1;
                    }
                    Ok(_) => {
                        // What it goes on to may be an error; that is said, and nothing else happens.
                        let _ = sim.run_steps(3);
                        loaded += 1;
                    }
                }
            }
        }
    }
    println!("{refused} refused, {not_loaded} not loaded, {loaded} loaded");
    // Each way out is reached.
    assert!(refused > 300 && not_loaded > 0 && loaded > 100);
    assert!(peak().saturating_sub(before) < 200_000, "{} KB", peak().saturating_sub(before));
}

#[test]
fn a_log_from_a_file_is_replayed_and_what_callbacks_write_is_compared() {
    let f = tempfile::tempdir().unwrap();
    let mut sim = simulator(Precision::F64);
    sim.run_steps(3).unwrap();
    let k = sim.write("d.weights", Pick::Element(0, 2), [0.125]).unwrap();
    sim.run_steps(4).unwrap();
    sim.undo(k).unwrap();
    sim.run_steps(3).unwrap();
    sim.save_to(f.path().join("c.npz")).unwrap();
    let c = checkpoint::read(f.path().join("c.npz")).unwrap();
    assert_eq!(c.log.len(), 3, "a write, one of a callback, and an undo");
    let mut again = simulator(Precision::F64);
    again.replay(&c.log, 10).unwrap();
    assert!(bits(&again.save().unwrap()) == bits(&sim.save().unwrap()));
    // As the log itself has it.
    let mut again = simulator(Precision::F64);
    again.replay(sim.log().entries(), 10).unwrap();
    assert!(bits(&again.save().unwrap()) == bits(&sim.save().unwrap()));
    // Another digest of the callback, one write that is missing, and one too many.
    let mut bad = c.log.clone();
    bad[1].digest ^= 1;
    let e = simulator(Precision::F64).replay(&bad, 10).unwrap_err().to_string();
    assert!(e.contains("differs in step 4") && e.starts_with("d.weights"), "{e}");
    let e = simulator(Precision::F64).replay(&c.log[..1], 10).unwrap_err().to_string();
    assert!(e.contains("differs in step 4") && e.contains("nothing"), "{e}");
    let mut more = c.log.clone();
    more[2].by = By::Call("edits".into());
    let e = simulator(Precision::F64).replay(&more, 10).unwrap_err().to_string();
    assert!(e.contains("differs in step 7"), "{e}");
    // What a file had can't be taken back.
    let mut loaded = simulator(Precision::F64);
    assert_eq!(loaded.load_from(f.path().join("c.npz")).unwrap(), [""; 0]);
    let e = loaded.undo(0).unwrap_err().to_string();
    assert!(e.contains("entry 0") && e.contains("checkpoint file"), "{e}");
    assert_eq!(loaded.write("d.weights", Pick::Element(0, 1), [0.5]).unwrap(), 3, "numbers go on");
    // A log without its values can't be repeated.
    sim.simulation_mut().set_log_limit(0);
    let e = simulator(Precision::F64).replay(sim.log().entries(), 10).unwrap_err().to_string();
    assert!(e.contains("lost its values"), "{e}");
    let e = sim.undo(0).unwrap_err().to_string();
    assert!(e.contains("0 bytes") && e.contains("set_log_limit"), "{e}");
    let e = sim.undo(17).unwrap_err().to_string();
    assert!(e.contains("no entry 17") && e.contains("0 to 2"), "{e}");
}

#[test]
fn a_log_that_is_taken_out_in_pieces_is_replayed_and_its_numbers_go_on() {
    let f = tempfile::tempdir().unwrap();
    let mut sim = simulator(Precision::F64);
    let mut log = vec![];
    for k in 0..30 {
        sim.write("d.weights", Pick::Element(0, k % 12), [f64::from(k as u32) / 64.0]).unwrap();
        sim.step().unwrap();
        if k % 7 == 6 {
            log.extend(sim.simulation_mut().take_log());
            assert_eq!(sim.log().entries().len(), 0);
            let e = sim.undo(0).unwrap_err().to_string();
            assert!(e.contains("entry 0") && e.contains("take_log"), "{e}");
        }
        if k == 20 {
            // In a checkpoint there is no entry, and the next has its number all the same.
            let path = f.path().join("c.npz");
            sim.save_to(&path).unwrap();
            let c = checkpoint::read(&path).unwrap();
            assert_eq!((c.log.len(), c.next_entry), (0, 22), "21 writes and one of the callback");
            sim = simulator(Precision::F64);
            sim.load_from(&path).unwrap();
        }
    }
    log.extend(sim.simulation_mut().take_log());
    assert!((0..31).eq(log.iter().map(|e| e.number)));
    let mut again = simulator(Precision::F64);
    let mut replay = bouton::Replay::of(log.into_iter().map(Ok));
    while again.n_steps() < 30 {
        replay.apply(&mut again).unwrap();
        again.step().unwrap();
    }
    replay.finish(&again).unwrap();
    assert_eq!(replay.done(), 31);
    let (mut a, mut b) = (sim.save().unwrap(), again.save().unwrap());
    (a.log, b.log) = (vec![], vec![]);
    assert!(bits(&a) == bits(&b));
}
