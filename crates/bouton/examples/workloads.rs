//! Workloads for speed: prints one JSON line for each.
//!
//! ```text
//! cargo run --release --example workloads -- W1 [--size N] [--seconds S] [--reps R] [--f32] [--passes none|bitwise|no-factors]
//! ```
//!
//! * `W1`: communication channel, `size` (10) ensembles of 100 LIF neurons in a row, 5 ms synapses.
//! * `W2`: PES on decoders, three ensembles of `size` (1000) neurons in four dimensions.
//! * `W3`: PES on `size` × `size` (2000) solved weights from neurons to neurons; `W3bcm`: BCM; `W3oja`: Oja's rule; `W3none`: without
//!   learning; `W3hand`: that matrix given by hand.
//! * `stdp`: pair STDP on `size` × `size` (2000) weights between neurons whose spikes are given by `--trains FILE` (a byte a neuron
//!   and step, pre and then post); `stdpnone`: without learning. `pass_s` is the time of one pass over the columns and rows that spiked.
//! * `W5`: `size` (1000) integrators of 100 LIF neurons each (recurrent, 0.1 s).
//! * `mpes`: `size` × `size` (100) memristor pairs, 15 % spread, learning all the time with the published gate.
//!
//! One thread. Build and ten warm-up steps are not timed. Printed beside the time: neurons, spikes per second, rms of the
//! output over the last 0.2 s, pulses, size of learned weights and of their change.

use std::time::Instant;

use bouton::prelude::*;

#[path = "workloads/models.rs"]
mod models;
#[path = "workloads/plastic.rs"]
mod plastic;

fn main() -> Result<(), Error> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str| args.iter().position(|a| a == name).and_then(|i| args.get(i + 1)).cloned();
    let number = |name: &str| value(name).and_then(|v| v.parse::<f64>().ok());
    let name = args.first().map_or("W1", String::as_str);
    let size = number("--size").map(|s| s as usize);
    let trains = match value("--trains") {
        Some(file) => std::fs::read(file).map_err(|e| Error::model("--trains", e.to_string()))?,
        None => vec![],
    };
    let mut net = match name {
        "W1" => models::w1(size.unwrap_or(10)),
        "W2" => plastic::w2(size.unwrap_or(1000)),
        "W5" => models::w5(size.unwrap_or(1000)),
        "mpes" => models::mpes(size.unwrap_or(100)),
        "W3" => models::w3(size.unwrap_or(2000), true),
        "W3bcm" => models::w3_bcm(size.unwrap_or(2000))?,
        "W3oja" => plastic::w3_oja(size.unwrap_or(2000))?,
        "stdp" | "stdpnone" => plastic::stdp(size.unwrap_or(2000), trains.clone(), name == "stdp")?,
        "W3none" => models::w3(size.unwrap_or(2000), false),
        "W3hand" => models::w3_hand(size.unwrap_or(2000))?,
        other => {
            eprintln!(
                "there is no workload `{other}`; there are: W1, W2, W3, W3bcm, W3oja, W3none, W3hand, W5, mpes, stdp, stdpnone"
            );
            std::process::exit(2);
        }
    };
    let count_spikes = args.iter().any(|a| a == "--spikes");
    let mut spike_probes = vec![];
    if count_spikes {
        let ids: Vec<EnsembleId> = net.ensembles().collect();
        let probe = |e: &EnsembleId| net.probe(&format!("spikes{}", e.index()), Probe::new(e.neurons()));
        spike_probes = ids.iter().map(probe).collect();
    }
    let seconds = number("--seconds").unwrap_or(1.0);
    let reps = number("--reps").map_or(3, |r| r as usize);
    let passes = match value("--passes").as_deref() {
        Some("none") => Passes::none(),
        Some("bitwise") => Passes::bitwise(),
        Some("no-factors") => Passes { factored: false, ..Passes::default() },
        _ => Passes::default(),
    };
    let precision = if args.iter().any(|a| a == "--f32") { Precision::F32 } else { Precision::F64 };
    let t0 = Instant::now();
    let threads = number("--threads").map_or(Options::default().threads, |t| t as usize);
    let mut sim = Simulator::with(&net, Options { passes, precision, threads, ..Options::default() })?;
    let build = t0.elapsed().as_secs_f64();
    let warm = number("--warm").map_or(10, |s| s as u64);
    sim.run_steps(warm)?;
    // What rules make of weights: their size at the start, and how far they are from there at the end.
    let learned: Vec<_> =
        net.connections().filter(|c| sim.rule_parameters(*c).is_ok_and(|p| !p.is_empty())).collect();
    let weights = |sim: &Simulator| learned.first().and_then(|c| sim.weights(*c).ok());
    let before = weights(&sim);
    let mut times = vec![];
    for _ in 0..reps {
        let t = Instant::now();
        sim.run(seconds)?;
        times.push(t.elapsed().as_secs_f64() / seconds);
    }
    times.sort_by(f64::total_cmp);
    let mut rms = 0.0;
    if let Ok(output) = net.find_probe("output") {
        let out = sim.data(output)?;
        let tail = &out.values[out.values.len().saturating_sub(200 * out.width)..];
        rms = (tail.iter().map(|v| v * v).sum::<f64>() / tail.len() as f64).sqrt();
    }
    let mut spikes = 0.0;
    for p in &spike_probes {
        spikes += sim.data(*p)?.values.iter().filter(|v| **v > 0.0).count() as f64;
    }
    let norm = |x: &mut dyn Iterator<Item = f64>| x.map(|x| x * x).sum::<f64>().sqrt();
    let (mut w_norm, mut dw_norm) = (0.0, 0.0);
    if let (Some(before), Some(after)) = (&before, weights(&sim)) {
        let pairs = before.values().iter().zip(after.values());
        w_norm = norm(&mut before.values().iter().copied());
        dw_norm = norm(&mut pairs.map(|(a, b)| b - a));
    }
    let neurons = net.n_neurons();
    let rate =
        if count_spikes { format!("{:.4}", spikes / sim.time() / neurons as f64) } else { "null".into() };
    let pulses: u64 = net.connections().filter_map(|c| sim.devices(c).ok()).map(|d| d.pulses()).sum();
    println!(
        "{{\"w\":\"{name}\",\"neurons\":{neurons},\"build_s\":{build:.3},\"s_per_s\":{:.6},\"s_per_s_min\":{:.6},\
         \"out_rms\":{rms:.5},\"rate_hz\":{rate},\"pulses\":{pulses},\"w_norm\":{w_norm:e},\"dw_norm\":{dw_norm:e},\"pass_s\":{:.4},\"peak_mb\":{}}}",
        times[times.len() / 2],
        times[0],
        plastic::pass_over(size.unwrap_or(2000), &trains, warm as usize, seconds),
        peak_mb()
    );
    Ok(())
}

/// Peak memory of this process (MB), 0 where the system doesn't say.
fn peak_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmHWM"));
    line.and_then(|l| l.split_whitespace().nth(1)).and_then(|k| k.parse::<u64>().ok()).map_or(0, |k| k / 1024)
}
