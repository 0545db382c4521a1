//! Table, recording and figure of the demonstration.

use std::path::{Path, PathBuf};

use bouton::io::figure::{Color, Dash, Figure, PALETTE, Panel, Style};
use bouton::io::recording::{FolderOptions, FolderSink, SeriesSpec, Sink};
use bouton::io::table::{Table, mean_sd as cell, significant};
use bouton::{Error, ErrorKind};

use super::metrics::mean_sd;
use super::{Method, Report, Trial};

/// What the table doesn't say by itself.
pub const NOTE: &str = "\
mPES: every device its own spread of 15 %, conductances measured by nominal bounds, as hardware has it.
published mPES: the devices of a pair share their spread, conductances measured by each device's own bounds.
gain 1e4: as published for 10 neurons. reach: in 10,000 pulses. PES: the best of a grid of rates on the training part.
";

/// The tables: scores, and what it took; one line a method, mean ± standard deviation over seeds. They fit into 60 columns: five
/// seeds know a deviation to one digit.
pub fn tables(r: &Report) -> [Table; 2] {
    let mut scores = Table::new(["method", "MSE", "Pearson", "Spearman"]).units(["", "1e-3"]);
    let mut cost = Table::new(["method", "gain", "pulses", "reach", "run time"]).units([
        "",
        "",
        "per device",
        "± weight",
        "s per s",
    ]);
    let one = r.outcomes.len() == 1;
    for (k, first) in r.outcomes[0].iter().enumerate() {
        let of = |f: &dyn Fn(&super::Outcome) -> f64| mean_sd(r.outcomes.iter().map(|seed| f(&seed[k])));
        let show = |(m, sd): (f64, f64)| match (m.is_nan(), one) {
            (true, _) => "–".to_string(),
            // One seed says nothing of the spread.
            (_, true) => significant(m, 3),
            _ => cell(m, sd, 1),
        };
        let name = first.method.name();
        scores.push([
            name.clone(),
            show(of(&|o| 1e3 * o.scores.mse)),
            show(of(&|o| o.scores.pearson)),
            show(of(&|o| o.scores.spearman)),
        ]);
        let mean = |on: bool, f: &dyn Fn(&super::Outcome) -> f64, digits| {
            if on { significant(of(f).0, digits) } else { "–".into() }
        };
        let devices = first.gain > 0.0;
        cost.push([
            name,
            mean(devices, &|o| o.gain, 3),
            mean(devices, &|o| o.pulses, 3),
            mean(devices, &|o| o.reach, 2),
            mean(first.method != Method::Constant, &|o| o.wall, 2),
        ]);
    }
    [scores, cost]
}

/// The learned method with the least squared error over all seeds.
fn best(r: &Report) -> Option<Method> {
    let error = |k: usize| r.outcomes.iter().map(|seed| seed[k].scores.mse).sum::<f64>();
    let learned = r.outcomes[0].iter().enumerate().filter(|(_, o)| o.method.learns());
    learned.min_by(|a, b| error(a.0).total_cmp(&error(b.0))).map(|(_, o)| o.method)
}

/// Whether two outcomes are of one method, whose rate may be another with each seed.
fn same(a: &Method, b: &Method) -> bool {
    a.slug() == b.slug()
}

fn trials(r: &Report) -> impl Iterator<Item = (&Method, &Trial)> {
    r.outcomes.iter().flatten().filter_map(|o| o.trial.as_ref().map(|t| (&o.method, t)))
}

/// Writes the recordings of the lowest seed into `folder`: `recording.npz`, one CSV a series, `manifest.json`.
pub fn write_recording(r: &Report, folder: &Path) -> Result<(), Error> {
    let file = |e: bouton::io::Error| Error::caused(ErrorKind::File, folder.display().to_string(), e);
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
    let meta =
        [("scores", serde_json::Value::Array(scores)), ("learning_seconds", r.pulse.train_seconds().into())];
    sink.set_meta(&meta).map_err(file)?;
    sink.finish().map_err(file)
}

/// Writes the scores of every seed and method into `scores.csv`, and what the figure shows into `figure.txt`.
pub fn write_scores(r: &Report, folder: &Path) -> Result<(), Error> {
    let mut csv = String::from("seed,method,mse,pearson,spearman,gain,pulses_per_device,reach,pes_rate\n");
    for o in r.outcomes.iter().flatten() {
        let rate = if let Method::Pes { rate } = o.method { rate.to_string() } else { String::new() };
        csv.push_str(&format!(
            "{},\"{}\",{},{},{},{},{},{},{rate}\n",
            o.seed,
            o.method.name(),
            o.scores.mse,
            o.scores.pearson,
            o.scores.spearman,
            o.gain,
            o.pulses,
            o.reach
        ));
    }
    let seed = r.outcomes.first().and_then(|o| o.first()).map_or(0, |o| o.seed);
    let (train, end) = (r.pulse.train_seconds(), r.pulse.seconds());
    let watched = trials(r).find(|(m, _)| **m == Method::mpes_auto()).map_or(0, |(_, t)| t.watched);
    let caption = format!(
        "A population of {n} spiking neurons learns f(x) = x² of a recorded pulse wave through {pairs} synapses; seed {seed} \
         of the table's. (a) Input and target through the filter of the output (10 ms). Weights change for {train:.1} s and \
         are fixed for the rest, {end:.1} s in all. (b–f) Output decoded from the second population and its target, with \
         weights solved by the NEF, ideal synapses learned by PES, and memristor pairs learned by mPES with the automatic \
         gain, with the published gain, bounds and spread, and with what learned best over all seeds: {best}. (g) Absolute \
         error of the same, exponential mean with a time constant of half a second. (h) Conductances of {watched} of the {pairs} plus and minus devices of mPES with the automatic gain, \
         rows and columns {step} apart, every 0.1 s; devices behind neurons that were silent stay where they began.\n",
        n = super::NEURONS,
        pairs = super::NEURONS * super::NEURONS,
        step = super::model::STRIDE,
        best = best(r).map(|m| m.name()).unwrap_or_default(),
    );
    for (name, text) in [("scores.csv", csv), ("figure.txt", caption)] {
        let path = folder.join(name);
        std::fs::write(&path, text)
            .map_err(|e| Error::caused(ErrorKind::File, path.display().to_string(), e))?;
    }
    Ok(())
}

/// |output − target|, as an exponential mean over half a second.
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

    let over_time = |name: &str, high: f64| {
        spans(Panel::new().x_axis("Time", "s").x_range(0.0, end).y_axis(name, "").height_mm(high))
    };

    let a = over_time("Value", 26.0)
        .line_with("input", t, &first.input, Style::new().color(Color::GREY))
        .line_with("target", t, &first.target, Style::new().color(Color::BLACK));

    // As many lines as can be told apart; the others are in the table.
    let best = best(r);
    let lines = |m: &Method| match m {
        Method::Solved | Method::Pes { .. } => true,
        m if best.is_some_and(|b| same(&b, m)) => true,
        m => *m == Method::mpes_auto() || *m == Method::mpes_published(),
    };
    let mut panels = vec![a];
    let mut errors = over_time("|Error|, 0.5 s mean", 34.0).y_log();
    let dots = Style::new().color(Color::BLACK).dash(Dash::Dotted);
    for ((m, trial), (color, dash)) in all.iter().filter(|(m, _)| lines(m)).zip(PALETTE) {
        let style = Style::new().color(color);
        // Six outputs in one panel lie on each other: one beside the target can be read.
        let output = Panel::new().x_axis("Time", "s").x_range(0.0, end).y_axis("Output", "").height_mm(13.0);
        panels.push(
            output
                .v_line("", learn, Style::new().dash(Dash::Dashed))
                .line_with(&m.name(), &trial.times, &trial.output, style.dash(Dash::Solid))
                .line_with("target", t, &first.target, dots),
        );
        errors = errors.line_with(&m.name(), &trial.times, &smooth_error(trial), style.dash(dash));
    }
    panels.push(errors);
    if let Some((_, m)) = all.iter().find(|(m, _)| **m == Method::mpes_auto()) {
        let nano = |x: &[f64]| x.iter().map(|g| g * 1e9).collect::<Vec<f64>>();
        let thin = |color: Color| Style::new().width(0.6).alpha(0.75).color(color);
        let [(one, _), .., (other, _), _] = PALETTE;
        let (plus, minus) = (nano(&m.plus), nano(&m.minus));
        let d = over_time("Conductance", 34.0)
            .y_axis("Conductance", "nS")
            .many_lines("plus devices, mPES, auto gain", &m.slow_times, m.watched, &plus, None, thin(one))
            .many_lines("minus devices", &m.slow_times, m.watched, &minus, None, thin(other));
        panels.push(d);
    }
    let mut f = Figure::new(180.0).columns(1);
    for p in panels {
        f = f.panel(p);
    }
    let mut paths = vec![];
    for ending in ["svg", "png"] {
        let path = folder.join(format!("figure.{ending}"));
        f.save(&path).map_err(|e| Error::caused(ErrorKind::File, path.display().to_string(), e))?;
        paths.push(path);
    }
    Ok(paths)
}
