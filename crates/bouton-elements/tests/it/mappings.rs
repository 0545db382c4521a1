//! Mappings: weights by their formulas, for a row of devices as for one.

use bouton_elements::mappings::{MOST_SIDES, Mapping, Measured, Pair, Side, Sign, Single};
use bouton_kernels::Level;

#[test]
fn weights_are_those_of_the_formulas() {
    let single = |sign| Mapping::from(Single { sign });
    let cases: [(Mapping, &[Side], f64); 3] = [
        (Pair {}.into(), &[Side::Plus, Side::Minus], 10.0 * (0.7 - 0.2)),
        (single(Sign::Excitatory), &[Side::Plus], 10.0 * 0.7),
        (single(Sign::Inhibitory), &[Side::Minus], -10.0 * 0.7),
    ];
    for (mapping, sides, weight) in cases {
        assert_eq!(mapping.model().sides(), sides);
        assert!((mapping.model().weight(10.0, &[0.7, 0.2][..sides.len()]) - weight).abs() < 1e-12);
        assert!(sides.len() <= MOST_SIDES);
    }
    assert_eq!([Side::Plus, Side::Minus].map(Side::name), ["plus", "minus"]);
    assert_eq!(Mapping::default(), Pair {}.into());
}

#[test]
fn a_row_has_the_weights_of_its_open_columns_and_keeps_the_others() {
    const N: usize = 13;
    let numbers = |seed: f64| (0..N).map(|k| (k as f64 * 1.7 + seed).sin() + 1.5).collect::<Vec<f64>>();
    let all: Vec<[Vec<f64>; 3]> =
        (0..2).map(|s| [0.1, 0.5, 0.9].map(|x| numbers(x + f64::from(s) * 3.0))).collect();
    let measured: Vec<Measured<'_>> =
        all.iter().map(|[g, offset, scale]| Measured { conductance: g, offset, scale }).collect();
    for m in &measured {
        let part = m.part(4..9);
        for k in 0..5 {
            let exact = (m.conductance[4 + k] - m.offset[4 + k]) * m.scale[4 + k];
            assert_eq!((part.g(k), m.g(4 + k)), (exact, exact));
        }
    }
    let single = |sign| Mapping::from(Single { sign });
    for (mapping, signs) in [
        (Mapping::default(), vec![1.0, -1.0]),
        (single(Sign::Excitatory), vec![1.0]),
        (single(Sign::Inhibitory), vec![-1.0]),
    ] {
        // None, one, some, a third, and all of the columns.
        for columns in [vec![], vec![12], vec![0, 7, 8], vec![0, 2, 3, 9, 12], (0..N as u32).collect()] {
            let mut open = vec![0.0; N];
            columns.iter().for_each(|c| open[*c as usize] = 1.0);
            let mut w: Vec<f64> = (0..N).map(|k| 100.0 + k as f64).collect();
            let sides = &measured[..signs.len()];
            mapping.model().row(Level::detect(), 20.0, sides, &columns, &open, &mut w);
            for (k, w) in w.iter().enumerate() {
                let made: f64 = sides.iter().zip(&signs).map(|(s, sign)| 20.0 * sign * s.g(k)).sum();
                let exact = if open[k] == 1.0 { made } else { 100.0 + k as f64 };
                assert!((w - exact).abs() < 1e-12, "{columns:?}, {k}: {w}, not {exact}");
            }
        }
    }
}
