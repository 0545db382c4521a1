//! Paired test errors of many seeds.

use std::path::{Path, PathBuf};

use bouton::io::table::{Table, number};

use crate::Result;
use crate::compare::same_spikes;
use crate::files::Archive;
use crate::model::Case;

/// Two-sided 95 % quantiles of Student's t for 1 to 30 degrees of freedom.
const T95: [f64; 30] = [
    12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281, 2.2010, 2.1788, 2.1604,
    2.1448, 2.1314, 2.1199, 2.1098, 2.1009, 2.0930, 2.0860, 2.0796, 2.0739, 2.0687, 2.0639, 2.0595, 2.0555,
    2.0518, 2.0484, 2.0452, 2.0423,
];

/// Mean squared error of `post` from `pre`, over the steps without learning.
fn test_error(a: &Archive, case: &Case) -> Result<f64> {
    let (shape, post) = a.get("value.post")?;
    let from = case.learn_steps() as usize * shape.last().copied().unwrap_or(1);
    let pre = a.values("value.pre")?;
    let (pre, post) = (pre.get(from..).unwrap_or_default(), post.get(from..).unwrap_or_default());
    if pre.len() != post.len() || pre.is_empty() {
        return Err("the recordings have no test part".into());
    }
    Ok(pre.iter().zip(post).map(|(a, b)| (a - b).powi(2)).sum::<f64>() / pre.len() as f64)
}

fn mean_sd(x: &[f64]) -> (f64, f64) {
    let n = x.len() as f64;
    let mean = x.iter().sum::<f64>() / n;
    (mean, (x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt())
}

/// Differences up to this share of the mean error are rounding: where both sides have the same spikes to the end, the
/// difference is of the order of 1e-15 and so is the interval's width, and neither says anything.
const ROUNDING: f64 = 1e-9;

/// What came of one pair.
struct Pair {
    case: Case,
    ours: f64,
    theirs: f64,
    /// Steps before the first spike that differs.
    same_spikes: u64,
    /// Wall time of each side (s).
    wall: (f64, f64),
}

impl Pair {
    fn read(dir: &Path) -> Result<Pair> {
        let case = Case::read(dir)?;
        let ours = Archive::read(&dir.join("bouton.npz"))?;
        let theirs = Archive::read(&dir.join("oracle.npz"))?;
        Ok(Pair {
            ours: test_error(&ours, &case)?,
            theirs: test_error(&theirs, &case)?,
            same_spikes: same_spikes(&ours, &theirs, case.steps())?,
            wall: (ours.scalar("wall_s")?, theirs.scalar("wall_s")?),
            case,
        })
    }
}

/// Mean difference and half the width of its 95 % interval.
fn interval(differences: &[f64]) -> Option<(f64, f64)> {
    let n = differences.len();
    let t = T95.get(n.checked_sub(2)?)?;
    let (mean, sd) = mean_sd(differences);
    Some((mean, t * sd / (n as f64).sqrt()))
}

/// Prints the pairs, and the mean difference with its 95 % interval. Whether it holds zero.
pub fn pairs(dirs: &[PathBuf]) -> Result<bool> {
    let pairs: Vec<Pair> = dirs.iter().map(|d| Pair::read(d)).collect::<Result<_>>()?;
    let mut table = Table::new([
        "seed",
        "N",
        "gain",
        "MSE bouton",
        "MSE oracle",
        "difference",
        "same spikes until",
        "of",
        "wall s",
        "wall s oracle",
    ]);
    for p in &pairs {
        table.push([
            p.case.seed.to_string(),
            p.case.neurons.to_string(),
            number(p.case.gain),
            number(p.ours),
            number(p.theirs),
            format!("{:+.2e}", p.ours - p.theirs),
            p.same_spikes.to_string(),
            p.case.steps().to_string(),
            format!("{:.2}", p.wall.0),
            format!("{:.1}", p.wall.1),
        ]);
    }
    table.print()?;
    let column = |f: fn(&Pair) -> f64| pairs.iter().map(f).collect::<Vec<f64>>();
    let (mean, half) = interval(&column(|p| p.ours - p.theirs)).ok_or("the interval needs 2 to 31 pairs")?;
    let ((ma, sa), (mb, sb)) = (mean_sd(&column(|p| p.ours)), mean_sd(&column(|p| p.theirs)));
    let error = 0.5 * (ma + mb);
    let same = pairs.iter().filter(|p| p.same_spikes == p.case.steps()).count();
    println!("pairs: {}; same spikes to the last step: {same}", pairs.len());
    println!("MSE bouton {ma:.5} ± {sa:.5}, oracle {mb:.5} ± {sb:.5} (mean ± sd)");
    let holds = mean.abs() <= half;
    let rounding = mean.abs() <= ROUNDING * error;
    println!(
        "mean paired difference {mean:+.2e}, 95 % interval [{:+.2e}, {:+.2e}]: {}",
        mean - half,
        mean + half,
        match (holds, rounding) {
            (true, _) => "holds zero",
            (false, true) => "zero but for rounding (below 1e-9 of the mean MSE)",
            (false, false) => "does NOT hold zero",
        }
    );
    println!("half-width / mean MSE: {:.2e} %", 100.0 * half / error);
    Ok(holds || rounding)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_and_standard_deviation() {
        assert_eq!(mean_sd(&[1.0, 3.0]), (2.0, 2f64.sqrt()));
    }

    #[test]
    fn interval_of_a_mean() {
        // Three values 1, 2, 3: sd 1, t(2) = 4.3027.
        let (mean, half) = interval(&[1.0, 2.0, 3.0]).unwrap();
        assert!((mean - 2.0).abs() < 1e-12 && (half - 4.3027 / 3f64.sqrt()).abs() < 1e-12);
        assert!(interval(&[1.0]).is_none());
    }
}
