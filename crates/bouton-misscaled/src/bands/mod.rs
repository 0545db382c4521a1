//! Rules of thumb, found by trying: how far a figure of a model may go before its error doubles.
//!
//! Each figure is swept over a grid, with several sizes of population and several seeds (of the neurons and of the input).
//! The error is the root mean square of what is between the output and what it should be, as a share of that; the mean over
//! the seeds counts. Where it is least on the grid is the best value; from there to both sides it is looked for where the
//! error is twice the least, between two values of the grid by their logarithms.

mod learned;
mod represented;

use bouton::prelude::*;

use crate::of_each;

/// A figure as it came out, and the error.
pub type Point = Result<(f64, f64), Error>;

/// A figure that is swept.
pub struct Band {
    /// What it is.
    pub name: &'static str,
    /// What is set, ascending.
    pub grid: &'static [f64],
    /// Sizes of the populations.
    pub sizes: &'static [usize],
    /// For a size, a seed and what is set: the figure as it came out, and the error.
    pub run: fn(usize, u32, f64) -> Point,
}

/// Sizes of populations where a run is cheap.
const SIZES: &[usize] = &[50, 100, 500];

/// All figures.
pub fn all() -> Vec<Band> {
    let mut all = represented::bands();
    all.extend(learned::bands());
    all
}

/// What came out for one size.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Neurons in a population.
    pub size: usize,
    /// The figure with the least error.
    pub best: f64,
    /// That error.
    pub error: f64,
    /// Below this it is twice as large; none if it isn't on the grid.
    pub low: Option<f64>,
    /// Above this it is twice as large; none if it isn't on the grid.
    pub high: Option<f64>,
}

/// Where an error doubles on the way from the best value along `way`; figures and errors in that order.
fn doubles(way: impl Iterator<Item = (f64, f64)>, twice: f64) -> Option<f64> {
    let mut last: Option<(f64, f64)> = None;
    for (x, e) in way {
        if let Some((x0, e0)) = last
            && e >= twice
        {
            let part = if e.is_finite() { ((twice / e0).ln() / (e / e0).ln()).clamp(0.0, 1.0) } else { 1.0 };
            let logs = x0 > 0.0 && x > 0.0;
            return Some(if logs { (x0.ln() + part * (x / x0).ln()).exp() } else { x0 + part * (x - x0) });
        }
        last = Some((x, e));
    }
    None
}

/// The best value of a sweep, and where the error doubles.
pub fn found(size: usize, sweep: &[(f64, f64)]) -> Option<Found> {
    let (k, (best, error)) =
        sweep.iter().copied().enumerate().min_by(|(_, a), (_, b)| a.1.total_cmp(&b.1))?;
    let twice = 2.0 * error;
    Some(Found {
        size,
        best,
        error,
        low: doubles(sweep[..=k].iter().rev().copied(), twice),
        high: doubles(sweep[k..].iter().copied(), twice),
    })
}

/// The sweep of a band at one size, on so many threads: figures and errors, the means over the seeds.
///
/// # Errors
/// A model that doesn't run.
pub fn sweep(band: &Band, size: usize, seeds: u32, threads: usize) -> Result<Vec<(f64, f64)>, Error> {
    // A job a value and seed, the seeds of a value one behind the other.
    let job = |k: usize| (k / seeds as usize, 1 + k as u32 % seeds);
    let done = of_each(band.grid.len() * seeds as usize, threads, |k| {
        let (g, s) = job(k);
        (band.run)(size, s, band.grid[g])
    });
    let mut sums = vec![(0.0, 0.0); band.grid.len()];
    for (k, r) in done.into_iter().enumerate() {
        let (g, (figure, error)) = (job(k).0, r?);
        sums[g].0 += figure / f64::from(seeds);
        sums[g].1 += error / f64::from(seeds);
    }
    Ok(sums)
}

/// Three significant digits at most.
fn plain(x: f64) -> String {
    if x == 0.0 {
        "0".into()
    } else if (1e-3..1e4).contains(&x.abs()) {
        let digits = (2 - x.abs().log10().floor() as i32).max(0) as usize;
        format!("{x:.digits$}")
    } else {
        format!("{x:.1e}")
    }
}

/// Sweeps all figures, or those whose name has a word in it, and prints a table. With `curves`, the errors of each grid too.
///
/// # Errors
/// A model that doesn't run.
pub fn print(word: Option<&str>, seeds: u32, threads: usize, curves: bool) -> Result<(), Error> {
    if word.is_none_or(|w| "weights".contains(w)) {
        weights(seeds)?;
    }
    println!("| figure | neurons | best | its error | doubles below | doubles above |");
    println!("|---|---|---|---|---|---|");
    for band in all().iter().filter(|b| word.is_none_or(|w| b.name.contains(w))) {
        for &size in band.sizes {
            let curve = sweep(band, size, seeds, threads)?;
            let Some(f) = found(size, &curve) else { continue };
            let text = |x: Option<f64>| x.map_or("–".into(), plain);
            println!(
                "| {} | {size} | {} | {} | {} | {} |",
                band.name,
                plain(f.best),
                plain(f.error),
                text(f.low),
                text(f.high)
            );
            if curves {
                let points: Vec<String> =
                    curve.iter().map(|(x, e)| format!("{}: {}", plain(*x), plain(*e))).collect();
                println!("    {}", points.join(", "));
            }
        }
    }
    Ok(())
}

/// How large the weights are that a solver makes.
fn weights(seeds: u32) -> Result<(), Error> {
    println!("| neurons | rms weight onto neurons, before their gain | × neurons × mean rate |");
    println!("|---|---|---|");
    for n in [SIZES[0], SIZES[1], SIZES[2], 1000] {
        let (mut size, mut product) = (0.0, 0.0);
        for seed in 1..=seeds {
            let (rms, rate) = represented::solved(n, seed)?;
            size += rms / f64::from(seeds);
            product += rms * n as f64 * rate / f64::from(seeds);
        }
        println!("| {n} | {} | {} |", plain(size), plain(product));
    }
    println!();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_where_an_error_doubles_is_found_between_two_values_by_logarithms() {
        // e = x on the one side, e = 1/x on the other: it doubles at 2 and at a half.
        let sweep = [(0.1, 10.0), (0.3, 1.0 / 0.3), (1.0, 1.0), (3.0, 3.0), (10.0, 10.0)];
        let f = found(50, &sweep).unwrap();
        assert!((f.low.unwrap() - 0.5).abs() < 1e-12 && (f.high.unwrap() - 2.0).abs() < 1e-12, "{f:?}");
        assert_eq!((f.best, f.error), (1.0, 1.0));
        // Where the grid ends before, there is none.
        assert_eq!(found(50, &sweep[2..]).unwrap().low, None);
    }
}
