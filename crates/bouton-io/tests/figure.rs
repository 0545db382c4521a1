//! Figures hold what they were given: every label is there, every coordinate is on the page.

mod vision;

use bouton_io::figure::{Color, ColorMap, Dash, Figure, HeatMap, PALETTE, Panel, Style};

fn wave(n: usize) -> (Vec<f64>, Vec<f64>) {
    let t: Vec<f64> = (0..n).map(|i| i as f64 * 1e-3).collect();
    let y = t.iter().map(|t| (t * 3.0).sin() * 2e-7).collect();
    (t, y)
}

/// One of each mark, with gaps and outliers.
fn everything() -> Figure {
    let (t, mut y) = wave(20_000);
    y[500] = f64::NAN;
    y[900] = f64::INFINITY;
    let low: Vec<f64> = y.iter().map(|y| y - 1e-7).collect();
    let high: Vec<f64> = y.iter().map(|y| y + 1e-7).collect();
    let few: Vec<f64> = (0..20).map(f64::from).collect();
    let neuron: Vec<u32> = (0..20_000).map(|i| i % 50).collect();
    let lines = Panel::new()
        .title("Lines & <bands>")
        .x_axis("Time", "s")
        .y_axis("Conductance", "S")
        .span("learning", 0.0, 12.0)
        .span("test", 12.0, 20.0)
        .span("a span too short for its name", 19.9, 25.0)
        .band("mean ± sd", &t, &low, &high, Style::new())
        .line("PES", &t, &y)
        .line_with("target", &t, &high, Style::new().color(Color::BLACK).dash(Dash::Dashed))
        .h_line("limit", 2.5e-7, Style::new().dash(Dash::Dotted))
        .v_line("", 5.0, Style::new());
    let raster =
        Panel::new().x_axis("Time", "s").y_axis("Neuron", "").raster("spikes", &t, &neuron, 50, Color::BLUE);
    let log = Panel::new()
        .x_axis("n", "")
        .y_axis("Error", "V")
        .y_log()
        .error_bars("seeds", &few, &few, &[0.5; 20], Style::new())
        .scatter("runs", &few, &few, 1.0, Style::new())
        .steps("steps", &few, &few, Style::new());
    let many: Vec<f64> = (0..1000).map(|i| f64::from(i % 97)).collect();
    let time: Vec<f64> = (0..100).map(|i| f64::from(i) * 0.1).collect();
    let weights = Panel::new().x_axis("Time", "s").y_axis("Weight", "").many_lines(
        "ten weights",
        &time,
        10,
        &many,
        Some(ColorMap::Viridis),
        Style::new(),
    );
    let heat = Panel::new()
        .x_axis("Time", "s")
        .y_axis("Synapse", "")
        .heat_map(HeatMap::over_time("Weight change", "a.u.", &time, 10, &many).colors(ColorMap::Diverging));
    let bars =
        Panel::new().x_axis("Weight", "").y_axis("Count", "").histogram("histogram", &many, 20, Style::new());
    Figure::new(180.0)
        .title("A title")
        .columns(2)
        .panel(lines)
        .panel(raster)
        .panel(log)
        .panel(weights)
        .panel(heat)
        .panel(bars)
        .panel(Panel::new())
}

/// Every number in the attributes that hold coordinates, with the attribute's name.
fn coordinates(svg: &str) -> Vec<(String, f64)> {
    let mut out = Vec::new();
    for tag in svg.split('<').filter(|t| ["path", "text", "image", "rect"].iter().any(|n| t.starts_with(n))) {
        for name in [" d=", " x=", " y="] {
            let Some((_, rest)) = tag.split_once(name) else { continue };
            let value = rest.trim_start_matches('"').split('"').next().unwrap();
            let mut xy = 0;
            for part in value.split(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | 'e'))) {
                if part.is_empty() {
                    continue;
                }
                let number = part.parse().unwrap_or_else(|_| panic!("`{part}` in {name}"));
                let axis = match name {
                    " d=" => ["x", "y"][xy % 2],
                    other => other.trim_matches([' ', '=']),
                };
                xy += 1;
                out.push((axis.to_owned(), number));
            }
        }
    }
    out
}

#[track_caller]
fn check_page(figure: &Figure) -> String {
    let svg = figure.to_svg().unwrap();
    assert!(!svg.contains("NaN") && !svg.contains("inf\""), "a number that is none");
    let view = svg.split("viewBox=\"0 0 ").nth(1).unwrap().split('"').next().unwrap();
    let (w, h) = view.split_once(' ').unwrap();
    let (w, h): (f64, f64) = (w.parse().unwrap(), h.parse().unwrap());
    // Dots are drawn as `h0`, which would shift x and y of what follows.
    let plain = svg.replace("h0", "");
    let found = coordinates(&plain);
    assert!(found.len() > 4);
    for (axis, v) in found {
        let most = if axis == "x" { w } else { h };
        assert!((0.0..=most).contains(&v), "{axis} = {v} is not within 0 to {most}");
    }
    svg
}

#[test]
fn every_label_is_there_and_every_coordinate_on_the_page() {
    let svg = check_page(&everything());
    for text in [
        "A title",
        "Lines &amp; &lt;bands&gt;",
        "Conductance (nS)",
        "Time (s)",
        "learning",
        "test",
        "mean ± sd",
        "PES",
        "target",
        "limit",
        "spikes",
        "Neuron",
        "Error (V)",
        "seeds",
        "runs",
        "steps",
        "ten weights",
        "Weight",
        "Weight change (a.u.)",
        "Synapse",
        "histogram",
        "Count",
        "no data",
        "a span too short for its name",
    ] {
        assert!(svg.contains(&format!(">{text}</text>")), "`{text}` is not in the figure");
    }
    for letter in 'a'..='g' {
        assert!(svg.contains(&format!("font-weight=\"bold\">{letter}</text>")), "panel letter {letter}");
    }
    assert!(svg.contains("font-family=\"Liberation Sans, Arial, Helvetica, sans-serif\""));
    assert!(svg.contains("width=\"180mm\""));
    let sizes =
        svg.split(" font-size=\"").skip(1).map(|s| s.split('"').next().unwrap().parse::<f64>().unwrap());
    // Superscripts are 0.72 of their line.
    assert!(sizes.fold(f64::INFINITY, f64::min) > 5.0);
}

#[test]
fn long_recordings_stay_small() {
    let (t, y) = wave(300_000);
    let mut noise = 1u64;
    let wild: Vec<f64> = y
        .iter()
        .map(|y| {
            noise = noise.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            y + (noise >> 40) as f64 * 1e-15
        })
        .collect();
    let time: Vec<f64> = (0..3000).map(|i| f64::from(i) * 0.1).collect();
    let many: Vec<f64> = (0..3000 * 100).map(|i| f64::from(i % 7919)).collect();
    let neuron: Vec<u32> = (0..300_000).map(|i| i * 7 % 1000).collect();
    let figure = Figure::new(180.0)
        .panel(Panel::new().line("a", &t, &wild).line("b", &t, &y))
        .panel(Panel::new().many_lines("", &time, 100, &many, None, Style::new()))
        .panel(Panel::new().raster("", &t, &neuron, 1000, Color::BLACK))
        .panel(Panel::new().scatter("", &wild, &t, 1.0, Style::new()));
    let svg = check_page(&figure);
    assert!(svg.len() < 2_000_000, "{} bytes", svg.len());
}

#[test]
fn png_has_its_size_and_is_not_blank() {
    let bytes = everything().to_png(200.0).unwrap();
    let decoder = png::Decoder::new(std::io::Cursor::new(&bytes));
    let mut reader = decoder.read_info().unwrap();
    let info = reader.info();
    assert_eq!(info.width, (180.0f64 / 25.4 * 200.0).round() as u32);
    assert_eq!(info.pixel_dims.unwrap().xppu, 7874);
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut pixels).unwrap();
    let white = pixels.chunks_exact(3).filter(|p| p == &[255, 255, 255]).count();
    let all = pixels.len() / 3;
    assert!(white < all * 95 / 100 && white > all / 5, "{white} of {all} pixels are white");
    // The second of the palette is a line's; blue the raster's.
    let has = |rgb: [u8; 3]| pixels.chunks_exact(3).any(|p| p == rgb);
    assert!(has(Color::BLUE.rgb) && has(PALETTE[1].0.rgb) && has([0, 0, 0]));
}

#[test]
fn one_label_has_one_colour_in_all_panels() {
    let (t, y) = wave(10);
    let figure = Figure::new(90.0)
        .panel(Panel::new().line("x", &t, &y).line("target", &t, &y))
        .panel(Panel::new().line("target", &t, &y).line_with("x", &t, &y, Style::new().width(2.0)));
    let svg = figure.to_svg().unwrap();
    assert_eq!(svg.matches("stroke=\"#1816b6\" stroke-width=\"2\"").count(), 2, "line and legend");
    assert_eq!(svg.matches("stroke=\"#a58101\"").count(), 4);
}

fn rgb(c: Color) -> vision::Rgb {
    c.rgb.map(f64::from)
}

/// Every ground that a figure has: white, and the tints of spans as the figure itself draws them.
fn grounds() -> Vec<vision::Rgb> {
    let spans = |p: Panel, k: usize| p.span(&k.to_string(), k as f64, k as f64 + 1.0);
    let svg = Figure::new(180.0).panel((0..5).fold(Panel::new(), spans)).to_svg().unwrap();
    let fills: Vec<vision::Rgb> = svg.split("Z\" fill=\"#").skip(1).map(|s| hex(&s[..6])).collect();
    assert_eq!(fills.len(), 10, "a ground and a strip for each span");
    fills[..5].iter().copied().chain([[255.0; 3]]).collect()
}

fn hex(s: &str) -> vision::Rgb {
    std::array::from_fn(|i| f64::from(u8::from_str_radix(&s[2 * i..2 * i + 2], 16).unwrap()))
}

#[test]
fn lines_stand_out_from_every_ground() {
    for ground in grounds() {
        for (color, _) in PALETTE.into_iter().chain([(Color::GREY, Dash::Solid)]) {
            let seen = vision::on(rgb(color), f64::from(color.alpha), ground);
            let c = vision::contrast(seen, ground);
            assert!(c >= 3.0, "{color:?} on {ground:?}: {c}");
        }
    }
}

#[test]
fn lines_are_told_apart_without_any_kind_of_cones() {
    for (k, (a, of_a)) in PALETTE.into_iter().enumerate() {
        for (b, of_b) in PALETTE.into_iter().skip(k + 1) {
            let (d, eyes) = vision::difference(rgb(a), rgb(b));
            assert!(d >= 25.0 || of_a != of_b, "{a:?} and {b:?} with {eyes}: {d}");
            assert!(d >= 23.0, "{a:?} and {b:?} with {eyes}: {d}");
        }
    }
}

/// The next of the palette comes with its dashes, in the plot and in the legend, unless others are asked for.
#[test]
fn a_line_has_the_dashes_of_its_colour() {
    let (t, y) = wave(10);
    let panel = ["a", "b", "c"].iter().fold(Panel::new(), |p, l| p.line(l, &t, &y));
    let panel = panel.line_with("d", &t, &y, Style::new().dash(Dash::Dotted));
    let svg = Figure::new(90.0).panel(panel).to_svg().unwrap();
    let dashed = |color: &str, dashes: &str| {
        svg.matches(&format!("stroke=\"{color}\" stroke-width=\"0.9\"{dashes}/>")).count()
    };
    assert_eq!(dashed("#1816b6", ""), 2);
    assert_eq!(dashed("#00877b", " stroke-dasharray=\"3.6 1.8\""), 2);
    assert_eq!(dashed("#9a5fff", " stroke-dasharray=\"0.9 1.35\""), 2);
}

/// One axis of time: the same ends, numbers under each panel, its name under the lowest.
#[test]
fn numbers_stand_under_every_panel() {
    let (t, y) = wave(1000);
    let panel = || Panel::new().x_axis("Time", "s").line("x", &t, &y);
    let svg = Figure::new(90.0).panel(panel()).panel(panel()).panel(panel()).to_svg().unwrap();
    assert_eq!((svg.matches(">0.8</text>").count(), svg.matches(">Time (s)</text>").count()), (3, 1));
}

#[test]
fn a_fixed_height_is_kept() {
    let (t, y) = wave(10);
    let panel =
        || Panel::new().x_axis("Time", "s").y_axis("A rather long label of an axis", "V").line("x", &t, &y);
    let figure = Figure::new(85.0).panel(panel()).panel(panel().height_mm(60.0)).height_mm(120.0);
    let svg = check_page(&figure);
    assert!(svg.contains("height=\"120mm\""), "{}", &svg[..300]);
    let low = figure.height_mm(20.0).to_svg().unwrap_err().to_string();
    assert!(low.contains("20 mm is too low"), "{low}");
}

#[test]
fn mistakes_name_panel_and_mark() {
    let fails = |figure: Figure, part: &str| {
        let message = figure.to_svg().unwrap_err().to_string();
        assert!(message.contains(part), "{message:?} does not contain {part:?}");
    };
    fails(Figure::new(180.0), "no panel");
    let good = || Panel::new().line("", &[1.0], &[1.0]);
    fails(
        Figure::new(180.0).panel(good()).panel(Panel::new().line("out", &[1.0, 2.0], &[1.0])),
        "panel 2: line `out`: lengths differ: x 2, y 1",
    );
    fails(Figure::new(180.0).panel(good().x_range(2.0, 1.0)), "x_range 2 to 1");
    fails(Figure::new(180.0).panel(good().y_range(0.0, f64::NAN)), "y_range");
    fails(Figure::new(180.0).panel(good().heat_map(HeatMap::new("W", "", 2, 2, &[1.0]))), "heat map `W`");
    fails(Figure::new(30.0).columns(3).panel(good()).panel(good()).panel(good()), "no room");
    assert!(Figure::new(180.0).panel(good()).to_png(1e9).is_err());
    assert!(
        Figure::new(180.0).panel(good()).save("figure.pdf").unwrap_err().to_string().contains(".svg or .png")
    );
}

#[test]
fn degenerate_data_draw() {
    let nan = [f64::NAN; 3];
    let x = [0.0, 1.0, 2.0];
    for y in [[0.0; 3], [5.0; 3], nan, [f64::INFINITY, 1.0, f64::NEG_INFINITY], [1e300, -1e300, 1e-300]] {
        for log in [false, true] {
            let mut panel = Panel::new()
                .line("l", &x, &y)
                .line("turned", &y, &x)
                .steps("s", &x, &y, Style::new())
                .band("b", &x, &y, &x, Style::new())
                .scatter("d", &x, &y, f32::NAN, Style::new().width(f32::NAN).alpha(f32::NAN))
                .error_bars("e", &x, &y, &y, Style::new())
                .many_lines("m", &x, 1, &y, Some(ColorMap::Grey), Style::new())
                .histogram("h", &y, 3, Style::new())
                .h_line("r", y[0], Style::new())
                .span("n", y[0], y[1]);
            if log {
                panel = panel.x_log().y_log();
            }
            let heat = Panel::new().heat_map(HeatMap::over_time("w", "", &x, 1, &y));
            let empty = Panel::new()
                .line("", &[], &[])
                .heat_map(HeatMap::new("", "", 0, 0, &[]))
                .raster("", &[], &[], 0, Color::BLACK)
                .many_lines("", &[], 0, &[], None, Style::new());
            let figure = Figure::new(90.0).panel(panel).panel(heat).panel(empty);
            check_page(&figure);
            figure.to_png(72.0).unwrap();
        }
    }
}
