//! Devices by their definitions: laws, spread, parameters of their own, and the weights that they make.

use std::collections::BTreeMap;

use bouton_elements::devices::{
    AutoGain, Bounds, Columns, Device, DeviceModel, DeviceSpec, Drawn, Gain, One, PowerLaw, SoftBound,
    SynapseDevices,
};
use bouton_elements::distributions::{Distribution, Values};
use bouton_elements::mappings::{Mapping, Side, Sign, Single};
use bouton_elements::policies::SinglePulse;
use bouton_elements::random::{Purpose, Stream};
use bouton_kernels::Level;

fn laws() -> Vec<Device> {
    vec![
        PowerLaw::default().into(),
        PowerLaw::thread_2020().into(),
        SoftBound::default().into(),
        SoftBound { g_min: 1e-9, g_max: 5e-8, pulses: 30.0, initial: 2e-8 }.into(),
    ]
}

/// The conductances of one device after each of some pulses.
fn pulsed(m: &dyn DeviceModel, d: &[f64], pulses: usize) -> Vec<f64> {
    let count = m.vars().iter().filter(|v| !v.is_state()).count();
    let mut numbers: Vec<Vec<f64>> = d.iter().map(|x| vec![*x]).collect();
    let (parameters, state) = numbers.split_at_mut(count);
    let parameters: Vec<&[f64]> = parameters.iter().map(|p| &p[..]).collect();
    let mut g = [1.0 / m.resistance(d)];
    (0..pulses)
        .map(|_| {
            let mut state: Vec<&mut [f64]> = state.iter_mut().map(|s| &mut s[..]).collect();
            let mut c = Columns { parameters: &parameters, state: &mut state, conductance: &mut g };
            m.pulse(Level::detect(), &mut c, 0..1, &[0], &[1.0]);
            g[0]
        })
        .collect()
}

fn near(a: f64, b: f64, relative: f64) -> bool {
    (a - b).abs() <= relative * b.abs()
}

#[test]
fn every_law_goes_where_its_pulses_lead() {
    for device in laws() {
        let (m, name) = (device.model(), device.name());
        let d = m.nominal();
        let vars = m.vars();
        let starts: Vec<f64> = vars.iter().flat_map(|v| v.values()).collect();
        assert_eq!(starts, d, "{name} starts as the device without spread");
        assert!(near(m.after(&d, 0.0), m.resistance(&d), 1e-12) && m.moves(&d), "{name}");
        let mut last = 1.0 / m.resistance(&d);
        for (k, g) in pulsed(m, &d, 50).into_iter().enumerate() {
            let after = 1.0 / m.after(&d, k as f64 + 1.0);
            assert!(near(g, after, 1e-9) && g > last, "{name}, pulse {k}: {g:e}, not {after:e}");
            last = g;
        }
        // What a conductance is measured by, what it can be set to, and where writes are cut.
        let ((low, high), limits) = (m.bounds(&d), m.limits(&d));
        assert!(low < high && near(limits.0, 1.0 / high, 1e-9) && near(limits.1, 1.0 / low, 1e-9), "{name}");
        for (wanted, cut) in [(1e-3 * low, low), (0.5 * (low + high), 0.5 * (low + high)), (1e3 * high, high)]
        {
            let r = m.clip(&d, wanted);
            assert!(near(r, cut, 1e-9), "{name}: {r:e}, not {cut:e}");
            let mut set = d.clone();
            m.set(&mut set, r);
            assert!(near(m.resistance(&set), cut, 1e-9), "{name}: {:e}", m.resistance(&set));
            assert!(set.iter().all(|x| x.is_finite()), "{name}: {set:?}");
        }
        // So far along its law that a pulse is lost in rounding it is dead.
        let mut end = d.clone();
        *end.last_mut().unwrap() = if device.is::<PowerLaw>() { 1e17 } else { 1e-18 };
        assert!(!m.moves(&end), "{name}");
    }
}

#[test]
fn the_law_of_the_first_experiments_has_its_published_numbers() {
    let law = PowerLaw::thread_2020();
    law.check().unwrap();
    assert!(near(law.exponent(), -0.65, 1e-12) && (law.r0, law.r1) == (100.0, 2.5e8));
    assert!(near(law.resistance(&law.nominal()), 1e8, 1e-9));
    // c = a + b·V.
    assert!(near(PowerLaw { a: -0.1, b: -0.5, voltage: 0.4, ..law }.exponent(), -0.3, 1e-12));
}

#[test]
fn laws_that_make_no_sense_are_refused() {
    let p = PowerLaw::default();
    let e = |law: PowerLaw| law.check().unwrap_err();
    assert!(e(PowerLaw { r0: 0.0, ..p.clone() }).contains("`r0`"));
    assert!(e(PowerLaw { r1: 0.0, ..p.clone() }).contains("`r1`"));
    assert!(e(PowerLaw { r1: 200.0, ..p.clone() }).contains("must be above `r0`"));
    assert!(e(PowerLaw { r1: 100.0, ..p.clone() }).contains("must be above `r0`"));
    for (a, b) in [(0.0, 0.0), (0.1, 0.0), (0.0, 0.2), (f64::NAN, 0.0), (f64::NEG_INFINITY, 0.0)] {
        assert!(e(PowerLaw { a, b, ..p.clone() }).contains("must be below 0"), "{a} {b}");
    }
    for initial in [100.0, 200.0, 2.31e8, f64::NAN] {
        let e = e(PowerLaw { initial, ..p.clone() });
        assert!(e.contains("`initial` must lie above `r0`"), "{initial}: {e}");
    }
    PowerLaw { initial: 2.3e8, ..p.clone() }.check().expect("it may begin at its highest resistance");
    let e = e(PowerLaw { a: -1e-3, b: 0.0, ..p });
    assert!(e.contains("one more moves nothing"), "{e}");

    let s = SoftBound::default();
    let e = |law: SoftBound| law.check().unwrap_err();
    assert!(e(SoftBound { g_min: 0.0, ..s.clone() }).contains("`g_min`"));
    assert!(e(SoftBound { g_max: 0.0, ..s.clone() }).contains("`g_max`"));
    assert!(e(SoftBound { pulses: 0.0, ..s.clone() }).contains("`pulses`"));
    let of = |g_max, initial| SoftBound { g_min: 1e-9, g_max, initial, ..s.clone() };
    assert!(e(of(1.005e-9, 1e-9)).contains("more than 1 %"));
    of(1.02e-9, 1e-9).check().unwrap();
    assert!(e(of(2e-9, 0.9e-9)).contains("`initial`") && e(of(2e-9, 2e-9)).contains("`initial`"));
    assert!(e(of(2e-9, f64::NAN)).contains("`initial`"));
    of(2e-9, 1.999e-9).check().unwrap();
    assert!(e(SoftBound { pulses: 1e18, ..s }).contains("lost in rounding"));
}

fn moments(x: &[f64]) -> (f64, f64) {
    let mean = x.iter().sum::<f64>() / x.len() as f64;
    (mean, (x.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / x.len() as f64).sqrt())
}

/// Numbers of many devices, one list a number.
fn many(m: &dyn DeviceModel, spread: f64, n: u64) -> Vec<Vec<f64>> {
    let stream = |name| Stream::new(5, 6, Purpose::named(name), 0);
    let (parameters, initial) = (stream("parameters"), stream("initial"));
    let width = m.nominal().len();
    let mut all = vec![vec![]; width];
    for k in 0..n {
        let mut d = vec![0.0; width];
        m.draw(spread, k, &parameters, &initial, &mut d);
        all.iter_mut().zip(d).for_each(|(a, x)| a.push(x));
    }
    all
}

#[test]
fn the_spread_of_a_saturating_law_is_of_each_of_its_numbers() {
    let law = SoftBound { g_min: 1e-9, g_max: 5e-8, pulses: 30.0, initial: 2e-8 };
    let all = many(&law, 0.1, 40_000);
    let pulses: Vec<f64> = all[2].iter().map(|keeps| -1.0 / keeps.ln()).collect();
    let start: Vec<f64> = (0..40_000).map(|k| all[1][k] - all[3][k] * (all[1][k] - all[0][k])).collect();
    let columns = [(&all[0], 1e-9), (&all[1], 5e-8), (&pulses, 30.0), (&start, 2e-8)];
    for (k, (x, mean)) in columns.iter().enumerate() {
        let (m, sd) = moments(x);
        // Six standard errors of 40,000 numbers: 0.3 % of the mean, 2.2 % of the deviation.
        assert!(near(m, *mean, 0.003) && near(sd, 0.1 * mean, 0.022), "number {k}: {m:e}, {sd:e}");
        for (other, mean_other) in &columns[k + 1..] {
            let r = x
                .iter()
                .zip(other.iter())
                .map(|(a, b)| (a / mean - 1.0) * (b / mean_other - 1.0))
                .sum::<f64>();
            assert!((r / 40_000.0 / 0.01).abs() < 0.03, "two numbers go together");
        }
    }
    let none = many(&law, 0.0, 3);
    assert!(none.iter().zip(law.nominal()).all(|(x, n)| x.iter().all(|x| *x == n)));
}

#[test]
fn no_two_numbers_of_devices_are_of_one_draw() {
    let power: &dyn DeviceModel = &PowerLaw { initial: 5e7, ..PowerLaw::default() };
    let soft: &dyn DeviceModel = &SoftBound { g_min: 1e-9, g_max: 5e-8, pulses: 30.0, initial: 2e-8 };
    for m in [power, soft] {
        let (all, mean) = (many(m, 0.1, 300), m.nominal());
        // How far each is from its mean, in its standard deviations: nothing is cut off within reach.
        let mut off: Vec<f64> = (0..3)
            .flat_map(|k| all[k].iter().map(move |x| (k, *x)))
            .map(|(k, x)| {
                // Of a saturating law the number of pulses is drawn, not the share that one leaves.
                let pulses = |keeps: f64| -1.0 / keeps.ln();
                let (x, mean) =
                    if k == 2 && mean[2] > 0.0 { (pulses(x), pulses(mean[2])) } else { (x, mean[k]) };
                (x - mean) / (0.1 * mean.abs())
            })
            .collect();
        off.sort_by(f64::total_cmp);
        assert!(off.windows(2).all(|w| w[1] - w[0] > 1e-9), "{m:?}");
        assert!(off[0] < -2.0 && off[899] > 2.0, "{off:?}");
    }
}

#[test]
fn a_large_spread_makes_no_device_that_cannot_be() {
    let law = SoftBound { g_min: 1e-9, g_max: 3e-9, pulses: 5.0, initial: 1.5e-9 };
    let all = many(&law, 1.0, 20_000);
    for [low, high, keeps, left] in (0..20_000).map(|k| [0, 1, 2, 3].map(|c| all[c][k])) {
        assert!(low > 0.0 && high >= 1.01 * low * (1.0 - 1e-12), "{low:e} {high:e}");
        assert!((0.0..1.0).contains(&keeps) && left > 0.0 && left <= 1.0 + 1e-12, "{keeps} {left}");
    }
    let law = PowerLaw::default();
    let all = many(&law, 1.0, 20_000);
    for [r0, r1, c, least, count] in (0..20_000).map(|k| [0, 1, 2, 3, 4].map(|c| all[c][k])) {
        assert!(r0 > 0.0 && r1 > 3.0 * law.r0 && c <= -0.01, "{r0} {r1} {c}");
        let start = r0 + r1 * count.powf(c);
        assert!(start > r0 && start <= r1 * (1.0 + 1e-9), "{start:e} of {r0:e} and {r1:e}");
        assert!(near(r0 + r1 * least.powf(c), r1, 1e-9) && count >= least * (1.0 - 1e-9));
    }
    // A range that is not far above what is cut off.
    let narrow = PowerLaw { r0: 500.0, r1: 2000.0, initial: 1500.0, ..law.clone() };
    narrow.check().unwrap();
    assert!(many(&narrow, 1.0, 2000)[1].iter().all(|r1| *r1 >= 1500.0));
    // An exponent nearer to 0 than what is cut off stays itself: none is above it.
    let law = PowerLaw { a: -0.005, b: 0.0, initial: 2e8, ..law };
    assert!(many(&law, 1.0, 2000)[2].iter().all(|c| *c <= -0.005));
}

/// The devices of synapse `k`.
fn synapse<'a>(s: &'a DeviceSpec, a: &Drawn, k: usize, gain: f64) -> SynapseDevices<'a> {
    let ones = a.sides.iter().map(|side| One {
        d: side.columns.iter().map(|c| c[k]).collect(),
        conductance: side.conductance[k],
        offset: side.offset[k],
        scale: side.scale[k],
    });
    SynapseDevices { device: s.device.model(), mapping: s.mapping.model(), gain, ones: ones.collect() }
}

#[test]
fn conductances_are_measured_by_what_was_asked() {
    for device in laws() {
        let (low, high) = device.model().bounds(&device.model().nominal());
        let of = |bounds| DeviceSpec { device: device.clone(), bounds, ..DeviceSpec::default() };
        for s in [of(Bounds::Nominal), of(Bounds::Own)] {
            assert!(
                s.normalised(high).abs() < 1e-9 && near(s.normalised(low), 1.0, 1e-9),
                "{}",
                device.name()
            );
        }
        assert!(near(of(Bounds::Raw).normalised(low), 1.0 / low, 1e-12));
        for s in [of(Bounds::Nominal), of(Bounds::Own), of(Bounds::Raw)] {
            assert_eq!(s.reach(0.0), 0.0);
            let m = s.device.model();
            let d = m.nominal();
            let moved = s.normalised(m.after(&d, 7.0)) - s.normalised(m.resistance(&d));
            assert!(moved > 0.0 && near(s.reach(7.0), moved, 1e-12));
            // Of the devices that are drawn without spread the same.
            let a = s.draw(1, 1, 0, 0).unwrap();
            let one = &synapse(&s, &a, 0, 1.0).ones[0];
            assert!((one.g() - s.normalised(m.resistance(&d))).abs() < 1e-12 * s.normalised(low));
        }
    }
}

#[test]
fn a_weight_is_written_to_every_kind_of_synapse() {
    let single = |sign| Mapping::from(Single { sign });
    for device in laws() {
        for mapping in [Mapping::default(), single(Sign::Excitatory), single(Sign::Inhibitory)] {
            for bounds in [Bounds::Nominal, Bounds::Own, Bounds::Raw] {
                let s = DeviceSpec {
                    device: device.clone(),
                    mapping: mapping.clone(),
                    bounds,
                    spread: 0.1,
                    ..DeviceSpec::default()
                };
                let a = s.draw(2, 2, 8, 9).unwrap();
                let mut x = synapse(&s, &a, 3, 40.0);
                let (low, high) = x.range();
                let now = x.weight();
                let slack = 1e-9 * (high - low);
                assert!(low < high && now >= low - slack && now <= high + slack, "{low} {now} {high}");
                for share in [0.3, 0.9, 0.1, 0.5, 1.0, 0.0] {
                    let w = low + share * (high - low);
                    let w = if share == 1.0 { high } else { w };
                    x.write(w).unwrap_or_else(|e| panic!("{share}: {e:?}"));
                    assert!((x.weight() - w).abs() < slack, "{share}: {} is not {w}", x.weight());
                }
                for w in [low - 0.01 * (high - low), high + 0.01 * (high - low), f64::NAN] {
                    assert_eq!(x.write(w).unwrap_err().range, x.range());
                }
                // Pulses on one side alone, from the present state.
                let x = synapse(&s, &a, 3, 40.0);
                let (down, up) = x.reach(5.0);
                let sides = s.mapping.model().sides();
                assert_eq!(
                    (down < now, up > now),
                    (sides.contains(&Side::Minus), sides.contains(&Side::Plus))
                );
                assert_eq!(x.reach(0.0).0, x.reach(0.0).1);
            }
        }
    }
}

#[test]
fn the_bytes_of_devices_are_those_of_their_columns() {
    for mapping in [Mapping::default(), Single::default().into()] {
        for device in laws() {
            let s = DeviceSpec { device, mapping: mapping.clone(), ..DeviceSpec::default() };
            let a = s.draw(3, 4, 0, 0).unwrap();
            // The numbers of a device, conductance, offset and scale as they are drawn; and pulses.
            let numbers = |side: &bouton_elements::devices::DrawnSide| {
                let own: usize = side.columns.iter().map(Vec::len).sum();
                own + side.conductance.len() + side.offset.len() + side.scale.len() + 12
            };
            let bytes: usize = a.sides.iter().map(|s| 8 * numbers(s)).sum();
            assert_eq!(s.bytes(3, 4), bytes as f64);
        }
    }
}

#[test]
fn devices_that_make_no_sense_are_refused() {
    let e = |s: DeviceSpec| s.check().unwrap_err();
    let d = DeviceSpec::default;
    d().check().unwrap();
    DeviceSpec { spread: 1.0, gain: Gain::Fixed(0.5), ..d() }.check().unwrap();
    assert!(
        e(DeviceSpec { device: PowerLaw { r0: -1.0, ..PowerLaw::default() }.into(), ..d() }).contains("`r0`")
    );
    let policy = SinglePulse { threshold: -1.0, ..SinglePulse::default() }.into();
    assert!(e(DeviceSpec { policy, ..d() }).starts_with("`policy`: `threshold`"));
    assert!(e(DeviceSpec { spread: -0.1, ..d() }).contains("`spread`"));
    assert!(e(DeviceSpec { spread: 1.01, ..d() }).contains("`spread` must be at most 1"));
    assert!(e(DeviceSpec { gain: Gain::Fixed(0.0), ..d() }).contains("`gain`"));
    assert!(e(DeviceSpec { gain: Gain::Auto(AutoGain { pulses: 0.0 }), ..d() }).contains("`auto_pulses`"));
}

fn own(name: &str, values: Values) -> BTreeMap<String, Values> {
    BTreeMap::from([(name.to_string(), values)])
}

#[test]
fn parameters_of_their_own_are_refused_by_place_and_name() {
    let e = |s: DeviceSpec| s.check().unwrap_err();
    let d = DeviceSpec::default;
    let one = || Values::Number(300.0);
    DeviceSpec { each: own("r0", one()), plus: own("r0", one()), minus: own("a", one()), ..d() }
        .check()
        .unwrap();
    let near = e(DeviceSpec { each: own("initail", one()), ..d() });
    assert!(near.contains("`each`: the device `power_law` has no parameter `initail`"), "{near}");
    assert!(near.contains("did you mean `initial`?"), "{near}");
    let far = e(DeviceSpec { minus: own("conductivity", one()), ..d() });
    assert!(far.starts_with("`minus`: ") && far.contains("there are: ") && far.contains("voltage"), "{far}");
    let single = |sign| Mapping::from(Single { sign });
    for (sign, plus) in [(Sign::Excitatory, true), (Sign::Inhibitory, false)] {
        let mapping = single(sign);
        let has = DeviceSpec { mapping: mapping.clone(), ..d() };
        let (good, bad) = if plus {
            (
                DeviceSpec { plus: own("r0", one()), ..has.clone() },
                DeviceSpec { minus: own("r0", one()), ..has },
            )
        } else {
            (
                DeviceSpec { minus: own("r0", one()), ..has.clone() },
                DeviceSpec { plus: own("r0", one()), ..has },
            )
        };
        good.check().unwrap();
        assert!(e(bad).contains("the synapses have no device on this side"));
        DeviceSpec { mapping, each: own("r0", one()), ..d() }.check().unwrap();
    }
    let wide = Values::Drawn(Distribution::gaussian(1.0, -1.0));
    let e = e(DeviceSpec { each: own("r0", wide), ..d() });
    assert!(e.starts_with("`each.r0`: `std`"), "{e}");
}

#[test]
fn each_device_has_its_own_parameters() {
    let d = DeviceSpec::default;
    let rows = |x: &[&[f64]]| Values::Rows(x.iter().map(|r| r.to_vec()).collect());
    // r0 is the first number of a device.
    let r0 = |s: &DeviceSpec, rows, cols| {
        let a = s.draw(rows, cols, 3, 4).unwrap();
        a.sides.into_iter().map(|s| s.columns[0].clone()).collect::<Vec<_>>()
    };
    let all = DeviceSpec { each: own("r0", Values::Number(300.0)), ..d() };
    assert_eq!(r0(&all, 2, 3), [[300.0; 6], [300.0; 6]]);
    // One side goes before both, and leaves the other.
    let plus = DeviceSpec { plus: own("r0", rows(&[&[1.0, 2.0], &[3.0, 4.0]])), ..all.clone() };
    assert_eq!(r0(&plus, 2, 2), [[1.0, 2.0, 3.0, 4.0], [300.0; 4]]);
    let minus = DeviceSpec { minus: own("r0", Values::Number(7.0)), ..all.clone() };
    assert_eq!(r0(&minus, 1, 2), [[300.0; 2], [7.0; 2]]);
    assert_eq!(
        r0(&DeviceSpec { minus: own("r0", Values::Number(7.0)), ..d() }, 1, 2),
        [[200.0; 2], [7.0; 2]]
    );
    // Drawn: each side its own, the same for the same seed, and another name another draw.
    let drawn = || Values::Drawn(Distribution::uniform(100.0, 400.0));
    let s = DeviceSpec { each: own("r0", drawn()), ..d() };
    let (a, again) = (r0(&s, 4, 5), r0(&s, 4, 5));
    assert!(a == again && a[0] != a[1] && a.concat().iter().all(|x| (100.0..400.0).contains(x)));
    let mut sorted = a[0].clone();
    sorted.sort_by(f64::total_cmp);
    sorted.dedup();
    assert_eq!(sorted.len(), 20);
    let other = s.draw(4, 5, 3, 5).unwrap();
    assert!(other.sides[0].columns[0] != a[0] && s.draw(4, 5, 4, 4).unwrap().sides[0].columns[0] != a[0]);
    let both = DeviceSpec {
        each: BTreeMap::from([
            ("r0".into(), drawn()),
            ("initial".into(), Values::Drawn(Distribution::uniform(1e7, 4e7))),
        ]),
        ..d()
    };
    let b = both.draw(4, 5, 3, 4).unwrap();
    assert_eq!(b.sides[0].columns[0], a[0], "what is drawn hangs on what else is");
    let start: Vec<f64> = b.sides[0].conductance.iter().map(|g| 1.0 / g / 1e5).collect();
    assert!(start.iter().zip(&a[0]).any(|(x, y)| (x - y).abs() > 1.0), "two names are of one draw");
}

#[test]
fn parameters_of_their_own_that_do_not_fit_are_refused_with_their_place() {
    let e = |values, rows, cols| {
        let s = DeviceSpec { each: own("r0", values), ..DeviceSpec::default() };
        s.draw(rows, cols, 1, 2).unwrap_err()
    };
    let rows = |x: &[&[f64]]| Values::Rows(x.iter().map(|r| r.to_vec()).collect());
    let (a, b, c): (&[f64], &[f64], &[f64]) = (&[1.0, 2.0, 3.0], &[4.0, 5.0], &[f64::INFINITY, 5.0, 6.0]);
    let ragged = e(rows(&[a, b]), 2, 3);
    assert!(ragged.contains("`each.r0`: row 1 has 2 numbers where the first has 3"), "{ragged}");
    let turned = e(rows(&[a, a]), 3, 2);
    assert!(turned.contains("must be 3 rows of 2 numbers") && turned.contains("transpose"), "{turned}");
    let other = e(rows(&[a, a]), 2, 2);
    assert!(other.contains("found 2 of 3") && !other.contains("transpose"), "{other}");
    assert!(e(rows(&[a, c]), 2, 3).contains("number (1, 0) is inf"));
    assert!(
        e(Values::Scalars(vec![1.0; 4]), 2, 2)
            .contains("2 rows of 2 numbers (post × pre), found a list of 4")
    );
    assert!(e(Values::Scalars(vec![1.0, f64::NAN, 1.0]), 3, 1).contains("number (1, 0) is NaN"));
    // A device that can't be is named by its place and side.
    let r0 = rows(&[&[200.0, 200.0, 200.0], &[200.0, 200.0, 3e8]]);
    let s = DeviceSpec { minus: own("r0", r0), ..DeviceSpec::default() };
    let e = s.draw(2, 3, 1, 2).unwrap_err();
    assert!(e.contains("device (1, 2) on the side `minus`") && e.contains("`r1`"), "{e}");
}
