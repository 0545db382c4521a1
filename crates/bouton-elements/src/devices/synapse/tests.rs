use std::ops::Range;

use bouton_kernels::Level;

use super::super::{Bounds, Columns, DeviceModel, DeviceSpec, Drawn, Gain, SpreadOf};
use super::{One, SynapseDevices};
use crate::distributions::Values;
use crate::mappings::{Mapping, Sign, Single};

fn spec(spread: f64) -> DeviceSpec {
    DeviceSpec { spread, gain: Gain::Fixed(1e4), ..DeviceSpec::default() }
}

/// The devices of synapse `k`, with a gain of 1e4.
fn synapse<'a>(s: &'a DeviceSpec, a: &Drawn, k: usize) -> SynapseDevices<'a> {
    let one = |side: &super::super::DrawnSide| One {
        d: side.columns.iter().map(|c| c[k]).collect(),
        conductance: side.conductance[k],
        offset: side.offset[k],
        scale: side.scale[k],
    };
    let ones = a.sides.iter().map(one).collect();
    SynapseDevices { device: s.device.model(), mapping: s.mapping.model(), gain: 1e4, ones }
}

/// One pulse on some columns of a row of one side.
fn pulse(m: &dyn DeviceModel, a: &mut Drawn, side: usize, row: Range<usize>, columns: &[u32]) {
    let s = &mut a.sides[side];
    let mut open = vec![0.0; row.len()];
    columns.iter().for_each(|c| open[*c as usize] = 1.0);
    let states = m.vars().iter().filter(|c| c.is_state()).count();
    let (parameters, state) = s.columns.split_at_mut(4);
    assert_eq!(state.len(), states);
    let parameters: Vec<&[f64]> = parameters.iter().map(|c| &c[..]).collect();
    let mut state: Vec<&mut [f64]> = state.iter_mut().map(|c| &mut c[..]).collect();
    let mut c = Columns { parameters: &parameters, state: &mut state, conductance: &mut s.conductance };
    m.pulse(Level::detect(), &mut c, row, columns, &open);
}

#[test]
fn published_table_of_pulses() {
    // Table of the reference: 1e4·Δg after k pulses from 1e8 Ω, and g(1e8 Ω) = 1.13e-6.
    let s = spec(0.0);
    for (k, dg) in [
        (1.0, 9.7e-6),
        (10.0, 9.6e-5),
        (100.0, 8.6e-4),
        (1000.0, 4.8e-3),
        (5000.0, 1.04e-2),
        (10_000.0, 1.35e-2),
    ] {
        let got = 1e4 * s.reach(k);
        assert!((got - dg).abs() < 0.006 * dg, "{k} pulses: {got}, published {dg}");
    }
    assert!((s.normalised(1e8) - 1.13e-6).abs() < 0.005e-6);
}

#[test]
fn pulses_are_those_of_the_direct_method() {
    // R ← R0 + R1·(((R − R0)/R1)^(1/c) + 1)^c, step by step on the resistance, for devices with spread.
    let s = DeviceSpec { bounds: Bounds::Own, ..spec(0.15) };
    let mut a = s.draw(3, 5, 1, 2).unwrap();
    let mut r: Vec<f64> = a.sides[0].conductance.iter().map(|g| 1.0 / g).collect();
    let untouched = a.sides[0].conductance[1];
    for _ in 0..500 {
        pulse(s.device.model(), &mut a, 0, 0..5, &[0, 2, 3]);
        for c in [0, 2, 3] {
            let [r0, r1, e] = [0, 1, 2].map(|k| a.sides[0].columns[k][c]);
            let n = ((r[c] - r0) / r1).powf(1.0 / e);
            r[c] = r0 + r1 * (n + 1.0).powf(e);
        }
    }
    for (c, r) in r.iter().enumerate().take(5) {
        assert!((1.0 / a.sides[0].conductance[c] - r).abs() < 1e-9 * r, "device {c}");
    }
    assert_eq!(a.sides[0].conductance[1], untouched);
    assert!(a.sides[0].columns[2].iter().all(|c| *c < 0.0));
}

#[test]
fn few_and_many_open_columns_have_the_same_bits() {
    let s = spec(0.15);
    let (mut one, mut all) = (s.draw(1, 40, 1, 2).unwrap(), s.draw(1, 40, 1, 2).unwrap());
    for k in 0..40u32 {
        pulse(s.device.model(), &mut one, 0, 0..40, &[k]);
    }
    pulse(s.device.model(), &mut all, 0, 0..40, &(0..40).collect::<Vec<_>>());
    assert_eq!(one, all);
}

#[test]
fn reach_is_where_pulses_lead() {
    for mapping in [Mapping::default(), Single { sign: Sign::Inhibitory }.into()] {
        let single = mapping != Mapping::default();
        let s = DeviceSpec { mapping, ..spec(0.15) };
        let mut a = s.draw(2, 3, 1, 2).unwrap();
        let (up, down) = (synapse(&s, &a, 1).reach(50.0), synapse(&s, &a, 5).reach(50.0));
        let start = synapse(&s, &a, 1).weight();
        for _ in 0..50 {
            if !single {
                pulse(s.device.model(), &mut a, 0, 0..3, &[1, 2]);
            }
            let minus = a.sides.len() - 1;
            pulse(s.device.model(), &mut a, minus, 3..6, &[1, 2]);
        }
        let (first, last) = (synapse(&s, &a, 1).weight(), synapse(&s, &a, 5).weight());
        // A single inhibitory device has no way up.
        let top = if single { start } else { up.1 };
        assert!((first - top).abs() < 1e-9 * top.abs(), "{first} {up:?}");
        assert!((last - down.0).abs() < 1e-9 * down.0.abs(), "{last} {down:?}");
        assert_eq!(up.1 == start, single);
    }
}

#[test]
fn spread_is_shared_or_not() {
    let own = spec(0.15).draw(20, 20, 1, 2).unwrap();
    assert_ne!(own.sides[0].columns[0], own.sides[1].columns[0]);
    let shared = DeviceSpec { spread_of: SpreadOf::Synapse, ..spec(0.15) }.draw(20, 20, 1, 2).unwrap();
    assert_eq!(shared.sides[0].columns[..3], shared.sides[1].columns[..3]);
    assert_ne!(shared.sides[0].columns[4], shared.sides[1].columns[4]);
    // What is shared is what the plus devices have by themselves: these stay as they are.
    assert_eq!(shared.sides[0], own.sides[0]);
    // Mean and spread of each parameter, and that no two are of one draw.
    let moments = |x: &[f64]| {
        let mean = x.iter().sum::<f64>() / x.len() as f64;
        (mean, (x.iter().map(|r| (r - mean).powi(2)).sum::<f64>() / x.len() as f64).sqrt())
    };
    let many = spec(0.15).draw(200, 200, 1, 2).unwrap();
    for (k, nominal) in [200.0, 2.3e8, -0.146].into_iter().enumerate() {
        let (mean, sd) = moments(&many.sides[0].columns[k]);
        assert!((mean / nominal - 1.0f64).abs() < 0.003, "parameter {k}: mean {mean}");
        assert!((sd / nominal.abs() - 0.15).abs() < 0.0015, "parameter {k}: sd {sd}");
    }
    let start: Vec<f64> = many.sides[0].conductance.iter().map(|g| 1.0 / g).collect();
    let (mean, sd) = moments(&start);
    assert!((mean / 1e8 - 1.0).abs() < 0.004 && (sd / 1e8 - 0.15).abs() < 0.003, "start: {mean}, {sd}");
    let columns = [&many.sides[0].columns[0], &many.sides[0].columns[1], &many.sides[0].columns[2], &start];
    for (i, a) in columns.iter().enumerate() {
        for b in &columns[i + 1..] {
            let ((ma, sa), (mb, sb)) = (moments(a), moments(b));
            let r = a.iter().zip(b.iter()).map(|(x, y)| (x - ma) * (y - mb)).sum::<f64>()
                / (a.len() as f64 * sa * sb);
            assert!(r.abs() < 0.02, "two parameters go together: r = {r}");
        }
    }
}

#[test]
fn own_bounds_are_each_devices_own() {
    // g = (1/R − 1/R1)/(1/R0 − 1/R1) with the device's own R0 and R1.
    let s = DeviceSpec { bounds: Bounds::Own, ..spec(0.3) };
    let a = s.draw(4, 5, 3, 4).unwrap();
    for k in 0..20 {
        let [r0, r1] = [0, 1].map(|c| a.sides[0].columns[c][k]);
        let g = (a.sides[0].conductance[k] - 1.0 / r1) / (1.0 / r0 - 1.0 / r1);
        let one = synapse(&s, &a, k).ones[0].g();
        assert!((one - g).abs() < 1e-12 * g.abs(), "device {k}: {one}, not {g}");
    }
}

#[test]
fn an_ideal_write_is_read_back_and_the_unreachable_is_refused() {
    let s = spec(0.15);
    let a = s.draw(2, 2, 3, 4).unwrap();
    let before = synapse(&s, &a, 0);
    let mut up = before.clone();
    let w = before.weight() + 3e-3;
    up.write(w).unwrap();
    assert!((up.weight() - w).abs() < 1e-12);
    assert!(up.ones[0].d[4] > before.ones[0].d[4], "the plus device did not rise");
    assert_eq!(up.ones[1], before.ones[1], "the minus device moved");
    // However often: every weight in the range can be written again.
    let mut x = synapse(&s, &a, 2);
    let (low, high) = x.range();
    for k in 0..20 {
        let w = if k % 2 == 0 { 0.99 * high } else { 0.99 * low };
        x.write(w).unwrap();
        assert!((x.weight() - w).abs() < 1e-9 * w.abs(), "{} is not {w}", x.weight());
    }
    assert_eq!(x.range(), (low, high), "the range hangs on what was written");
    let kept = x.clone();
    let e = x.write(2e4).unwrap_err();
    assert!(e.range.1 < 2e4 && e.range.0 < 0.0 && e.wanted == 2e4);
    assert_eq!(x.ones, kept.ones, "a refused write changed something");

    let single = DeviceSpec { mapping: Single { sign: Sign::Inhibitory }.into(), ..spec(0.0) };
    let a = single.draw(1, 1, 0, 0).unwrap();
    let mut s = synapse(&single, &a, 0);
    assert!(s.weight() < 0.0 && s.write(1.0).is_err());
}

#[test]
fn a_raw_write_is_clipped_to_the_devices_own_bounds() {
    let s = spec(0.15);
    let a = s.draw(1, 3, 3, 4).unwrap();
    let mut x = synapse(&s, &a, 1);
    let [r0, r1] = [x.ones[0].d[0], x.ones[0].d[1]];
    x.set_conductance(0, 1e-6);
    assert!((x.ones[0].conductance - 1e-6).abs() < 1e-18);
    x.set_conductance(0, 1e-30);
    assert!((x.ones[0].conductance * r1 - 1.0).abs() < 1e-9, "{} is not 1/R1", x.ones[0].conductance);
    x.set_conductance(0, 1e30);
    assert!((x.ones[0].conductance * r0 - 1.0).abs() < 1e-9);
}

#[test]
fn the_weights_of_devices_are_the_gain_times_the_difference_of_their_normalised_conductances() {
    let s = DeviceSpec { spread: 0.2, ..DeviceSpec::default() };
    let a = s.draw(3, 5, 1, 2).unwrap();
    let w = a.weights(&s.mapping, 250.0);
    assert_eq!(w.len(), 15);
    for (k, w) in w.iter().enumerate() {
        // Of each side (g - offset) / range, of a pair plus less minus.
        let [plus, minus] = [0, 1].map(|side| {
            let d = &a.sides[side];
            (d.conductance[k] - d.offset[k]) * d.scale[k]
        });
        let wanted = 250.0 * (plus - minus);
        assert!((w - wanted).abs() <= 1e-12 * wanted.abs() && wanted != 0.0, "{k}: {w}, not {wanted}");
    }
}

#[test]
fn a_list_is_a_number_for_each_device_of_one_row_or_one_column() {
    let list = |n: usize| Values::Scalars((0..n).map(|k| 2e7 + 1e6 * k as f64).collect());
    for (rows, cols) in [(1, 4), (4, 1), (1, 1)] {
        let mut s = spec(0.0);
        s.each.insert("initial".into(), list(rows * cols));
        let a = s.draw(rows, cols, 1, 2).unwrap();
        for (k, g) in a.sides[1].conductance.iter().enumerate() {
            let wanted = 2e7 + 1e6 * k as f64;
            assert!((1.0 / g - wanted).abs() < 1e-6 * wanted, "{rows} x {cols}, {k}: {}", 1.0 / g);
        }
        for n in [rows * cols + 1, rows + cols] {
            if n != rows * cols {
                s.each.insert("initial".into(), list(n));
                let e = s.draw(rows, cols, 1, 2).unwrap_err();
                assert!(e.contains(&format!("a list of {n}")), "{e}");
            }
        }
    }
}
