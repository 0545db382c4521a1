//! Draws two example figures, `figure_demo` and `figure_demo_grid`, as SVG and PNG, into the folder given on
//! the command line (default: the current one).
//!
//! The data are made up: three methods learn to follow a target for 60 s and are tested for 30 s more.

use std::f64::consts::TAU;
use std::path::PathBuf;

use bouton_io::figure::{Color, ColorMap, Dash, Figure, HeatMap, Panel, Style};

/// Numbers from -1 to 1 that look random, the same at each run.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }
}

const METHODS: [(&str, f64, f64); 3] =
    [("PES", 4.0, 0.03), ("mPES", 11.0, 0.06), ("mPES, noisy devices", 18.0, 0.13)];

fn main() -> bouton_io::Result<()> {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| ".".to_owned()));
    let figures = [("figure_demo", learning()), ("figure_demo_grid", grid())];
    for (name, figure) in figures {
        for ending in ["svg", "png"] {
            let path = folder.join(format!("{name}.{ending}"));
            figure.save(&path)?;
            println!("{}", path.display());
        }
    }
    Ok(())
}

/// The figure of a learning experiment: 90 s at 1 kHz.
fn learning() -> Figure {
    let mut noise = Noise(1);
    let t: Vec<f64> = (0..90_000).map(|i| f64::from(i) * 1e-3).collect();
    let input: Vec<f64> =
        t.iter().map(|t| 0.6 * (TAU * t / 7.0).sin() + 0.35 * (TAU * t / 2.3).cos()).collect();
    let target: Vec<f64> = input.iter().map(|x| x * x).collect();
    let outputs: Vec<Vec<f64>> = METHODS
        .iter()
        .map(|&(_, tau, floor)| {
            let mut smooth = 0.0;
            let follow = |(&t, &y): (&f64, &f64)| {
                smooth += (noise.next() * 12.0 - smooth) * 0.02;
                y * (1.0 - (-t.min(60.0) / tau).exp()) + floor * smooth
            };
            t.iter().zip(&target).map(follow).collect()
        })
        .collect();
    let learned = |p: Panel| p.span("learning", 0.0, 60.0).span("test", 60.0, 90.0);

    let mut a = learned(Panel::new().x_axis("Time", "s").y_axis("Value", "").height_mm(24.0));
    a = a.line_with("input", &t, &input, Style::new().color(Color::GREY));
    a = a.line_with("target", &t, &target, Style::new().color(Color::BLACK));

    let mut b =
        Panel::new().x_axis("Time", "s").y_axis("Decoded output", "").x_range(70.0, 80.0).height_mm(32.0);
    let mut c =
        learned(Panel::new().x_axis("Time", "s").y_axis("|Error|, 0.5 s mean", "").y_log().height_mm(28.0));
    for ((name, ..), output) in METHODS.iter().zip(&outputs) {
        b = b.line(name, &t, output);
        let mut smooth = 0.3;
        let follow = |(y, x): (&f64, &f64)| {
            smooth += ((y - x).abs() - smooth) * 2e-3;
            smooth
        };
        let error: Vec<f64> = output.iter().zip(&target).map(follow).collect();
        c = c.line(name, &t, &error);
    }
    b = b.line_with("target", &t, &target, Style::new().color(Color::BLACK).dash(Dash::Dashed));

    // 60 conductances, sampled at 10 Hz.
    let slow: Vec<f64> = t.iter().step_by(100).copied().collect();
    let mut state: Vec<f64> = (0..60).map(|_| 1.5e-7 + 0.5e-7 * noise.next()).collect();
    let goal: Vec<f64> = (0..60).map(|_| 1.5e-7 + 1.4e-7 * noise.next()).collect();
    let mut conductance = Vec::new();
    for &t in &slow {
        for (g, to) in state.iter_mut().zip(&goal) {
            if t < 60.0 {
                *g += (to - *g) * 0.006 + noise.next() * 1e-9;
            }
            conductance.push(*g);
        }
    }
    let d = learned(Panel::new().x_axis("Time", "s").y_axis("Conductance", "S").height_mm(28.0)).many_lines(
        "60 of 10 000 synapses",
        &slow,
        60,
        &conductance,
        Some(ColorMap::Viridis),
        Style::new().alpha(0.7),
    );
    Figure::new(180.0).panel(a).panel(b).panel(c).panel(d)
}

/// The other kinds of mark, in a grid.
fn grid() -> Figure {
    let mut noise = Noise(5);
    // A raster of 200 neurons over 10 s.
    let (mut times, mut neuron) = (Vec::new(), Vec::new());
    for step in 0..10_000 {
        let t = f64::from(step) * 1e-3;
        for i in 0..200u32 {
            let rate = 30.0 * (1.0 + (TAU * t / 5.0 + f64::from(i) / 30.0).sin());
            if noise.next() * 0.5 + 0.5 < rate * 1e-3 {
                times.push(t);
                neuron.push(i);
            }
        }
    }
    let raster = Panel::new().title("Spikes").x_axis("Time", "s").y_axis("Neuron", "").raster(
        "",
        &times,
        &neuron,
        200,
        Color::BLACK,
    );
    let sparse =
        Panel::new().title("A few of them").x_axis("Time", "s").y_axis("Neuron", "").x_range(0.0, 1.0);
    let few: Vec<usize> = (0..times.len()).filter(|&i| neuron[i] % 10 == 0).collect();
    let sparse = sparse.raster(
        "",
        &few.iter().map(|&i| times[i]).collect::<Vec<_>>(),
        &few.iter().map(|&i| neuron[i] / 10).collect::<Vec<_>>(),
        20,
        Color::BLUE,
    );
    let weights: Vec<f64> = (0..40 * 60)
        .map(|k| {
            let (i, j) = (f64::from(k / 60) - 20.0, f64::from(k % 60) - 30.0);
            2e-4 * (i * j / 150.0).sin() + 4e-5 * noise.next()
        })
        .collect();
    let map = HeatMap::new("Weight", "", 40, 60, &weights).colors(ColorMap::Diverging);
    let heat = Panel::new()
        .title("Weights after learning")
        .x_axis("Pre neuron", "")
        .y_axis("Post neuron", "")
        .heat_map(map);
    let normal: Vec<f64> = (0..5000).map(|_| (noise.next() + noise.next() + noise.next()) * 2e-5).collect();
    let histogram = Panel::new()
        .title("Their distribution")
        .x_axis("Weight", "")
        .y_axis("Count", "")
        .histogram("", &normal, 40, Style::new())
        .v_line("mean", 0.0, Style::new().color(Color::BLACK).dash(Dash::Dashed));
    let n: Vec<f64> = (1..=10).map(|i| f64::from(i) * 20.0).collect();
    let rmse: Vec<f64> = n.iter().map(|n| 0.9 / n.sqrt()).collect();
    let spread: Vec<f64> = rmse.iter().map(|e| e * 0.2).collect();
    let errors = Panel::new()
        .title("Scaling")
        .x_axis("Neurons", "")
        .y_axis("RMSE", "V")
        .grid(true)
        .error_bars("mean ± sd, 20 seeds", &n, &rmse, &spread, Style::new());
    let pulses: Vec<f64> = (0..400).map(f64::from).collect();
    let r: Vec<f64> = pulses.iter().map(|n| 200.0 + 2.3e8 * (n + 1.0f64).powf(-0.146)).collect();
    let (low, high): (Vec<f64>, Vec<f64>) = r.iter().map(|r| (r * 0.9, r * 1.1)).unzip();
    let band = Panel::new()
        .title("Device")
        .x_axis("Pulse number n", "")
        .y_axis("Resistance", "Ω")
        .band("R(n) = r_{0} + r_{1} n^{c}", &pulses, &low, &high, Style::new())
        .line("R(n) = r_{0} + r_{1} n^{c}", &pulses, &r);
    Figure::new(180.0)
        .columns(2)
        .panel(raster)
        .panel(sparse)
        .panel(heat)
        .panel(histogram)
        .panel(errors)
        .panel(band)
}
