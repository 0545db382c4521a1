//! A sink that keeps everything in memory.

use super::*;

/// Keeps a whole recording in memory, for short runs, tests and notebooks.
#[derive(Debug, Default)]
pub struct MemorySink {
    recording: Recording,
    names: Names,
    finished: bool,
}

impl MemorySink {
    /// An empty recording.
    pub fn new() -> Self {
        Self::default()
    }

    /// What was recorded so far.
    pub fn recording(&self) -> &Recording {
        &self.recording
    }

    /// The recording itself.
    pub fn into_recording(self) -> Recording {
        self.recording
    }

    fn open(&self) -> Result<()> {
        if self.finished { Err(finished()) } else { Ok(()) }
    }
}

impl Sink for MemorySink {
    fn open_series(&mut self, spec: SeriesSpec) -> Result<()> {
        self.open()?;
        spec.check()?;
        self.names.take(&spec.name, &series_arrays(&spec.name))?;
        self.recording.series.push(Series::new(spec));
        Ok(())
    }

    fn open_events(&mut self, spec: EventsSpec) -> Result<()> {
        self.open()?;
        self.names.take(&spec.name, &events_arrays(&spec.name))?;
        self.recording.events.push(Events::new(spec));
        Ok(())
    }

    fn append_series(&mut self, name: &str, times: &[f64], values: &[f64]) -> Result<()> {
        self.open()?;
        let series = self.recording.series.iter_mut().find(|s| s.name == name);
        let series = series.ok_or_else(|| unknown("series", name))?;
        check_series_block(name, series.width, times, values)?;
        series.times.extend_from_slice(times);
        series.values.extend_from_slice(values);
        series.rows += times.len();
        Ok(())
    }

    fn append_events(&mut self, name: &str, steps: &[u64], neuron: &[u32]) -> Result<()> {
        self.open()?;
        let events = self.recording.events.iter_mut().find(|s| s.name == name);
        let events = events.ok_or_else(|| unknown("events", name))?;
        check_events_block(name, events.n_neurons, steps, neuron)?;
        events.steps.extend_from_slice(steps);
        events.neuron.extend_from_slice(neuron);
        Ok(())
    }

    fn set_meta(&mut self, entries: &[(&str, Value)]) -> Result<()> {
        self.open()?;
        self.recording.meta.extend(entries.iter().map(|(k, v)| ((*k).to_owned(), v.clone())));
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        self.finished = true;
        Ok(())
    }
}
