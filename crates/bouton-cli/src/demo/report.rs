//! Table, recording and figure of the demonstration.

use std::path::{Path, PathBuf};

use bouton::Error;
use bouton::io::figure::{Color, Dash, Figure, Panel, Style};
use bouton::io::recording::{FolderOptions, FolderSink, SeriesSpec, Sink};
use bouton::io::table::{Table, mean_sd as cell, significant};

use super::metrics::mean_sd;
use super::{Method, Report, Trial};

/// The table: one line a method, mean ± standard deviation over seeds.
pub fn table(r: &Report) -> Table {
    let mut t = Table::new(["method", "MSE", "Pearson", "Spearman", "pulses", "reach", "run time"]);
    t = t.units(["", "", "", "", "per device", "± weight", "s per s"]);
    for (k, first) in r.outcomes[0].iter().enumerate() {
        let of = |f: &dyn Fn(&super::Outcome) -> f64| mean_sd(r.outcomes.iter().map(|seed| f(&seed[k])));
        let show = |(m, sd): (f64, f64)| if m.is_nan() { "–".to_string() } else { cell(m, sd) };
        let devices = first.gain > 0.0;
        t.push([
            first.method.name(),
            show(of(&|o| o.scores.mse)),
            show(of(&|o| o.scores.pearson)),
            show(of(&|o| o.scores.spearman)),
            if devices { significant(of(&|o| o.pulses).0, 3) } else { "–".into() },
            if devices { significant(of(&|o| o.reach).0, 2) } else { "–".into() },
            if first.method == Method::Constant { "–".into() } else { significant(of(&|o| o.wall).0, 2) },
        ]);
    }
    t
}

fn trials(r: &Report) -> impl Iterator<Item = (&Method, &Trial)> {
    r.outcomes.iter().flatten().filter_map(|o| o.trial.as_ref().map(|t| (&o.method, t)))
}

/// Writes the recordings of the lowest seed into `folder`: `recording.npz`, one CSV a series, `manifest.json`.
pub fn write_recording(r: &Report, folder: &Path) -> Result<(), Error> {
    let file = |e: bouton::io::Error| Error::file(folder.display().to_string(), e.to_string());
    let mut sink = FolderSink::create(folder, FolderOptions::default()).map_err(file)?;
    let Some((_, first)) = trials(r).next() else { return Ok(()) };
    let mut series = |name: &str, unit: &str, times: &[f64], width: usize, values: &[f64]| {
        sink.open_series(SeriesSpec::new(name, unit, width))?;
        sink.append_series(name, times, values)
    };
    series("input", "", &first.times, 1, &first.input).map_err(file)?;
    series("target", "", &first.times, 1, &first.target).map_err(file)?;
    for (method, t) in trials(r) {
        let slug = method.slug();
        series(&format!("output_{slug}"), "", &t.times, 1, &t.output).map_err(file)?;
        if !t.weights.is_empty() {
            series(&format!("weights_{slug}"), "", &t.slow_times, t.watched, &t.weights).map_err(file)?;
        }
        if !t.plus.is_empty() {
            series(&format!("conductance_plus_{slug}"), "S", &t.slow_times, t.watched, &t.plus)
                .map_err(file)?;
            series(&format!("conductance_minus_{slug}"), "S", &t.slow_times, t.watched, &t.minus)
                .map_err(file)?;
        }
    }
    let scores: Vec<serde_json::Value> = r.outcomes.iter().flat_map(|all| {
        all.iter().map(|o| {
            serde_json::json!({
                "seed": o.seed, "method": o.method.name(), "mse": o.scores.mse, "pearson": o.scores.pearson,
                "spearman": o.scores.spearman, "pulses_per_device": o.pulses, "gain": o.gain, "reach": o.reach,
                "pes_rate": if let Method::Pes { rate } = o.method { Some(rate) } else { None },
            })
        })
    }).collect();
    sink.set_meta("scores", serde_json::Value::Array(scores)).map_err(file)?;
    sink.set_meta("learning_seconds", r.pulse.train_seconds().into()).map_err(file)?;
    sink.finish().map_err(file)
}

/// |output − target|, smoothed over half a second.
fn smooth_error(t: &Trial) -> Vec<f64> {
    let mut s = None;
    t.output
        .iter()
        .zip(&t.target)
        .map(|(y, x)| {
            let e = (y - x).abs();
            let v = s.map_or(e, |s: f64| s + (e - s) * 0.02);
            s = Some(v);
            v.max(1e-4)
        })
        .collect()
}

/// Draws the figure of the lowest seed: `figure.svg` and `figure.png` in `folder`.
pub fn figure(r: &Report, folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let (learn, end) = (r.pulse.train_seconds(), r.pulse.seconds());
    let all: Vec<(&Method, &Trial)> = trials(r).collect();
    let Some((_, first)) = all.first() else { return Ok(vec![]) };
    let t = &first.times;
    let spans = |p: Panel| p.span("learning", 0.0, learn).span("test", learn, end);

    let a = spans(Panel::new().x_axis("Time", "s").y_axis("Value", "").height_mm(26.0).x_range(0.0, end))
        .line_with("input", t, &first.input, Style::new().color(Color::GREY))
        .line_with("target", t, &first.target, Style::new().color(Color::BLACK));

    let shown: Vec<&(&Method, &Trial)> =
        all.iter().filter(|(m, _)| !matches!(m, Method::Zero | Method::Constant)).collect();
    let mut b =
        Panel::new().x_axis("Time", "s").y_axis("Decoded output", "").height_mm(36.0).x_range(learn, end);
    b = b.line_with("target", t, &first.target, Style::new().color(Color::BLACK).dash(Dash::Dashed));
    let mut c =
        spans(Panel::new().x_axis("Time", "s").y_axis("|Error|, 0.5 s mean", "").y_log().height_mm(32.0));
    c = c.x_range(0.0, end);
    for (m, trial) in &shown {
        b = b.line(&m.name(), &trial.times, &trial.output);
        c = c.line(&m.name(), &trial.times, &smooth_error(trial));
    }

    let mut panels = vec![a, b, c];
    if let Some((_, m)) = all.iter().find(|(m, _)| **m == Method::mpes_auto()) {
        let nano = |x: &[f64]| x.iter().map(|g| g * 1e9).collect::<Vec<f64>>();
        let thin = Style::new().width(0.6).alpha(0.45);
        let d = spans(
            Panel::new().x_axis("Time", "s").y_axis("Conductance", "nS").height_mm(32.0).x_range(0.0, end),
        )
        .many_lines("plus devices", &m.slow_times, m.watched, &nano(&m.plus), None, thin.color(Color::BLUE))
        .many_lines(
            "minus devices",
            &m.slow_times,
            m.watched,
            &nano(&m.minus),
            None,
            thin.color(Color::VERMILLION),
        );
        panels.push(d);
    }
    let mut f = Figure::new(180.0).columns(1);
    for p in panels {
        f = f.panel(p);
    }
    let mut paths = vec![];
    for ending in ["svg", "png"] {
        let path = folder.join(format!("figure.{ending}"));
        f.save(&path).map_err(|e| Error::file(path.display().to_string(), e.to_string()))?;
        paths.push(path);
    }
    Ok(paths)
}
