//! The marks of a panel, drawn within its frame.

use super::colors::Look;
use super::layout::Placed;
use super::marks::{Bars, Heat, Line, Many, Mark, Raster, Rule, Scatter};
use super::panel::Panel;
use super::scene::{Item, Point, Scene};
use super::style::{Color, Dash, Style};
use super::thin::{Rect, clip_line, clip_polygon, inside, thin, to_page};

/// Columns of pixels a point: 288 to the inch, near what a page shows at 300 dpi.
const COLUMNS_PER_POINT: f32 = 4.0;
/// From this many spikes on, a raster is drawn as pixels.
const RASTER_AS_PIXELS: usize = 15_000;
/// Most dots of a scatter plot.
const MOST_DOTS: usize = 20_000;

fn columns(frame: Rect, factor: f64) -> usize {
    ((f64::from(frame.w * COLUMNS_PER_POINT) * factor) as usize).max(48)
}

/// How many points the lines of a panel would have at full resolution.
pub(crate) fn line_points(panel: &Panel, frame: Rect) -> f64 {
    let most = columns(frame, 1.0) as f64 * 4.0;
    let of = |mark: &Mark| match mark {
        Mark::Line(m) => (m.x.len() as f64 * if m.steps { 2.0 } else { 1.0 }).min(most),
        Mark::Many(m) => (m.x.len() as f64).min(most) * m.width as f64,
        Mark::Band { x, .. } => (2.0 * x.len() as f64).min(2.0 * most),
        _ => 0.0,
    };
    panel.marks.iter().map(of).sum()
}

pub(crate) fn draw(scene: &mut Scene, p: &Placed<'_>, mark: &Mark, look: Look, factor: f64) {
    let color = look.0;
    match mark {
        Mark::Line(m) => line(scene, p, m, look, factor),
        Mark::Many(m) => many(scene, p, m, look, factor),
        Mark::Band { x, low, high, style, .. } => band(scene, p, [x, low, high], shown(color, style), factor),
        Mark::Scatter(m) => scatter(scene, p, m, color),
        Mark::Raster(m) => raster(scene, p, m),
        Mark::Heat(m) => heat(scene, p, m),
        Mark::Bars(m) => bars(scene, p, m, color),
        Mark::Rule(m) => rule(scene, p, m, look),
    }
}

/// A colour with the style's opacity.
fn shown(color: Color, style: &Style) -> Color {
    color.with_alpha(color.alpha * style.alpha)
}

fn place(p: &Placed<'_>, x: f64, y: f64) -> [f64; 2] {
    [p.x.place(x), p.y.place(y)]
}

fn push_lines(scene: &mut Scene, lines: Vec<Vec<Point>>, (color, dash): Look, style: &Style) {
    if !lines.is_empty() {
        let color = shown(color, style);
        scene.items.push(Item::Lines { lines, color, width: style.width, dash });
    }
}

fn line(scene: &mut Scene, p: &Placed<'_>, m: &Line, look: Look, factor: f64) {
    let mut lines = Vec::new();
    let columns = columns(p.frame, factor);
    let pieces = if m.steps {
        let point = |i: usize| {
            // Each value lasts until the next x: a corner before every point but the first.
            let (at, value) = (i.div_ceil(2), i / 2);
            place(p, m.x[at], m.y[value])
        };
        thin((0..(2 * m.x.len()).saturating_sub(1)).map(point), columns)
    } else {
        thin(m.x.iter().zip(&m.y).map(|(&x, &y)| place(p, x, y)), columns)
    };
    pieces.iter().for_each(|piece| clip_line(piece, p.frame, &mut lines));
    push_lines(scene, lines, look, &m.style);
}

fn many(scene: &mut Scene, p: &Placed<'_>, m: &Many, (color, dash): Look, factor: f64) {
    let columns = columns(p.frame, factor);
    for c in 0..m.width {
        let mut lines = Vec::new();
        let points = m.x.iter().enumerate().map(|(r, &x)| place(p, x, m.values[r * m.width + c]));
        thin(points, columns).iter().for_each(|piece| clip_line(piece, p.frame, &mut lines));
        let color = match m.colors {
            Some(map) => map.at(c as f64 / (m.width - 1).max(1) as f64),
            None => color,
        };
        push_lines(scene, lines, (color, dash), &m.style);
    }
}

fn band(scene: &mut Scene, p: &Placed<'_>, [x, low, high]: [&[f64]; 3], color: Color, factor: f64) {
    let columns = columns(p.frame, factor);
    let mut outlines = Vec::new();
    let good =
        |i: &usize| place(p, x[*i], low[*i]).iter().chain(&place(p, x[*i], high[*i])).all(|v| v.is_finite());
    let mut start = 0;
    while start < x.len() {
        let end = (start..x.len()).find(|i| !good(i)).unwrap_or(x.len());
        let edge = |y: &[f64]| {
            let points = (start..end).map(|i| place(p, x[i], y[i])).collect::<Vec<_>>();
            thin(points.into_iter(), columns).into_iter().flatten().collect::<Vec<_>>()
        };
        let mut outline = edge(low);
        outline.extend(edge(high).into_iter().rev());
        let cut = clip_polygon(outline);
        if cut.len() > 2 {
            outlines.push(cut.into_iter().map(|q| to_page(q, p.frame)).collect());
        }
        start = end + 1;
    }
    if !outlines.is_empty() {
        scene.items.push(Item::Polygons { outlines, color });
    }
}

fn scatter(scene: &mut Scene, p: &Placed<'_>, m: &Scatter, color: Color) {
    if let Some(error) = &m.error {
        let mut lines = Vec::new();
        for (i, &e) in error.iter().enumerate() {
            let bar = [place(p, m.x[i], m.y[i] - e), place(p, m.x[i], m.y[i] + e)];
            if bar.iter().flatten().all(|v| v.is_finite()) {
                clip_line(&bar, p.frame, &mut lines);
            }
        }
        push_lines(scene, lines, (color, Dash::Solid), &m.style);
    }
    let points = m.x.iter().zip(&m.y).map(|(&x, &y)| place(p, x, y)).filter(inside);
    let mut centres: Vec<Point> = points.map(|q| to_page(q, p.frame)).collect();
    // Dots that lie on one another are one dot; with very many, also those that nearly do.
    let mut grid = m.radius * 0.25;
    while centres.len() > MOST_DOTS / 10 {
        let mut seen = std::collections::HashSet::new();
        centres.retain(|c| seen.insert(c.map(|v| (v / grid) as i32)));
        if centres.len() <= MOST_DOTS {
            break;
        }
        grid *= 1.5;
    }
    if !centres.is_empty() {
        scene.items.push(Item::Dots { centres, radius: m.radius, color: shown(color, &m.style) });
    }
}

fn raster(scene: &mut Scene, p: &Placed<'_>, m: &Raster) {
    let spikes = m.times.iter().zip(&m.neuron).map(|(&t, &n)| place(p, t, f64::from(n))).filter(inside);
    let count = spikes.clone().count();
    let row = (1.0 / (p.y.hi - p.y.lo)) as f32 * p.frame.h;
    if count < RASTER_AS_PIXELS {
        let half = (row * 0.4).max(0.5);
        let tick = |q: [f64; 2]| {
            let [x, y] = to_page(q, p.frame);
            vec![[x, (y - half).max(p.frame.y)], [x, (y + half).min(p.frame.bottom())]]
        };
        let lines: Vec<_> = spikes.map(tick).collect();
        if !lines.is_empty() {
            scene.items.push(Item::Lines { lines, color: m.color, width: 0.5, dash: Dash::Solid });
        }
        return;
    }
    // As pixels: never more rows than neurons are visible, so that none is split between two rows.
    let visible = (p.y.hi - p.y.lo).ceil().max(1.0);
    let w = (p.frame.w * COLUMNS_PER_POINT) as usize;
    let h = visible.min(f64::from(p.frame.h * COLUMNS_PER_POINT)) as usize;
    let (w, h) = (w.max(1), h.max(1));
    let mut counts = vec![0u32; w * h];
    for q in spikes {
        let (c, r) = ((q[0] * w as f64) as usize, ((1.0 - q[1]) * h as f64) as usize);
        counts[r.min(h - 1) * w + c.min(w - 1)] += 1;
    }
    // The darkest one in a hundred pixels is fully dark: one burst does not make the rest pale.
    let mut sorted: Vec<u32> = counts.iter().copied().filter(|&c| c > 0).collect();
    sorted.sort_unstable();
    let most = sorted.get(sorted.len() * 99 / 100).copied().unwrap_or(1) as f32;
    let [r, g, b] = m.color.rgb;
    let alpha = |c: u32| if c == 0 { 0.0 } else { 0.15 + 0.85 * (c as f32 / most).min(1.0) };
    let rgba = counts.iter().flat_map(|&c| [r, g, b, (alpha(c) * m.color.alpha * 255.0) as u8]).collect();
    let (at, size) = ([p.frame.x, p.frame.y], [p.frame.w, p.frame.h]);
    scene.items.push(Item::Image { at, size, pixels: [w as u32, h as u32], rgba });
}

/// A heat map is drawn through the pixels of the frame, each taking the mean of the cells under it: that way
/// a range that cuts the matrix and a logarithmic axis need nothing of their own.
fn heat(scene: &mut Scene, p: &Placed<'_>, m: &Heat) {
    let map = &m.map;
    if map.rows == 0 || map.columns == 0 {
        return;
    }
    let pixels = |points: f32, cells: usize| {
        // At least the resolution of print; a small matrix keeps sharp edges with it.
        let most = (points * COLUMNS_PER_POINT) as usize;
        if cells < most { most } else { most.min(cells) }.max(1)
    };
    let (w, h) = (pixels(p.frame.w, map.columns), pixels(p.frame.h, map.rows));
    // The cells of pixel i of n along an axis, as a half-open range; `None` outside the matrix.
    let cells = |i: usize, n: usize, scale: super::axis::Scale, ends: (f64, f64), count: usize| {
        let value = |t: f64| {
            if scale.log {
                scale.lo * (scale.hi / scale.lo).powf(t)
            } else {
                scale.lo + (scale.hi - scale.lo) * t
            }
        };
        let cell = |t: f64| (value(t) - ends.0) / (ends.1 - ends.0) * count as f64;
        let (a, b) = (cell(i as f64 / n as f64), cell((i + 1) as f64 / n as f64));
        let middle = (a + b) / 2.0;
        if !(middle >= 0.0 && middle < count as f64) {
            return None;
        }
        let (a, b) = (a.min(b).round().max(0.0) as usize, a.max(b).round() as usize);
        let middle = middle as usize;
        Some(if b > a + 1 { (a, b.min(count)) } else { (middle, middle + 1) })
    };
    let xs: Vec<_> = (0..w).map(|i| cells(i, w, p.x, map.x, map.columns)).collect();
    let ys: Vec<_> = (0..h).map(|i| cells(h - 1 - i, h, p.y, map.y, map.rows)).collect();
    let mut rgba = Vec::with_capacity(w * h * 4);
    for y in &ys {
        for x in &xs {
            let (Some((r0, r1)), Some((c0, c1))) = (y, x) else {
                rgba.extend_from_slice(&[255, 255, 255, 0]);
                continue;
            };
            let (mut sum, mut n) = (0.0, 0u32);
            for r in *r0..*r1 {
                for v in &map.values[r * map.columns + c0..r * map.columns + c1] {
                    if v.is_finite() {
                        sum += v;
                        n += 1;
                    }
                }
            }
            let t = if n == 0 { f64::NAN } else { (sum / f64::from(n) - m.lo) / (m.hi - m.lo) };
            rgba.extend(map.map.at(t).rgb.into_iter().chain([255]));
        }
    }
    let (at, size) = ([p.frame.x, p.frame.y], [p.frame.w, p.frame.h]);
    scene.items.push(Item::Image { at, size, pixels: [w as u32, h as u32], rgba });
}

fn bars(scene: &mut Scene, p: &Placed<'_>, m: &Bars, color: Color) {
    let base = if p.y.log { p.y.lo } else { 0.0 };
    let mut outlines: Vec<Vec<Point>> = Vec::new();
    for (edges, &height) in m.edges.windows(2).zip(&m.heights) {
        let (a, b) = (place(p, edges[0], base), place(p, edges[1], height));
        if a.iter().chain(&b).all(|v| v.is_finite()) && height != 0.0 {
            let cut = clip_polygon(vec![a, [b[0], a[1]], b, [a[0], b[1]]]);
            if cut.len() > 2 {
                outlines.push(cut.into_iter().map(|q| to_page(q, p.frame)).collect());
            }
        }
    }
    if outlines.is_empty() {
        return;
    }
    let lines = outlines.iter().map(|o| o.iter().chain(&o[..1]).copied().collect()).collect();
    scene.items.push(Item::Polygons { outlines, color: shown(color, &m.style) });
    // A thin white edge tells neighbours apart.
    scene.items.push(Item::Lines { lines, color: Color::WHITE, width: 0.3, dash: Dash::Solid });
}

fn rule(scene: &mut Scene, p: &Placed<'_>, m: &Rule, look: Look) {
    let ends = if m.horizontal {
        let y = p.y.place(m.at);
        [[0.0, y], [1.0, y]]
    } else {
        let x = p.x.place(m.at);
        [[x, 0.0], [x, 1.0]]
    };
    if ends.iter().flatten().all(|v| v.is_finite()) {
        let mut lines = Vec::new();
        clip_line(&ends, p.frame, &mut lines);
        push_lines(scene, lines, look, &m.style);
    }
}
