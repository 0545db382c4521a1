//! Straight lines through given points.

/// The straight line through points of ascending x, at `at`; beyond the ends it is level. There must be as many y as x.
pub(crate) fn interpolated(at: f64, x: &[f64], y: &[f64]) -> f64 {
    let above = x.partition_point(|v| *v <= at);
    if above == 0 {
        return y[0];
    }
    let k = above - 1;
    if above == x.len() || x[k] == at {
        return y[k];
    }
    (y[above] - y[k]) / (x[above] - x[k]) * (at - x[k]) + y[k]
}
