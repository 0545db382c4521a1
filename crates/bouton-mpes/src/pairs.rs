//! Paired test errors of many seeds.

use std::path::{Path, PathBuf};

use bouton::io::table::{Table, number};

use crate::Result;
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

fn one(dir: &Path) -> Result<(Case, f64, f64, f64, f64)> {
    let case = Case::read(dir)?;
    let (ours, theirs) = (Archive::read(&dir.join("bouton.npz"))?, Archive::read(&dir.join("oracle.npz"))?);
    let walls = (ours.scalar("wall_s")?, theirs.scalar("wall_s")?);
    Ok((case.clone(), test_error(&ours, &case)?, test_error(&theirs, &case)?, walls.0, walls.1))
}

/// Prints the pairs, and the mean difference with its 95 % interval. Whether it holds zero.
pub fn pairs(dirs: &[PathBuf]) -> Result<bool> {
    let mut table = Table::new(["seed", "N", "gain", "MSE bouton", "MSE oracle", "difference", "wall s", "wall s oracle"]);
    let (mut a, mut b) = (vec![], vec![]);
    for dir in dirs {
        let (case, x, y, ours, theirs) = one(dir)?;
        table.push([
            case.seed.to_string(),
            case.neurons.to_string(),
            number(case.gain),
            number(x),
            number(y),
            format!("{:+.3e}", x - y),
            format!("{ours:.2}"),
            format!("{theirs:.1}"),
        ]);
        a.push(x);
        b.push(y);
    }
    table.print()?;
    let n = a.len();
    let Some(t) = n.checked_sub(2).and_then(|k| T95.get(k)) else {
        return Err("the interval needs 2 to 31 pairs".into());
    };
    let differences: Vec<f64> = a.iter().zip(&b).map(|(a, b)| a - b).collect();
    let (mean, sd) = mean_sd(&differences);
    let half = t * sd / (n as f64).sqrt();
    let ((ma, sa), (mb, sb)) = (mean_sd(&a), mean_sd(&b));
    let holds = (mean - half..=mean + half).contains(&0.0);
    println!("pairs: {n}; MSE bouton {ma:.5} ± {sa:.5}, oracle {mb:.5} ± {sb:.5} (mean ± sd)");
    println!(
        "mean paired difference {mean:+.3e}, 95 % interval [{:+.3e}, {:+.3e}]: {} zero",
        mean - half,
        mean + half,
        if holds { "holds" } else { "does NOT hold" }
    );
    println!("half-width / mean MSE: {:.2} %", 100.0 * half / (0.5 * (ma + mb)));
    Ok(holds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_and_standard_deviation() {
        assert_eq!(mean_sd(&[1.0, 3.0]), (2.0, 2f64.sqrt()));
    }
}
