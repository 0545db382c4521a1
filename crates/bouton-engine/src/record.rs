//! What probes have recorded.

/// The samples of a probe: one row a sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Samples {
    /// Numbers in a row.
    pub width: usize,
    /// All rows, one behind the other.
    pub values: Vec<f64>,
    /// The step at whose end each row was taken (the first step is 1).
    pub steps: Vec<u64>,
}

impl Samples {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.steps.len()
    }
    /// A row.
    pub fn row(&self, k: usize) -> &[f64] {
        &self.values[k * self.width..(k + 1) * self.width]
    }
    /// A column.
    pub fn column(&self, k: usize) -> Vec<f64> {
        self.values.iter().skip(k).step_by(self.width.max(1)).copied().collect()
    }
}

/// One spike in a recording.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Event {
    /// Row of the recording.
    pub(crate) row: u32,
    /// Neuron.
    pub(crate) neuron: u32,
    /// Height: amplitude/dt, or a multiple of it.
    pub(crate) height: f64,
}

/// The store of one probe. Spikes are kept as events.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    pub(crate) width: usize,
    pub(crate) events: Option<Vec<Event>>,
    pub(crate) values: Vec<f64>,
    pub(crate) steps: Vec<u64>,
}

impl Store {
    pub(crate) fn new(width: usize, as_events: bool) -> Store {
        Store { width, events: as_events.then(Vec::new), values: vec![], steps: vec![] }
    }

    pub(crate) fn push(&mut self, step: u64, row: impl Iterator<Item = f64>) {
        let k = self.steps.len() as u32;
        self.steps.push(step);
        match &mut self.events {
            None => self.values.extend(row),
            Some(events) => {
                events.extend((0u32..).zip(row).filter(|(_, h)| *h != 0.0).map(|(neuron, height)| Event {
                    row: k,
                    neuron,
                    height,
                }))
            }
        }
    }

    pub(crate) fn samples(&self) -> Samples {
        let values = match &self.events {
            None => self.values.clone(),
            Some(events) => {
                let mut v = vec![0.0; self.width * self.steps.len()];
                for e in events {
                    v[e.row as usize * self.width + e.neuron as usize] = e.height;
                }
                v
            }
        };
        Samples { width: self.width, values, steps: self.steps.clone() }
    }

    pub(crate) fn clear(&mut self) {
        self.values.clear();
        self.steps.clear();
        if let Some(e) = &mut self.events {
            e.clear();
        }
    }
}
