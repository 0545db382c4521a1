//! `bouton plot`: what is drawn of a recording, and what is said where nothing can be.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use bouton::io::recording::{EventsSpec, FolderOptions, FolderSink, SeriesSpec, Sink};

fn plot(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bouton")).arg("plot").args(args).output().unwrap()
}

#[track_caller]
fn drawn(args: &[&str]) -> (String, String) {
    let o = plot(args);
    let e = String::from_utf8(o.stderr).unwrap();
    assert!(o.status.success(), "{e}");
    (String::from_utf8(o.stdout).unwrap(), e)
}

#[track_caller]
fn refused(args: &[&str], parts: &[&str]) {
    let o = plot(args);
    let e = String::from_utf8(o.stderr).unwrap();
    assert_eq!(o.status.code(), Some(1), "{e}");
    assert!(parts.iter().all(|p| e.contains(p)) && e.lines().count() == 1, "{parts:?}: {e}");
}

/// A recording of a second: two values, spikes of three neurons, weights of 4 × 5, resistances, and one that recorded nothing.
fn recording(folder: &Path) -> FolderSink {
    let mut s = FolderSink::create(folder, FolderOptions::default()).unwrap();
    s.set_meta(&[("model", "models/a.toml".into()), ("seed", 7.into()), ("status", "finished".into())])
        .unwrap();
    s.open_series(SeriesSpec::new("value", "", 2)).unwrap();
    s.open_series(SeriesSpec::with_shape("w", "", &[4, 5])).unwrap();
    s.open_series(SeriesSpec::new("r", "Ohm", 1)).unwrap();
    s.open_series(SeriesSpec::new("empty", "", 1)).unwrap();
    s.open_events(EventsSpec::new("spikes", 3, 0.001)).unwrap();
    let times: Vec<f64> = (1..=1000).map(|k| f64::from(k) * 0.001).collect();
    let values: Vec<f64> = times.iter().flat_map(|t| [(6.0 * t).sin(), (6.0 * t).cos()]).collect();
    s.append_series("value", &times, &values).unwrap();
    s.append_series("r", &times, &vec![2e4; 1000]).unwrap();
    let w: Vec<f64> = (0..200).map(|k| f64::from(k % 20) - 9.5 + f64::from(k / 20)).collect();
    s.append_series("w", &(1..=10).map(|k| f64::from(k) * 0.1).collect::<Vec<_>>(), &w).unwrap();
    s.append_events("spikes", &[100, 200, 300], &[0, 1, 2]).unwrap();
    s
}

fn finished() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    recording(&path).finish().unwrap();
    let path = path.display().to_string();
    (folder, path)
}

fn texts(svg: &str) -> Vec<&str> {
    svg.split("</text>").filter_map(|s| s.rsplit('>').next()).collect()
}

#[test]
fn a_recording_is_one_figure_with_a_panel_for_what_was_recorded() {
    let (_keep, run) = finished();
    let (out, notes) = drawn(&[&run]);
    assert_eq!(out, format!("{run}.svg: r:lines, value:lines, spikes:raster, w:heat, w:histogram\n"));
    assert_eq!(notes, "note: `empty`: nothing was recorded\n");
    let svg = std::fs::read_to_string(format!("{run}.svg")).unwrap();
    let texts = texts(&svg);
    for wanted in [
        "a.toml, seed 7",
        "r (kΩ)",
        "value",
        "value[0]",
        "value[1]",
        "spikes: neuron",
        "Synapse",
        "Time (s)",
        "Number",
    ] {
        assert!(texts.contains(&wanted), "{wanted}: {texts:?}");
    }
    // The histogram is of the first and the last sample.
    assert!(texts.contains(&"t = 1 s") && texts.contains(&"t = 0.1 s"), "{texts:?}");
    // 3 spikes, each a tick in black; the axes are two lines of black, and ticks.
    let ticks = svg.split("<path d=\"").find(|p| p.contains("stroke=\"#000000\" stroke-width=\"0.5\""));
    assert_eq!(ticks.unwrap().split('"').next().unwrap().matches('M').count(), 3);
}

/// The line of a value goes through what was recorded: its lowest and highest point lie where the sine has them.
#[test]
fn a_line_goes_through_the_samples() {
    let (_keep, run) = finished();
    drawn(&[&run, "value:lines"]);
    let svg = std::fs::read_to_string(format!("{run}.svg")).unwrap();
    // The first line is that of value[0], in the first colour of the palette: M x y L x y ….
    let path = svg
        .split("<path d=\"")
        .find(|p| p.contains("stroke=\"#1816b6\""))
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let numbers: Vec<f64> =
        path.split(['M', 'L', 'H', 'V', ' ', ',']).filter_map(|x| x.parse().ok()).collect();
    assert!(path.starts_with('M') && numbers.len() > 500, "{}", &path[..60]);
    let top = numbers.chunks_exact(2).min_by(|a, b| a[1].total_cmp(&b[1])).unwrap();
    let (first, last) = (numbers[0], numbers[numbers.len() - 2]);
    // The highest value of sin 6t in a second is at π/12 s.
    let at = 0.001 + (top[0] - first) / (last - first) * 0.999;
    assert!((at - std::f64::consts::PI / 12.0).abs() < 0.01, "{at}");
}

#[test]
fn what_is_named_is_drawn_as_it_is_asked_for() {
    let (keep, run) = finished();
    let png = keep.path().join("f.PNG").display().to_string();
    let (out, _) = drawn(&[&run, "w:matrix", "spikes:rates", "w:lines", "--out", &png]);
    assert_eq!(out, format!("{png}: w:matrix, spikes:rates, w:lines\n"));
    assert_eq!(&std::fs::read(&png).unwrap()[..8], b"\x89PNG\r\n\x1a\n");
    // The archive stands for its folder, and time can be cut.
    let archive = format!("{run}/recording.npz");
    let (out, _) = drawn(&[&archive, "value", "--from", "0.5", "--to", "0.7", "--out", &png, "--overwrite"]);
    assert_eq!(out, format!("{png}: value:lines\n"));
    refused(
        &[&run, "spikes", "--from", "0.9", "--out", &png, "--overwrite"],
        &["nothing was recorded between `--from` and `--to`", "`spikes`"],
    );
}

#[test]
fn what_cannot_be_drawn_is_said() {
    let (keep, run) = finished();
    let at = |name: &str| keep.path().join(name).display().to_string();
    refused(&[&run, "valeu"], &["no probe `valeu`", "did you mean `value`?"]);
    refused(&[&run, "xyz"], &["there are: empty, r, value, w, spikes"]);
    refused(&[&run, "spikes:line"], &["`line`", "raster, rates"]);
    refused(&[&run, "value:matrix"], &["`matrix`", "lines, heat, histogram"]);
    refused(&[&run, "w:histgram"], &["did you mean `histogram`?"]);
    refused(&[&run, "empty"], &["nothing was recorded of `empty`"]);
    refused(&[&run, "--out", &at("f.pdf")], &["f.pdf", ".svg or .png"]);
    refused(&[&run, "--from", "2", "--to", "1"], &["`--from` must be before `--to`"]);
    refused(&[&run, "--out", &at("none/f.svg")], &["none/f.svg"]);
    refused(&[&at("nowhere")], &["nowhere", "there is no such file or folder"]);
    std::fs::create_dir(at("plain")).unwrap();
    refused(&[&at("plain")], &["holds no recording", "`manifest.json`"]);
    // A figure that is there stays, unless it may go.
    std::fs::write(at("run.svg"), "mine").unwrap();
    refused(&[&run], &["run.svg", "exists already", "`--overwrite`"]);
    assert_eq!(std::fs::read(at("run.svg")).unwrap(), b"mine");
    drawn(&[&run, "--overwrite"]);
    assert!(
        std::fs::read_to_string(at("run.svg")).unwrap().starts_with("<?xml")
            || std::fs::read_to_string(at("run.svg")).unwrap().starts_with("<svg")
    );
    // A manifest of something else.
    std::fs::write(PathBuf::from(at("plain")).join("manifest.json"), "{}").unwrap();
    refused(&[&at("plain")], &["not that of a recording"]);
}

#[test]
fn a_recording_that_was_cut_off_is_drawn_as_far_as_it_goes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    // Dropped without an end, as a kill leaves it.
    drop(recording(&path));
    let run = path.display().to_string();
    assert!(!path.join("recording.npz").exists());
    let (out, notes) = drawn(&[&run]);
    assert!(out.contains("value:lines, spikes:raster"), "{out}");
    assert!(
        notes.contains("was cut off or still goes on") && notes.contains(&format!("bouton recover {run}")),
        "{notes}"
    );
}

/// More samples and weights than a figure can show: it stays small, and its peaks stay.
#[test]
fn a_long_recording_is_a_small_figure() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long");
    let mut s = FolderSink::create(&path, FolderOptions { csv: false, npz: true }).unwrap();
    s.open_series(SeriesSpec::new("v", "", 1)).unwrap();
    s.open_series(SeriesSpec::with_shape("w", "", &[100, 100])).unwrap();
    s.open_events(EventsSpec::new("spikes", 1000, 0.001)).unwrap();
    for block in 0..25u32 {
        let times: Vec<f64> = (1..=100_000).map(|k| f64::from(block * 100_000 + k) * 0.001).collect();
        let peak = |k: usize| if block == 7 && k == 50_001 { 50.0 } else { (k % 7) as f64 };
        s.append_series("v", &times, &(0..100_000).map(peak).collect::<Vec<_>>()).unwrap();
        s.append_series("w", &times[99_999..], &(0..10_000).map(|k| f64::from(k) * 1e-5).collect::<Vec<_>>())
            .unwrap();
        let steps: Vec<u64> = (0..40_000).map(|k| u64::from(block) * 100_000 + k).collect();
        s.append_events("spikes", &steps, &(0..40_000).map(|k| k % 1000).collect::<Vec<_>>()).unwrap();
    }
    s.finish().unwrap();
    let run = path.display().to_string();
    drawn(&[&run]);
    let svg = std::fs::read_to_string(format!("{run}.svg")).unwrap();
    assert!(svg.len() < 1_500_000, "{} bytes", svg.len());
    assert!(texts(&svg).contains(&"Synapse, 400 of 10000"), "{:?}", texts(&svg));
    // One sample of 2,500,000 is 50, the others 6 at most: the axis goes up to it.
    assert!(texts(&svg).contains(&"50"), "{:?}", texts(&svg));
}
