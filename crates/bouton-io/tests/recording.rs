//! A recording comes back as it was written, also when the run was cut off.

use std::fs;
use std::path::PathBuf;

use bouton_io::recording::{
    EventsSpec, FolderOptions, FolderSink, MemorySink, Recording, RecordingReader, SeriesSpec, Sink, Value,
    read_recording, remove_recording,
};
use bouton_io::{fresh_folder, read_csv_table, read_npy, read_npz};

fn folder(stem: &str) -> PathBuf {
    fresh_folder(&PathBuf::from(env!("CARGO_TARGET_TMPDIR")), stem).unwrap()
}

/// Opens three probes and appends `blocks` blocks of 50 samples.
fn feed(sink: &mut dyn Sink, blocks: usize) {
    sink.open_series(SeriesSpec::new("out", "V", 2)).unwrap();
    sink.open_series(SeriesSpec::with_shape("pre->post/weights", "", &[2, 3])).unwrap();
    sink.open_events(EventsSpec::new("pre.spikes", 10, 0.001)).unwrap();
    sink.set_meta(&[("seed", Value::from(7))]).unwrap();
    for b in 0..blocks {
        let times: Vec<f64> = (0..50).map(|i| (b * 50 + i) as f64 * 0.001).collect();
        let two: Vec<f64> = times.iter().flat_map(|t| [(t * 7.0).sin(), 1e-9 / (t + 0.3)]).collect();
        let six: Vec<f64> = times.iter().flat_map(|t| (0..6).map(move |k| t * f64::from(k) / 3.0)).collect();
        sink.append_series("out", &times, &two).unwrap();
        sink.append_series("pre->post/weights", &times, &six).unwrap();
        let steps: Vec<u64> = (0..20).map(|i| (b * 50 + i) as u64).collect();
        let neuron: Vec<u32> = (0..20).map(|i| (i * 3 % 10) as u32).collect();
        sink.append_events("pre.spikes", &steps, &neuron).unwrap();
    }
}

fn in_memory(blocks: usize) -> Recording {
    let mut sink = MemorySink::new();
    feed(&mut sink, blocks);
    sink.finish().unwrap();
    sink.into_recording()
}

#[test]
fn npz_round_trip() {
    let at = folder("npz");
    let mut sink = FolderSink::create(&at, FolderOptions::default()).unwrap();
    feed(&mut sink, 3);
    sink.finish().unwrap();
    sink.finish().unwrap();
    assert!(sink.append_series("out", &[], &[]).is_err());
    assert_eq!(read_recording(&at).unwrap(), in_memory(3));
    assert_eq!(read_recording(at.join("recording.npz")).unwrap(), in_memory(3));
    let npz = read_npz(at.join("recording.npz")).unwrap();
    assert_eq!(npz.arrays["pre->post/weights"].shape, [150, 2, 3]);
    assert_eq!(npz.arrays["out.time"].shape, [150]);
    assert_eq!(npz.arrays["pre.spikes.step"].shape, [60]);
    let names: Vec<&str> = npz.arrays.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "out",
            "out.time",
            "pre->post/weights",
            "pre->post/weights.time",
            "pre.spikes.neuron",
            "pre.spikes.step"
        ]
    );
    assert!(!at.join("parts").exists());
    assert!(FolderSink::create(&at, FolderOptions::default()).is_err(), "a recording is never overwritten");
}

#[test]
fn csv_keeps_values_exactly_and_times_to_twelve_digits() {
    let at = folder("csv");
    let mut sink = FolderSink::create(&at, FolderOptions { npz: false, csv: true }).unwrap();
    feed(&mut sink, 2);
    sink.finish().unwrap();
    let recording = in_memory(2);
    let out = recording.series("out").unwrap();
    let table = read_csv_table(at.join("out.csv")).unwrap();
    assert_eq!(table.header.as_ref().unwrap(), &["time_s", "out[0] (V)", "out[1] (V)"]);
    let close = |a: &[f64], b: &[f64]| {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 5e-12 * b.abs())
    };
    assert!(close(&table.column(0), &out.times));
    assert_eq!(table.column(0)[9], 0.009);
    assert_eq!(table.column(1), out.column(0));
    assert_eq!(table.column(2), out.column(1));
    let spikes = read_csv_table(at.join("pre.spikes.csv")).unwrap();
    assert_eq!(spikes.header.as_ref().unwrap(), &["time_s", "step", "neuron"]);
    assert!(close(&spikes.column(0), &recording.events("pre.spikes").unwrap().times()));
    let weights = read_csv_table(at.join("pre-_post_weights.csv")).unwrap();
    assert_eq!(weights.header.unwrap()[6], "pre->post/weights[1,2]");
    assert!(read_recording(&at).unwrap_err().to_string().contains("CSV only"));
}

#[test]
fn a_run_that_was_killed_stays_readable() {
    let at = folder("killed");
    let mut sink = FolderSink::create(&at, FolderOptions::default()).unwrap();
    feed(&mut sink, 2);
    drop(sink); // no finish
    assert!(!at.join("recording.npz").exists());
    assert_eq!(read_csv_table(at.join("out.csv")).unwrap().rows, 100);
    assert_eq!(read_npy(at.join("parts/out.values.npy")).unwrap().shape, [100, 2]);
    assert_eq!(read_recording(&at).unwrap(), in_memory(2));
    assert!(fs::read_to_string(at.join("manifest.json")).unwrap().contains("\"complete\": false"));
    // Half a block at the end of a file, as a power cut leaves it, is not part of the recording.
    let part = at.join("parts/out.values.npy");
    let mut bytes = fs::read(&part).unwrap();
    bytes.extend_from_slice(&[1; 100]);
    fs::write(&part, bytes).unwrap();
    assert_eq!(read_recording(&at).unwrap(), in_memory(2));
}

#[test]
fn what_a_killed_run_was_about_to_make_is_its_own() {
    let at = folder("opening");
    let mut sink = FolderSink::create(&at, FolderOptions::default()).unwrap();
    sink.open_series(SeriesSpec::new("out", "V", 2)).unwrap();
    drop(sink);
    // As a kill leaves it that comes between a file and the entry of its probe; and somebody's own files.
    let text = fs::read_to_string(at.join("manifest.json")).unwrap();
    assert!(!text.contains("opening"));
    let text = text.replacen('{', "{ \"opening\": [\"next.csv\"],", 1);
    fs::write(at.join("manifest.json"), text).unwrap();
    ["next.csv", "mine.csv"].iter().for_each(|name| fs::write(at.join(name), "time_s").unwrap());
    assert!(remove_recording(&at).unwrap());
    let left: Vec<_> = fs::read_dir(&at).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left, ["mine.csv"]);
    // A file that is there is refused, and survives that the recording is given up.
    let mut sink = FolderSink::create(&at, FolderOptions::default()).unwrap();
    let e = sink.open_series(SeriesSpec::new("mine", "V", 2)).unwrap_err().to_string();
    assert!(e.contains("mine.csv") && e.contains("no part of a recording"), "{e}");
    sink.discard();
    assert_eq!(fs::read_to_string(at.join("mine.csv")).unwrap(), "time_s");
}

#[test]
fn mistakes_are_errors_that_name_the_probe() {
    let at = folder("mistakes");
    let folder_sink = FolderSink::create(&at, FolderOptions::default()).unwrap();
    let sinks: [Box<dyn Sink>; 2] = [Box::new(MemorySink::new()), Box::new(folder_sink)];
    for mut sink in sinks {
        let mut fails = |f: &mut dyn FnMut(&mut dyn Sink) -> bouton_io::Result<()>, part: &str| {
            let message = f(sink.as_mut()).unwrap_err().to_string();
            assert!(message.contains(part), "{message:?} does not contain {part:?}");
        };
        fails(&mut |s| s.append_series("x", &[], &[]), "`x` was not opened");
        fails(&mut |s| s.open_series(SeriesSpec::new("", "", 1)), "needs a name");
        fails(&mut |s| s.open_series(SeriesSpec::new("../x", "", 1)), "../x");
        fails(&mut |s| s.open_series(SeriesSpec::new("a\nb", "", 1)), "control");
        let mut wrong = SeriesSpec::new("w", "", 2);
        wrong.columns.pop();
        fails(&mut |s| s.open_series(wrong.clone()), "1 column labels");
        sink.open_series(SeriesSpec::new("a", "", 2)).unwrap();
        sink.open_series(SeriesSpec::new("A", "", 2)).unwrap(); // another probe, another file
        sink.open_events(EventsSpec::new("s", 3, 0.001)).unwrap();
        let mut fails = |f: &mut dyn FnMut(&mut dyn Sink) -> bouton_io::Result<()>, part: &str| {
            let message = f(sink.as_mut()).unwrap_err().to_string();
            assert!(message.contains(part), "{message:?} does not contain {part:?}");
        };
        fails(&mut |s| s.open_series(SeriesSpec::new("a", "", 2)), "collides");
        fails(&mut |s| s.open_series(SeriesSpec::new("a.time", "", 2)), "collides with the probe `a`");
        fails(&mut |s| s.append_series("a", &[0.0], &[1.0]), "1 values for 1 samples of 2");
        fails(&mut |s| s.append_events("s", &[1], &[3]), "neuron 3 of 3");
        fails(&mut |s| s.append_events("s", &[1], &[]), "1 steps for 0 neurons");
    }
}

#[test]
fn damaged_manifests_are_errors() {
    let at = folder("damaged");
    let mut sink = FolderSink::create(&at, FolderOptions::default()).unwrap();
    feed(&mut sink, 1);
    drop(sink);
    let good = fs::read_to_string(at.join("manifest.json")).unwrap();
    for (from, to) in [
        ("bouton-recording", "other"),
        ("\"version\": 1", "\"version\": 99"),
        ("\"n_neurons\": 10", "\"n_neurons\": -1"),
        ("\"n_neurons\": 10", "\"n_neurons\": 2"),
        ("\"part\": \"out\"", "\"part\": \"../out\""),
        ("\"part\": \"out\"", "\"part\": \"none\""),
        ("{", "["),
    ] {
        assert!(good.contains(from));
        fs::write(at.join("manifest.json"), good.replace(from, to)).unwrap();
        read_recording(&at).unwrap_err();
    }
    assert!(read_recording(at.join("nowhere")).unwrap_err().to_string().contains("nowhere"));
}

/// All of a recording, read in pieces of `count`.
fn in_pieces(at: &std::path::Path, count: usize) -> (Recording, usize) {
    let mut r = RecordingReader::open(at).unwrap();
    let mut out = read_recording(at).unwrap();
    for s in &mut out.series {
        (s.times, s.values) = (vec![], vec![]);
        loop {
            let (times, values) = r.next_series(&s.name, count).unwrap().unwrap();
            if times.is_empty() {
                break;
            }
            s.times.extend(times);
            s.values.extend(values);
        }
        assert_eq!(s.times.len(), s.rows);
    }
    for e in &mut out.events {
        (e.steps, e.neuron) = (vec![], vec![]);
        loop {
            let (steps, neuron) = r.next_events(&e.name, count).unwrap().unwrap();
            if steps.is_empty() {
                break;
            }
            e.steps.extend(steps);
            e.neuron.extend(neuron);
        }
    }
    assert_eq!(r.next_series("none", 1).unwrap(), None);
    (out, r.most_bytes())
}

#[test]
fn a_recording_is_read_in_pieces_of_bounded_size() {
    for finished in [false, true] {
        let at = folder("pieces");
        let mut sink =
            FolderSink::create(&at, FolderOptions { csv: false, ..FolderOptions::default() }).unwrap();
        feed(&mut sink, 40);
        if finished {
            sink.finish().unwrap();
        }
        for count in [1, 7, 100, 1_000_000] {
            let (found, most) = in_pieces(&at, count);
            assert!(found.series == in_memory(40).series && found.events == in_memory(40).events, "{count}");
            // The widest has six numbers and a time a row; 2000 rows were recorded.
            assert_eq!(most, count.min(2000) * 7 * 8);
        }
        let r = RecordingReader::open(&at).unwrap();
        assert_eq!(
            r.series().map(|(s, rows)| (s.name.as_str(), rows)).collect::<Vec<_>>(),
            [("out", 2000), ("pre->post/weights", 2000)]
        );
        assert_eq!(r.events().map(|(e, count)| (e.n_neurons, count)).collect::<Vec<_>>(), [(10, 800)]);
        assert_eq!(r.last_step(0.001).unwrap(), 1999);
    }
}

#[test]
fn what_can_not_be_read_in_pieces_is_named() {
    let at = folder("bad-pieces");
    let e = RecordingReader::open(&at).unwrap_err().to_string();
    assert!(e.contains("manifest.json"), "{e}");
    let mut sink = FolderSink::create(&at, FolderOptions { csv: false, ..FolderOptions::default() }).unwrap();
    feed(&mut sink, 2);
    drop(sink);
    let part = at.join("parts/out.values.npy");
    let bytes = fs::read(&part).unwrap();
    fs::write(&part, &bytes[..bytes.len() - 1]).unwrap();
    let e = RecordingReader::open(&at).unwrap_err().to_string();
    assert!(e.contains("out.values.npy") && e.contains("cut off"), "{e}");
    let mut other = bytes.clone();
    let at_type = bytes.windows(3).position(|w| w == b"<f8").unwrap();
    other[at_type + 1] = b'i';
    fs::write(&part, other).unwrap();
    let e = RecordingReader::open(&at).unwrap_err().to_string();
    assert!(e.contains("out.values.npy") && e.contains("<f8"), "{e}");
    fs::write(&part, bytes).unwrap();
    let mut reader = RecordingReader::open(&at).unwrap();
    fs::remove_file(&part).unwrap();
    let e = reader.next_series("out", 3).unwrap_err().to_string();
    assert!(e.contains("out.values.npy"), "{e}");
}
