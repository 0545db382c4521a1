//! Neuron types: steps against plain loops and closed forms, and what they say of themselves.

use bouton_elements::neurons::{
    AdaptiveLif, AdaptiveLifRate, Direct, FastForm, Izhikevich, Lif, LifRate, NeuronModel, NeuronStep,
    NeuronType, PoissonSpiking, RATE_OUT, RectifiedLinear, RegularSpiking, Sigmoid, SpikingRectifiedLinear,
    StochasticSpiking, Tanh, step_lif_phase,
};
use bouton_elements::random::RandomState;
use bouton_elements::var::{Start, parameter_values};
use bouton_kernels::{Level, LifStep};

fn every_type() -> Vec<NeuronType> {
    NeuronType::names().iter().map(|n| bouton_elements::find(n).unwrap().example().unwrap()).collect()
}

/// The steps of a type by itself from its start, on the same inputs in each: outputs, and states at the end.
fn run(t: &NeuronType, dt: f64, j: &[f64], steps: usize) -> (Vec<Vec<f64>>, Vec<Vec<f64>>) {
    let parameters = parameter_values(&t.model().vars());
    let mut states = start(t, j.len());
    let mut all = vec![];
    for _ in 0..steps {
        let mut out = vec![f64::NAN; j.len()];
        let mut state: Vec<&mut [f64]> = states.iter_mut().map(|s| &mut s[..]).collect();
        t.model().step_f64(&NeuronStep { dt, parameters: &parameters }, j, &mut out, &mut state);
        all.push(out);
    }
    (all, states)
}

fn start(t: &NeuronType, n: usize) -> Vec<Vec<f64>> {
    let of = |s: Start| match s {
        Start::Value(x) => vec![x; n],
        Start::Uniform(a, b) => (0..n).map(|k| a + (b - a) * k as f64 / n as f64).collect(),
        other => panic!("{}: a state can't start at {other:?}", t.name()),
    };
    let mut states: Vec<Vec<f64>> = t.model().states().into_iter().map(|s| of(s.start)).collect();
    if t.model().draws() {
        states.push(RandomState::new(3).to_numbers());
    }
    states
}

#[test]
fn a_step_in_single_precision_is_that_in_double_to_rounding() {
    for t in every_type() {
        let j = [-1.0, 0.4, 1.3, 3.1, 8.0, 55.0];
        let parameters = parameter_values(&t.model().vars());
        let at = NeuronStep { dt: 0.001, parameters: &parameters };
        let mut wide = start(&t, j.len());
        let mut narrow: Vec<Vec<f32>> = wide.iter().map(|s| s.iter().map(|x| *x as f32).collect()).collect();
        let j32 = j.map(|x| x as f32);
        for step in 0..5 {
            let (mut out, mut out32) = ([f64::NAN; 6], [f32::NAN; 6]);
            t.model().step_f64(
                &at,
                &j,
                &mut out,
                &mut wide.iter_mut().map(|s| &mut s[..]).collect::<Vec<_>>(),
            );
            let mut state: Vec<&mut [f32]> = narrow.iter_mut().map(|s| &mut s[..]).collect();
            t.model().step_f32(&at, &j32, &mut out32, &mut state);
            let near = |a: f64, b: f32| (a - f64::from(b)).abs() <= 2e-4 * (1.0 + a.abs());
            for k in 0..6 {
                assert!(near(out[k], out32[k]), "{}, step {step}: {out:?} {out32:?}", t.name());
            }
            for (a, b) in wide.iter().zip(&narrow) {
                assert!(a.iter().zip(b).all(|(a, b)| near(*a, *b)), "{}, step {step}: {a:?} {b:?}", t.name());
            }
        }
    }
}

#[test]
fn a_lif_neuron_fires_after_its_refractory_time_and_the_way_to_the_threshold() {
    // From 0 the voltage is J(1 − e^(−t/τ)), and it passes 1 at τ·ln(J/(J − 1)); then 0 for τ_ref.
    let lif = Lif { tau_rc: 0.03, tau_ref: 0.0045, amplitude: 2.5, ..Lif::default() };
    let (dt, j) = (0.0005, 1.7f64);
    let (out, _) = run(&lif.clone().into(), dt, &[j], 2000);
    let interval = 0.0045 + 0.03 * (j / (j - 1.0)).ln();
    let first = 0.03 * (j / (j - 1.0)).ln();
    let spikes: Vec<usize> = (0..2000).filter(|k| out[*k][0] != 0.0).collect();
    for (n, k) in spikes.iter().enumerate() {
        let t = first + n as f64 * interval;
        // A spike falls into the step in which it is.
        assert_eq!(*k, (t / dt - 1e-9) as usize, "spike {n}");
        assert_eq!(out[*k][0], 2.5 / dt);
    }
    assert_eq!(spikes.len(), ((1.0 - first) / interval) as usize + 1);
    // Below the lowest voltage it doesn't fall.
    let (_, states) = run(&Lif { min_voltage: -0.25, ..lif }.into(), dt, &[-3.0, -0.1], 1000);
    assert_eq!(states[0][0], -0.25);
    assert!((states[0][1] + 0.1).abs() < 1e-6, "{:?}", states[0]);
}

#[test]
fn the_phase_form_spikes_as_the_textbook_does() {
    let (dt, n) = (0.001, 40);
    let step = LifStep::<f64>::new(dt, 0.02, 0.0035, 0.0, 1.0);
    let j: Vec<f64> = (0..n).map(|k| 0.5 + 0.31 * k as f64).collect();
    let (textbook, states) = run(&Lif { tau_ref: 0.0035, ..Lif::default() }.into(), dt, &j, 200);
    let mut v: Vec<f64> = (0..n).map(|k| k as f64 / n as f64).collect();
    let (mut mark, mut out) = (vec![0.0; n], vec![0.0; n]);
    for (k, textbook) in textbook.iter().enumerate() {
        step_lif_phase(Level::detect(), &step, &j, &mut v, &mut mark, &mut out);
        assert_eq!(out, *textbook, "step {k}");
    }
    assert!(v.iter().zip(&states[0]).all(|(a, b)| (a - b).abs() < 1e-9));
}

#[test]
fn only_the_lif_has_a_fast_form() {
    for t in every_type() {
        let form = t.model().fast_form();
        assert_eq!(form, (t.name() == "lif").then_some(FastForm::LifPhase), "{}", t.name());
    }
}

#[test]
fn types_say_whether_they_spike_draw_and_are_neurons_at_all() {
    let rates = ["lif_rate", "rectified_linear", "sigmoid", "tanh", "adaptive_lif_rate", "direct", "own_7"];
    for t in every_type() {
        let (name, m) = (t.name(), t.model());
        assert_eq!(m.spiking(), !rates.contains(&name), "{name}");
        assert_eq!(m.draws(), ["poisson_spiking", "stochastic_spiking"].contains(&name), "{name}");
        assert_eq!(t.is_direct(), name == "direct", "{name}");
        let layers: Vec<&str> = t.layers().iter().map(|l| l.name()).collect();
        match m.base() {
            None => assert_eq!(layers, [name]),
            Some(base) => assert_eq!(layers, [base.name(), name]),
        }
    }
    assert_eq!(NeuronType::default(), Lif::default().into());
}

#[test]
fn a_type_on_a_base_shows_the_states_of_both_and_the_rates_between() {
    let names = |t: NeuronType| t.states().iter().map(|v| v.name.to_string()).collect::<Vec<_>>();
    let regular = RegularSpiking::of(AdaptiveLifRate::default());
    assert_eq!(names(regular.into()), ["adaptation", RATE_OUT, "voltage"]);
    assert_eq!(names(PoissonSpiking::of(LifRate::default()).into()), [RATE_OUT]);
    assert_eq!(names(Lif::default().into()), ["voltage", "refractory_time"]);
    assert_eq!(names(AdaptiveLif::default().into()), ["voltage", "refractory_time", "adaptation"]);
    assert!(names(Direct {}.into()).is_empty());
    // What it does at an intercept is what its base does.
    let of: NeuronType = StochasticSpiking::of(Sigmoid { tau_ref: 0.004 }).into();
    assert_eq!((of.model().intercept_rate(), Sigmoid { tau_ref: 0.004 }.intercept_rate()), (125.0, 125.0));
    assert_eq!(LifRate::default().intercept_rate(), 0.0);
}

#[test]
fn a_neuron_has_one_spike_a_step_at_most_or_no_bound() {
    for t in every_type() {
        let one = ["lif", "adaptive_lif", "izhikevich"].contains(&t.name());
        for dt in [0.001, 0.004] {
            assert_eq!(t.model().fastest(dt), one.then(|| 1.0 / dt), "{}", t.name());
        }
        // Nothing that fires once a step does so more often.
        if one {
            let (out, _) = run(&t, 0.001, &[1e6], 20);
            assert!(out.iter().all(|o| o[0] <= 1000.0 + 1e-9), "{}: {out:?}", t.name());
        }
    }
    let near = |t: NeuronType, dt: f64, limit: f64| {
        let found = t.model().saturates_at(dt).unwrap();
        assert!((found / limit - 1.0).abs() < 1e-6, "{}: {found}, not {limit}", t.name());
    };
    near(
        AdaptiveLif { tau_ref: 0.002, amplitude: 2.0, ..AdaptiveLif::default() }.into(),
        0.004,
        2.0 * 0.95 * 250.0,
    );
    near(Izhikevich::default().into(), 0.002, 0.95 * 500.0);
    near(Tanh { tau_ref: 0.01 }.into(), 0.001, 95.0);
    near(PoissonSpiking::of(LifRate { tau_ref: 0.005, ..LifRate::default() }).into(), 0.001, 190.0);
    assert_eq!(SpikingRectifiedLinear::default().saturates_at(0.001), None);
}

#[test]
fn rates_that_no_neuron_can_have_are_refused() {
    let e = |t: NeuronType, r: f64| t.model().gain_bias(&[r], &[0.0]).unwrap_err();
    let lif: Vec<NeuronType> = vec![
        Lif { tau_ref: 0.004, ..Lif::default() }.into(),
        LifRate { tau_ref: 0.004, ..LifRate::default() }.into(),
        AdaptiveLif { tau_ref: 0.004, ..AdaptiveLif::default() }.into(),
        AdaptiveLifRate { tau_ref: 0.004, ..AdaptiveLifRate::default() }.into(),
        RegularSpiking::of(LifRate { tau_ref: 0.004, ..LifRate::default() }).into(),
    ];
    for t in lif {
        for r in [250.0, 400.0, f64::NAN] {
            let e = e(t.clone(), r);
            assert!(e.contains("inverse refractory period (250.000 Hz)"), "{}: {e}", t.name());
        }
        let (gain, bias) = t.model().gain_bias(&[249.0], &[0.0]).unwrap();
        assert!((t.model().max_rates_intercepts(&gain, &bias).0[0] - 249.0).abs() < 1e-6);
    }
    for r in [400.0, -400.0, 401.0, f64::NAN] {
        assert!(e(Tanh { tau_ref: 0.0025 }.into(), r).contains("±400 Hz"), "{r}");
    }
    for v in [0.1, f64::NAN] {
        let e = Lif { min_voltage: v, ..Lif::default() }.check().unwrap_err();
        assert!(e.contains("`min_voltage` must be at most 0"), "{e}");
    }
}

/// Each rate and step by its formula.
#[test]
fn types_of_rates_are_their_formulas() {
    let j = [-2.0, -0.3, 0.0, 0.9, 1.0, 1.4, 6.0];
    type F = fn(f64) -> f64;
    let lif = |a: f64, j: f64| if j > 1.0 { a / (0.003 + 0.05 * (1.0 / (j - 1.0)).ln_1p()) } else { 0.0 };
    let rectified: F = |j| 2.5 * if j > 0.0 { j } else { 0.0 };
    let tanh: F = |j| 100.0 * j.tanh();
    let sigmoid: F = |j| 100.0 / (1.0 + (-j).exp());
    let rate = LifRate { tau_rc: 0.05, tau_ref: 0.003, amplitude: 1.5 };
    let adaptive =
        AdaptiveLifRate { tau_rc: 0.05, tau_ref: 0.003, amplitude: 1.5, ..AdaptiveLifRate::default() };
    let spiking = AdaptiveLif { tau_rc: 0.05, tau_ref: 0.003, amplitude: 1.5, ..AdaptiveLif::default() };
    /// A type, its formula, and whether a step is it.
    type Case<'a> = (NeuronType, &'a dyn Fn(f64) -> f64, bool);
    let cases: [Case<'_>; 7] = [
        (rate.into(), &|j| lif(1.5, j), true),
        // The first step is that of a neuron that has not adapted.
        (adaptive.into(), &|j| lif(1.5, j), true),
        (spiking.into(), &|j| lif(1.5, j), false),
        (RectifiedLinear { amplitude: 2.5 }.into(), &rectified, true),
        (SpikingRectifiedLinear { amplitude: 2.5 }.into(), &rectified, false),
        (Tanh { tau_ref: 0.01 }.into(), &tanh, true),
        (Sigmoid { tau_ref: 0.01 }.into(), &sigmoid, true),
    ];
    for (t, formula, steps) in cases {
        let mut rates = j;
        t.model().rates(&mut rates);
        let first = &run(&t, 0.001, &j, 1).0[0];
        for (k, j) in j.iter().enumerate() {
            let exact = formula(*j);
            let near = |x: f64| (x - exact).abs() <= 1e-11 * (1.0 + exact.abs());
            assert!(near(rates[k]), "{} at {j}: {}, not {exact}", t.name(), rates[k]);
            assert!(!steps || near(first[k]), "{} at {j}: {}, not {exact}", t.name(), first[k]);
        }
    }
    // A neuron that no one looks at passes what it is given.
    assert_eq!(run(&Direct {}.into(), 0.001, &j, 1).0[0], j);
}

#[test]
fn adaptation_moves_by_euler_with_the_output_of_the_step() {
    let m = AdaptiveLifRate { tau_n: 0.2, inc_n: 0.05, ..AdaptiveLifRate::default() };
    let (out, states) = run(&m.into(), 0.01, &[4.0, 0.5], 3);
    let rate = |j: f64| if j > 1.0 { 1.0 / (0.002 + 0.02 * (1.0 / (j - 1.0)).ln_1p()) } else { 0.0 };
    for (k, j) in [4.0, 0.5].into_iter().enumerate() {
        let mut n = 0.0;
        for out in &out {
            let r = rate(j - n);
            assert!((out[k] - r).abs() < 1e-9, "{} Hz, not {r}", out[k]);
            n += 0.01 / 0.2 * (0.05 * r - n);
        }
        assert!((states[0][k] - n).abs() < 1e-12, "{} is not {n}", states[0][k]);
    }
}

/// Spikes in each of `steps` steps of a millisecond from rest, by Izhikevich's equations and Euler's method, v first.
fn counted(m: &Izhikevich, j: f64, steps: usize) -> Vec<u32> {
    let (mut v, mut u) = (0.0f64, 0.0f64);
    let j = j.max(-30.0);
    (0..steps)
        .map(|_| {
            v += (0.04 * (v * v) + 5.0 * v + 140.0 - u + j) * 1000.0 * 0.001;
            let spikes = v >= 30.0;
            if spikes {
                v = m.reset_voltage;
            }
            u += m.tau_recovery * (m.coupling * v - u) * 1000.0 * 0.001;
            if spikes {
                u += m.reset_recovery;
            }
            u32::from(spikes)
        })
        .collect()
}

#[test]
fn rates_of_izhikevichs_neurons_are_counted() {
    let kinds = [
        Izhikevich::default(),
        // Fast spiking, and chattering (Izhikevich 2003, fig. 2).
        Izhikevich { tau_recovery: 0.1, reset_recovery: 2.0, ..Izhikevich::default() },
        Izhikevich { reset_voltage: -50.0, reset_recovery: 2.0, ..Izhikevich::default() },
    ];
    for m in kinds {
        // More than are stepped at once.
        let j: Vec<f64> = (0..300).map(|k| -40.0 + 0.5 * f64::from(k)).collect();
        let mut rates = j.clone();
        m.rates(&mut rates);
        let mut fired = 0;
        for (j, rate) in j.iter().zip(rates) {
            // A thousand steps behind one that doesn't count: spikes a second.
            let exact = counted(&m, *j, 1001)[1..].iter().sum::<u32>();
            assert!((rate - f64::from(exact)).abs() < 1e-9, "{j}: {rate} Hz, not {exact}");
            fired += u32::from(exact > 0);
        }
        assert!((100..300).contains(&fired), "{fired}");
    }
}

#[test]
fn intercepts_of_izhikevichs_neurons_are_where_the_rate_begins() {
    let m = Izhikevich::default();
    let (gain, bias) = ([20.0, 8.0, 30.0], [2.0, -1.0, 10.0]);
    let (rates, intercepts) = m.max_rates_intercepts(&gain, &bias);
    for k in 0..3 {
        let mut top = [gain[k] + bias[k]];
        m.rates(&mut top);
        assert_eq!(rates[k], top[0]);
        // Fiftieths of the radius: silent there, and firing at the next.
        let fiftieths = 50.0 * intercepts[k];
        assert!((fiftieths - fiftieths.round()).abs() < 1e-9, "{}", intercepts[k]);
        let mut ends = [gain[k] * intercepts[k] + bias[k], gain[k] * (intercepts[k] + 0.02) + bias[k]];
        m.rates(&mut ends);
        assert!(ends[0] == 0.0 && ends[1] > 0.0, "{}: {ends:?}", intercepts[k]);
    }
    // A neuron whose reset lies above the unstable point (v = −28.5 at J = −30) fires for ever.
    let never_still =
        Izhikevich { tau_recovery: 0.0, coupling: 0.0, reset_voltage: -20.0, reset_recovery: 0.0 };
    let e = never_still.gain_bias(&[60.0], &[0.0]).unwrap_err();
    assert!(e.contains("silent") && e.contains("`intercepts`"), "{e}");
}

#[test]
fn gains_of_izhikevichs_neurons_put_silence_at_the_intercept() {
    let m = Izhikevich::default();
    for (rate, intercept) in [(20.0, -0.8), (35.0, 0.0), (80.0, 0.5), (150.0, -0.2)] {
        let (gain, bias) = m.gain_bias(&[rate], &[intercept]).unwrap();
        let mut at =
            [gain[0] + bias[0], gain[0] * intercept + bias[0], gain[0] * (intercept + 0.1) + bias[0]];
        m.rates(&mut at);
        assert!((at[0] - rate).abs() <= 4.0, "{} Hz, not {rate}", at[0]);
        assert!(at[1] == 0.0 && at[2] > 0.0, "{at:?}");
    }
}

#[test]
fn spikes_of_a_base_are_scaled_and_signed_as_its_outputs() {
    // 1.2 and −0.7 spikes a step: the whole ones always, and one more at times.
    let stochastic: NeuronType =
        StochasticSpiking { amplitude: 3.0, ..StochasticSpiking::of(Tanh::default()) }.into();
    let (out, _) = run(&stochastic, 0.004, &[300.0, -175.0, 0.0], 400);
    let unit = 3.0 / 0.004;
    let counts = |k: usize| out.iter().map(|o| (o[k] / unit).round()).collect::<Vec<f64>>();
    assert!(counts(0).iter().all(|n| [1.0, 2.0].contains(n)));
    assert!(counts(1).iter().all(|n| [0.0, -1.0].contains(n)) && counts(2).iter().all(|n| *n == 0.0));
    let regular: NeuronType = RegularSpiking { amplitude: 3.0, ..RegularSpiking::of(Tanh::default()) }.into();
    let (out, states) = run(&regular, 0.004, &[301.0, -175.0], 400);
    for (k, r) in [301.0, -175.0].into_iter().enumerate() {
        let v0 = k as f64 / 2.0;
        let sum: f64 = out.iter().map(|o| o[k] / unit).sum();
        let passed = v0 + 400.0 * 0.004 * r;
        assert!((sum - (passed + 1e-9).floor()).abs() < 1e-6, "{sum} of {passed}");
        assert!((states[0][k] - (passed - sum)).abs() < 1e-6);
    }
}
