//! Rules whose matrix is the encoders of the post ensemble: Voja, and what such a rule can't say.

use bouton_rules::Rule;

use crate::sim::{DT, In, Noise, Sim, close, library};

const NEURONS: usize = 4;
const DIMENSIONS: usize = 3;

#[test]
fn voja_is_its_plain_loop() {
    let mut noise = Noise(17);
    let scale: Vec<f64> = noise.many(NEURONS).iter().map(|x| 1.0 + 3.0 * x).collect();
    let start: Vec<f64> =
        (0..NEURONS * DIMENSIONS).map(|k| scale[k / DIMENSIONS] * (k as f64).sin()).collect();
    let mut sim = Sim::new(library("voja"), (NEURONS, DIMENSIONS), start.clone());
    let (mut b, mut w, mut delta) = ([0.0; NEURONS], start.clone(), vec![0.0; NEURONS * DIMENSIONS]);
    for t in 0..400 {
        let post: Vec<f64> = noise.many(NEURONS).iter().map(|x| 200.0 * x).collect();
        let x: Vec<f64> = noise.many(DIMENSIONS).iter().map(|x| 2.0 * x - 1.0).collect();
        // Learning is on, half on, and off.
        let learning = [0.0, -0.5, -1.0][t / 134];
        sim.step(&In { pre: &x, post: &post, scale: &scale, factors: &[&[learning]], ..In::default() });
        b.iter_mut().zip(&post).for_each(|(b, p)| *b = p + (*b - p) * (-DT / 0.005f64).exp());
        w.iter_mut().zip(&delta).for_each(|(w, d)| *w += d);
        for i in 0..NEURONS {
            for (j, x) in x.iter().enumerate() {
                let k = i * DIMENSIONS + j;
                delta[k] = DT * 0.01 * (1.0 + learning) * b[i] * (scale[i] * x - w[k]);
            }
        }
        if t == 300 {
            assert!(delta.iter().all(|d| *d == 0.0), "it is off");
        }
    }
    let moved = w.iter().zip(&start).map(|(w, s)| (w - s).abs()).fold(0.0, f64::max);
    let off = w.iter().zip(&sim.weights).map(|(w, s)| (w - s).abs()).fold(0.0, f64::max);
    assert!(moved > 0.1 && off < 1e-13 * moved, "{off:e} of {moved:e}");
}

/// At a constant activity an encoder is a low-pass of what is given, and so comes to its mean.
#[test]
fn voja_moves_encoders_to_the_mean_of_what_is_given() {
    let scale = [2.0];
    let mut sim = Sim::new(library("voja"), (1, 2), vec![2.0, 0.0]);
    let mut noise = Noise(19);
    let (mut sum, mut count) = ([0.0; 2], 0.0);
    for t in 0..12_000 {
        // Uniform on [−0.5, 0.9] and [−0.9, 0.3]: the means are 0.2 and −0.3.
        let x = [1.4 * noise.next() - 0.5, 1.2 * noise.next() - 0.9];
        sim.step(&In { pre: &x, post: &[50.0], scale: &scale, factors: &[&[0.0]], ..In::default() });
        if t >= 8_000 {
            (0..2).for_each(|k| sum[k] += sim.weights[k] / scale[0]);
            count += 1.0;
        }
    }
    for (sum, mean) in sum.iter().zip([0.2, -0.3]) {
        assert!((sum / count - mean).abs() < 0.02, "{} for {mean}", sum / count);
    }
    // From rest it is there but for e^(−eta·b·t): 63 % of the way in 2 s at 50 Hz and a rate of 0.01, where nothing is connected to
    // `learning`.
    let rule = library("voja");
    let learning = rule.factors()[0].default.unwrap();
    let mut sim = Sim::new(rule, (1, 1), vec![0.0]).set("tau_f", 1e-9);
    (0..2001).for_each(|_| {
        sim.step(&In { pre: &[0.5], post: &[50.0], scale: &scale, factors: &[&[learning]], ..In::default() });
    });
    close(sim.weights[0], 1.0 - (1.0 - 5e-4f64).powi(2000), 1e-9);
}

#[test]
fn what_has_no_meaning_for_encoders_is_refused_where_it_stands() {
    let refused = |text: &str, expected: &str, at: &str| {
        let e = Rule::parse(&format!("target encoders\n{text}")).unwrap_err().to_string();
        assert!(e.contains(expected) && e.ends_with(at), "{e}");
    };
    refused("w' = pre.v", "there is `pre.out` alone", "(line 2, column 6)");
    refused("post b' = -b\nw' = b*error", "has no `error`; declare a third factor", "(line 3, column 8)");
    refused("pre x' = -x\non pre: x += 1; w += 1", "`on pre` has no meaning", "(line 3, column 9)");
    refused("w' = 1\napply now", "encoders take their change in the next step", "(line 3, column 1)");
    // The words alone are no reason.
    let rule =
        Rule::parse("target encoders\n# error\ninput errors per post # the error\nw' = errors").unwrap();
    assert!(rule.on_encoders() && !rule.reads_scale());
    assert!(library("voja").reads_scale());
    let explained = library("voja").explain();
    assert!(explained.contains("w is the post ensemble's scaled encoders"), "{explained}");
    assert!(explained.contains("reads post.out, pre.out, scale, w"), "{explained}");
    let e = Rule::parse("w' = scale").unwrap_err().to_string();
    assert!(e.contains("unknown name `scale`"), "{e}");
}
