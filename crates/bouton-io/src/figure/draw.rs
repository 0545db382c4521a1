//! From a layout to a scene: axes, spans, titles. The marks are in `plot`.

use super::Figure;
use super::axis::title;
use super::colors::Colors;
use super::layout::{BAR, BAR_GAP, BAR_LABEL_GAP, Page, Placed, TICK, TICK_GAP, span_places};
use super::legend;
use super::plot;
use super::scene::{Anchor, Item, Scene};
use super::style::{Color, Dash};
use super::text::width;

/// Width of axis lines, pt.
const SPINE: f32 = 0.6;
/// Points that all lines of a figure may have together: about 1.3 MB of SVG.
const POINT_BUDGET: f64 = 110_000.0;

pub(crate) fn draw(figure: &Figure, page: &Page<'_>, colors: &Colors) -> Scene {
    let mut scene = Scene::new(page.width, page.height, &figure.title);
    if !figure.title.is_empty() {
        let at = [page.width / 2.0, super::layout::MARGIN + figure.font_size * 1.1];
        scene.styled_text(at, Anchor::Middle, figure.font_size + 1.5, &figure.title, true, Color::BLACK);
    }
    let wanted: f64 = page.placed.iter().map(|p| plot::line_points(p.panel, p.frame)).sum();
    let factor = (POINT_BUDGET / wanted.max(1.0)).min(1.0);
    for p in &page.placed {
        spans(&mut scene, p, colors);
        if p.panel.grid {
            grid(&mut scene, p);
        }
        if p.panel.marks.is_empty() {
            let at = [p.frame.x + p.frame.w / 2.0, p.frame.y + p.frame.h / 2.0];
            scene.styled_text(at, Anchor::Middle, figure.font_size, "no data", false, Color::GREY);
        }
        for (mark, &look) in p.panel.marks.iter().zip(&colors.marks[p.index]) {
            plot::draw(&mut scene, p, mark, look, factor);
        }
        axes(&mut scene, p, figure, page.width);
        heading(&mut scene, p, figure, colors);
        bar(&mut scene, p, figure);
    }
    scene
}

fn spans(scene: &mut Scene, p: &Placed<'_>, colors: &Colors) {
    for span in &p.panel.spans {
        if let Some((a, b)) = span_places(p.x, span.from, span.to) {
            let (x, w) = (p.frame.x + a as f32 * p.frame.w, (b - a) as f32 * p.frame.w);
            scene.rect(x, p.frame.y, w, p.frame.h, colors.span(&span.label).0);
        }
    }
}

fn grid(scene: &mut Scene, p: &Placed<'_>) {
    for (place, _) in &p.y_ticks.major {
        let y = p.frame.y + (1.0 - *place as f32) * p.frame.h;
        scene.line(&[[p.frame.x, y], [p.frame.right(), y]], Color::rgb(222, 222, 222), 0.4, Dash::Solid);
    }
}

fn axes(scene: &mut Scene, p: &Placed<'_>, figure: &Figure, page_width: f32) {
    let (f, small) = (p.frame, figure.small());
    let (left, right, top, bottom) = (f.x, f.right(), f.y, f.bottom());
    if p.bar.is_some() {
        // A matrix has edges on all sides.
        scene.line(&[[left, top], [right, top], [right, bottom]], Color::BLACK, SPINE, Dash::Solid);
    }
    scene.line(&[[left, top], [left, bottom], [right, bottom]], Color::BLACK, SPINE, Dash::Solid);
    let mut marks = Vec::new();
    for (place, label) in &p.x_ticks.major {
        let x = left + *place as f32 * f.w;
        marks.push(vec![[x, bottom], [x, bottom + TICK]]);
        // The last label may not leave the page.
        let half = width(label, small, false) / 2.0;
        let at = [x.min(page_width - half - 1.0), bottom + TICK + TICK_GAP + small * 0.75];
        scene.text(at, Anchor::Middle, small, label);
    }
    for place in &p.x_ticks.minor {
        let x = left + *place as f32 * f.w;
        marks.push(vec![[x, bottom], [x, bottom + TICK * 0.6]]);
    }
    for (place, label) in &p.y_ticks.major {
        let y = bottom - *place as f32 * f.h;
        marks.push(vec![[left - TICK, y], [left, y]]);
        scene.text([left - TICK - TICK_GAP, y + small * 0.35], Anchor::End, small, label);
    }
    for place in &p.y_ticks.minor {
        let y = bottom - *place as f32 * f.h;
        marks.push(vec![[left - TICK * 0.6, y], [left, y]]);
    }
    scene.items.push(Item::Lines { lines: marks, color: Color::BLACK, width: SPINE, dash: Dash::Solid });
    let x_title = title(&p.panel.x.label, &p.x_ticks.unit);
    if p.names_x && !x_title.is_empty() {
        let y = bottom + TICK + TICK_GAP + small + figure.font_size * 0.95;
        scene.text([left + f.w / 2.0, y], Anchor::Middle, figure.font_size, &x_title);
    }
    // Labels of a column of panels line up at its left edge.
    let lines = p.y_label.len() as f32;
    let first = left - TICK - TICK_GAP - p.y_widest - 3.5 - (lines - 1.0) * figure.line_height() * 0.95;
    turned(scene, &p.y_label, first, p, figure);
}

/// Turned lines of text beside a frame, the first with its baseline at `x`, kept on the page.
fn turned(scene: &mut Scene, lines: &[String], x: f32, p: &Placed<'_>, figure: &Figure) {
    let middle = p.frame.y + p.frame.h / 2.0;
    for (i, text) in lines.iter().enumerate() {
        let half = width(text, figure.font_size, false) / 2.0;
        let most = (scene.height - half - 1.0).max(half + 1.0);
        let y = middle.clamp(half + 1.0, most);
        scene.turned_text(
            [x + i as f32 * figure.line_height() * 0.95, y],
            Anchor::Middle,
            figure.font_size,
            text,
        );
    }
}

fn heading(scene: &mut Scene, p: &Placed<'_>, figure: &Figure, colors: &Colors) {
    let (f, size, small) = (p.frame, figure.font_size, figure.small());
    let letter = u8::try_from(p.index).ok().filter(|i| figure.letters && *i < 26).map(|i| (b'a' + i) as char);
    if let Some(letter) = letter {
        scene.styled_text(
            [p.left, p.head],
            Anchor::Start,
            size + 2.0,
            &letter.to_string(),
            true,
            Color::BLACK,
        );
    }
    if !p.panel.title.is_empty() {
        let mut text = p.panel.title.clone();
        legend::shorten(&mut text, f.w, size);
        scene.text([f.x, p.head], Anchor::Start, size, &text);
    }
    let titled = figure.letters || !p.panel.title.is_empty();
    let first = if titled && !p.beside { 1.0 } else { 0.0 };
    for (i, row) in p.legend.iter().enumerate() {
        let y = p.head + (first + i as f32) * figure.line_height();
        // Beside a title at the right end, else from the left.
        let right = p.beside && !p.panel.title.is_empty();
        let x = if right { f.right() - legend::row_width(row, small) } else { f.x };
        legend::draw(scene, row, x, y, small);
    }
    if p.strip == 0.0 {
        return;
    }
    for span in &p.panel.spans {
        let Some((a, b)) = span_places(p.x, span.from, span.to).filter(|_| !span.label.is_empty()) else {
            continue;
        };
        let (x, w, h) = (f.x + a as f32 * f.w, (b - a) as f32 * f.w, p.strip - 1.0);
        scene.rect(x, f.y - h - 0.5, w, h, colors.span(&span.label).1);
        if width(&span.label, small, false) + 3.0 <= w {
            scene.text([x + w / 2.0, f.y - 0.5 - h * 0.26], Anchor::Middle, small, &span.label);
        }
    }
}

fn bar(scene: &mut Scene, p: &Placed<'_>, figure: &Figure) {
    let Some((heat, ticks, label)) = &p.bar else { return };
    let (f, small) = (p.frame, figure.small());
    let x = f.right() + BAR_GAP;
    let rows = 128u32;
    let color = |i: u32| heat.map.map.at(1.0 - (f64::from(i) + 0.5) / f64::from(rows));
    let rgba = (0..rows).flat_map(|i| color(i).rgb.into_iter().chain([255])).collect();
    scene.items.push(Item::Image { at: [x, f.y], size: [BAR, f.h], pixels: [1, rows], rgba });
    let outline = [[x, f.y], [x + BAR, f.y], [x + BAR, f.bottom()], [x, f.bottom()], [x, f.y]];
    scene.line(&outline, Color::BLACK, SPINE, Dash::Solid);
    let mut widest = 0.0f32;
    for (place, text) in &ticks.major {
        let y = f.bottom() - *place as f32 * f.h;
        scene.line(&[[x + BAR, y], [x + BAR + TICK, y]], Color::BLACK, SPINE, Dash::Solid);
        scene.text([x + BAR + TICK + TICK_GAP, y + small * 0.35], Anchor::Start, small, text);
        widest = widest.max(width(text, small, false));
    }
    let first = x + BAR + TICK + TICK_GAP + widest + BAR_LABEL_GAP + figure.font_size * 0.75;
    turned(scene, label, first, p, figure);
}
