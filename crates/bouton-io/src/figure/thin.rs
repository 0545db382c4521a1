//! Fewer points where more cannot be seen, and none outside the frame.

use super::scene::Point;

/// Frame of a plot on the page, in pt.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rect {
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) w: f32,
    pub(crate) h: f32,
}

impl Rect {
    pub(crate) fn right(&self) -> f32 {
        self.x + self.w
    }

    pub(crate) fn bottom(&self) -> f32 {
        self.y + self.h
    }
}

/// Thins a line to at most four points a column of pixels: the first, lowest, highest and last of it.
///
/// Every excursion stays visible at the height it had. Points are in frame units (0–1 each way) as `f64`, and
/// a point that is not finite ends a piece of the line. A line whose x goes back and forth (a trajectory) is
/// instead cleared of points that lie closer together than a column is wide.
pub(crate) fn thin(points: impl Iterator<Item = [f64; 2]> + Clone, columns: usize) -> Vec<Vec<[f64; 2]>> {
    let finite = |p: &[f64; 2]| p[0].is_finite() && p[1].is_finite();
    let mut last = f64::NEG_INFINITY;
    let forward = points.clone().filter(finite).all(|p| std::mem::replace(&mut last, p[0]) <= p[0]);
    let columns = columns.max(1) as f64;
    let mut pieces: Vec<Vec<[f64; 2]>> = Vec::new();
    let mut bin = Bin::default();
    let mut broken = true;
    for p in points {
        if !finite(&p) {
            bin.flush(&mut pieces);
            broken = true;
            continue;
        }
        if broken {
            pieces.push(Vec::new());
            broken = false;
        }
        if forward {
            // Far outside the frame all share a column: only the neighbours of the frame matter.
            let column = (p[0] * columns).floor().clamp(-1.0, columns);
            if bin.points.is_some() && bin.column != column {
                bin.flush(&mut pieces);
            }
            bin.add(column, p);
        } else if let Some(piece) = pieces.last_mut() {
            let far =
                |q: &[f64; 2]| (p[0] - q[0]).abs() * columns > 0.5 || (p[1] - q[1]).abs() * columns > 0.5;
            if piece.last().is_none_or(far) {
                piece.push(p);
            }
        }
    }
    bin.flush(&mut pieces);
    pieces
}

#[derive(Default)]
struct Bin {
    column: f64,
    count: usize,
    /// First, lowest, highest, last, each with its number in the column.
    points: Option<[(usize, [f64; 2]); 4]>,
}

impl Bin {
    fn add(&mut self, column: f64, p: [f64; 2]) {
        let here = (self.count, p);
        self.count += 1;
        match &mut self.points {
            None => (self.column, self.points) = (column, Some([here; 4])),
            Some([_, low, high, last]) => {
                if p[1] < low.1[1] {
                    *low = here;
                }
                if p[1] > high.1[1] {
                    *high = here;
                }
                *last = here;
            }
        }
    }

    fn flush(&mut self, pieces: &mut [Vec<[f64; 2]>]) {
        self.count = 0;
        let (Some(mut points), Some(piece)) = (self.points.take(), pieces.last_mut()) else { return };
        points.sort_by_key(|p| p.0);
        for (i, p) in points.iter().enumerate() {
            if i == 0 || points[i - 1].0 != p.0 {
                piece.push(p.1);
            }
        }
    }
}

/// Places a line of frame units on the page and cuts off what lies outside the frame.
pub(crate) fn clip_line(points: &[[f64; 2]], frame: Rect, out: &mut Vec<Vec<Point>>) {
    let mut line: Vec<Point> = Vec::new();
    if let [only] = points
        && inside(only)
    {
        // One sample alone still shows: as a dash as wide as the line.
        let [x, y] = to_page(*only, frame);
        out.push(vec![[(x - 0.4).max(frame.x), y], [(x + 0.4).min(frame.right()), y]]);
    }
    for pair in points.windows(2) {
        match clip_segment(pair[0], pair[1]) {
            Some((a, b)) => {
                let (a, b) = (to_page(a, frame), to_page(b, frame));
                if line.last() != Some(&a) {
                    flush(&mut line, out);
                    line.push(a);
                }
                if a != b {
                    line.push(b);
                }
            }
            None => flush(&mut line, out),
        }
    }
    flush(&mut line, out);
}

fn flush(line: &mut Vec<Point>, out: &mut Vec<Vec<Point>>) {
    if line.len() > 1 {
        out.push(std::mem::take(line));
    }
    line.clear();
}

/// Whether a point of frame units can be seen.
pub(crate) fn inside(p: &[f64; 2]) -> bool {
    (0.0..=1.0).contains(&p[0]) && (0.0..=1.0).contains(&p[1])
}

/// From frame units (y upwards) to the page.
pub(crate) fn to_page(p: [f64; 2], frame: Rect) -> Point {
    // Rounded as it will be written: points that coincide on paper are then found to be equal.
    let round = |x: f64| ((x * 100.0).round() / 100.0) as f32;
    [
        round(f64::from(frame.x) + p[0] * f64::from(frame.w)),
        round(f64::from(frame.y) + (1.0 - p[1]) * f64::from(frame.h)),
    ]
}

/// The part of a segment within the unit square (Liang and Barsky).
fn clip_segment(a: [f64; 2], b: [f64; 2]) -> Option<([f64; 2], [f64; 2])> {
    let (mut t0, mut t1) = (0.0f64, 1.0f64);
    for axis in 0..2 {
        let d = b[axis] - a[axis];
        for (p, q) in [(-d, a[axis]), (d, 1.0 - a[axis])] {
            if p == 0.0 {
                if q < 0.0 {
                    return None;
                }
            } else {
                let t = q / p;
                if p < 0.0 { t0 = t0.max(t) } else { t1 = t1.min(t) }
            }
        }
    }
    // NaN cannot be: `thin` lets only finite points through.
    if t0 > t1 {
        return None;
    }
    let at = |t: f64| [a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])].map(|x| x.clamp(0.0, 1.0));
    Some((if t0 == 0.0 { a } else { at(t0) }, if t1 == 1.0 { b } else { at(t1) }))
}

/// The part of a polygon within the unit square (Sutherland and Hodgman).
pub(crate) fn clip_polygon(mut points: Vec<[f64; 2]>) -> Vec<[f64; 2]> {
    for (axis, bound, keep_below) in [(0, 0.0, false), (0, 1.0, true), (1, 0.0, false), (1, 1.0, true)] {
        let keeps = |p: &[f64; 2]| if keep_below { p[axis] <= bound } else { p[axis] >= bound };
        let mut next = Vec::with_capacity(points.len() + 4);
        for (i, &p) in points.iter().enumerate() {
            let q = points[(i + points.len() - 1) % points.len()];
            if keeps(&p) != keeps(&q) {
                let t = (bound - q[axis]) / (p[axis] - q[axis]);
                let mut cut = [q[0] + t * (p[0] - q[0]), q[1] + t * (p[1] - q[1])];
                cut[axis] = bound;
                next.push(cut);
            }
            if keeps(&p) {
                next.push(p);
            }
        }
        points = next;
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Rect = Rect { x: 10.0, y: 20.0, w: 100.0, h: 50.0 };

    #[test]
    fn thinning_keeps_extremes_and_bounds_the_count() {
        let n = 100_000;
        let points = (0..n).map(|i| {
            let x = i as f64 / n as f64;
            [x, if i == 31_337 { 0.9 } else { 0.5 + 0.1 * (x * 5000.0).sin() }]
        });
        let pieces = thin(points, 200);
        assert_eq!(pieces.len(), 1);
        assert!(pieces[0].len() <= 800 && pieces[0].len() > 300, "{}", pieces[0].len());
        assert!(pieces[0].iter().any(|p| p[1] == 0.9));
        assert!(pieces[0].windows(2).all(|w| w[0][0] <= w[1][0]));
    }

    #[test]
    fn gaps_break_a_line_and_few_points_stay() {
        let points = [[0.0, 0.0], [0.3, 0.5], [0.31, f64::NAN], [0.5, 0.1], [1.0, 1.0]];
        assert_eq!(thin(points.into_iter(), 10), [vec![points[0], points[1]], vec![points[3], points[4]]]);
        let circle = (0..100).map(|i| [f64::from(i).cos(), f64::from(i).sin()]);
        assert_eq!(thin(circle, 1000)[0].len(), 100);
        assert!(thin(std::iter::empty(), 10).is_empty());
    }

    #[test]
    fn lines_are_cut_at_the_frame() {
        let mut out = Vec::new();
        clip_line(&[[-1.0, 0.5], [0.5, 0.5], [0.5, 3.0], [0.75, 3.0], [0.75, 0.5]], FRAME, &mut out);
        assert_eq!(out.len(), 2);
        assert_eq!(out[0], [[10.0, 45.0], [60.0, 45.0], [60.0, 20.0]]);
        assert_eq!(out[1], [[85.0, 20.0], [85.0, 45.0]]);
    }

    #[test]
    fn polygons_are_cut_at_the_frame() {
        let cut = clip_polygon(vec![[-1.0, -1.0], [0.5, -1.0], [0.5, 0.5], [-1.0, 0.5]]);
        assert!(cut.iter().all(inside) && cut.len() == 4);
        assert!(clip_polygon(vec![[2.0, 2.0], [3.0, 2.0], [3.0, 3.0]]).is_empty());
        assert!(clip_polygon(vec![]).is_empty());
    }
}
