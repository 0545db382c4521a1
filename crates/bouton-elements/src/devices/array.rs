//! The devices of one connection: what is asked for, what was drawn, and the weights that they make.

use bouton_kernels::Level;
use bouton_random::{Purpose, Stream};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Device, DeviceBank, DeviceDraw};
use crate::mappings::{Mapping, Side};
use crate::neurons::check_number;
use crate::policies::Pulses;

/// How the gain of a device connection is found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Gain {
    /// This number: weight = gain × normalised conductance (difference).
    Fixed(#[schemars(extend("exclusiveMinimum" = 0))] f64),
    /// From the weights that the model needs.
    Auto(AutoGain),
}

/// The gain at which a given number of pulses from the start makes a weight of the size that the model needs:
/// gain = rms|w| / Δg(pulses), w the weights that a solver would put in the connection's place, for its function, or the
/// value itself where it has none; Δg of a device without spread, from its start.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AutoGain {
    /// Pulses for one rms weight. Fewer are coarser and reach further. 100 unless a gain is given.
    #[serde(rename = "auto_pulses")]
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub pulses: f64,
}

impl Default for Gain {
    fn default() -> Gain {
        Gain::Auto(AutoGain { pulses: 100.0 })
    }
}

/// What the conductance is measured by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Bounds {
    /// g = (1/R − 1/R1)/(1/R0 − 1/R1) with the nominal bounds of the device type: what hardware can know.
    #[default]
    Nominal,
    /// The same with each device's own bounds, as in the published rule: perfect knowledge of every device.
    Own,
    /// g = 1/R in siemens, as it is.
    Raw,
}

/// Whether the two devices of a synapse share their parameters' spread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SpreadOf {
    /// Every device has its own.
    #[default]
    Device,
    /// R0, R1 and c are drawn once a synapse; only the starting resistances differ. As published.
    Synapse,
}

/// The devices that a connection's weights are made of.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DeviceSpec {
    /// The device type and its parameters.
    pub device: Device,
    /// The devices of a synapse.
    pub mapping: Mapping,
    /// Weight per normalised conductance.
    pub gain: Gain,
    /// What the conductance is measured by.
    pub bounds: Bounds,
    /// Relative spread of the device parameters: standard deviation / mean (0.15 is the published one). Every parameter
    /// and the start are normal, cut off where a device would make no sense, so that a large spread comes out smaller.
    #[schemars(range(min = 0, max = 1))]
    pub spread: f64,
    /// Whether the devices of a synapse share their spread.
    pub spread_of: SpreadOf,
    /// Seed of the draws; the connection's own when left out. Devices also hang on the connection's name and on the number
    /// of its columns, and on nothing else.
    pub seed: Option<u32>,
}

impl DeviceSpec {
    /// Refuses parameters that make no sense.
    pub fn check(&self) -> Result<(), String> {
        self.device.model().check()?;
        check_number("spread", self.spread, 0.0, false)?;
        if self.spread > 1.0 {
            return Err(format!(
                "`spread` must be at most 1 (it is a share of the mean), found {}",
                self.spread
            ));
        }
        match &self.gain {
            Gain::Fixed(g) => check_number("gain", *g, 0.0, true),
            Gain::Auto(a) => check_number("auto_pulses", a.pulses, 0.0, true),
        }
    }

    /// Normalised conductance of a device without spread at a resistance (Ω).
    pub fn normalised(&self, resistance: f64) -> f64 {
        let d = self.device.model().nominal();
        let (offset, scale) = measure(self.bounds, &d, &d);
        (1.0 / resistance - offset) * scale
    }

    /// Change of the normalised conductance of a device without spread after `pulses` pulses from the start.
    pub fn reach(&self, pulses: f64) -> f64 {
        let m = self.device.model();
        let d = m.nominal();
        let start = m.count_at(&d, d.initial);
        self.normalised(m.resistance_at(&d, start + pulses)) - self.normalised(d.initial)
    }
}

/// Offset (S) and scale (1/S) that make a conductance a normalised one.
fn measure(bounds: Bounds, own: &DeviceDraw, nominal: &DeviceDraw) -> (f64, f64) {
    let of = |d: &DeviceDraw| (1.0 / d.r_max, 1.0 / (1.0 / d.r_min - 1.0 / d.r_max));
    match bounds {
        Bounds::Nominal => of(nominal),
        Bounds::Own => of(own),
        Bounds::Raw => (0.0, 1.0),
    }
}

/// The devices of one connection while it runs.
///
/// Arrays are over synapses, row-major (post × pre). `banks` are the state; the weights are a function of it.
#[derive(Clone, Debug)]
pub struct DeviceArray {
    pub(super) device: Device,
    pub(super) rows: usize,
    pub(super) cols: usize,
    pub(super) gain: f64,
    pub(super) sides: Vec<Side>,
    pub(super) banks: Vec<DeviceBank>,
    /// Offset (S) and scale (1/S) of each device's conductance, by bank.
    pub(super) measures: Vec<(Vec<f64>, Vec<f64>)>,
    total: u64,
}

impl DeviceArray {
    /// Draws the devices of a `rows` × `cols` connection.
    ///
    /// `gain` is the resolved gain, `seed` and `object` name the random streams: device (i, j) is the same whatever else
    /// the model holds.
    pub fn new(
        spec: &DeviceSpec,
        gain: f64,
        rows: usize,
        cols: usize,
        seed: u64,
        object: u64,
    ) -> DeviceArray {
        let m = spec.device.model();
        let nominal = m.nominal();
        let sides = spec.mapping.model().sides().to_vec();
        let size = rows * cols;
        let (mut banks, mut measures) = (vec![], vec![]);
        for side in &sides {
            let shared = spec.spread_of == SpreadOf::Synapse;
            let name = if shared || *side == Side::Plus { "device.plus" } else { "device.minus" };
            let start = if *side == Side::Plus { "device.plus.initial" } else { "device.minus.initial" };
            let parameters = Stream::new(seed, object, Purpose::named(name), 0);
            let initial = Stream::new(seed, object, Purpose::named(start), 0);
            let mut bank = DeviceBank::default();
            let (mut offsets, mut scales) = (Vec::with_capacity(size), Vec::with_capacity(size));
            for k in 0..size {
                let d = m.draw(spec.spread, k as u64, &parameters, &initial);
                let (offset, scale) = measure(spec.bounds, &d, &nominal);
                offsets.push(offset);
                scales.push(scale);
                bank.r_min.push(d.r_min);
                bank.r_range.push(m.range(&d));
                bank.shape.push(d.shape);
                bank.least.push(m.count_at(&d, d.r_max));
                let count = m.count_at(&d, d.initial);
                bank.count.push(count);
                bank.conductance.push(1.0 / m.resistance_at(&d, count));
                bank.pulses.push(0);
            }
            banks.push(bank);
            measures.push((offsets, scales));
        }
        DeviceArray { device: spec.device.clone(), rows, cols, gain, sides, banks, measures, total: 0 }
    }

    /// Rows (post) and columns (pre).
    pub fn shape(&self) -> (usize, usize) {
        (self.rows, self.cols)
    }

    /// Weight per normalised conductance.
    pub fn gain(&self) -> f64 {
        self.gain
    }

    /// Changes the gain; the weights of the same devices change with it.
    pub fn set_gain(&mut self, gain: f64) {
        self.gain = gain;
    }

    /// Pulses given to all devices since the start.
    pub fn pulses(&self) -> u64 {
        self.total
    }

    /// Devices that a pulse doesn't move: so far along their law that one pulse more is lost in rounding, as with
    /// exponents near zero, which a large spread draws.
    pub fn dead(&self) -> usize {
        self.banks.iter().flat_map(|b| &b.count).filter(|n| **n + 1.0 == **n).count()
    }

    /// The sides of the mapping, one a bank.
    pub fn sides(&self) -> &[Side] {
        &self.sides
    }

    /// The devices, one bank a side of the mapping.
    pub fn banks(&self) -> &[DeviceBank] {
        &self.banks
    }

    pub(super) fn g(&self, bank: usize, k: usize) -> f64 {
        let (offset, scale) = &self.measures[bank];
        (self.banks[bank].conductance[k] - offset[k]) * scale[k]
    }

    /// The weight of synapse `k` (row-major).
    pub fn weight(&self, k: usize) -> f64 {
        match *self.sides {
            [Side::Plus, Side::Minus] => self.gain * (self.g(0, k) - self.g(1, k)),
            [Side::Minus] => -self.gain * self.g(0, k),
            _ => self.gain * self.g(0, k),
        }
    }

    /// All weights, row-major.
    pub fn weights(&self) -> Vec<f64> {
        (0..self.rows * self.cols).map(|k| self.weight(k)).collect()
    }

    /// Gives one step's pulses, and hands each new weight to `changed(k, weight)`.
    pub fn pulse(&mut self, level: Level, pulses: &Pulses, mut changed: impl FnMut(usize, f64)) {
        if pulses.columns.is_empty() {
            return;
        }
        for (row, sign) in pulses.rows.iter().enumerate() {
            self.pulse_row(level, row, *sign, pulses, &mut changed);
        }
    }

    /// [`pulse`](DeviceArray::pulse), without the synapses that are marked in `frozen` (row-major).
    pub fn pulse_unless(
        &mut self,
        level: Level,
        pulses: &Pulses,
        frozen: &[bool],
        mut changed: impl FnMut(usize, f64),
    ) {
        let mut left = Pulses::default();
        for (row, sign) in pulses.rows.iter().enumerate() {
            let frozen = &frozen[row * self.cols..][..self.cols];
            left.open(self.cols, pulses.columns.iter().copied().filter(|c| !frozen[*c as usize]));
            self.pulse_row(level, row, *sign, &left, &mut changed);
        }
    }

    /// One row's pulses on the open columns.
    fn pulse_row(
        &mut self,
        level: Level,
        row: usize,
        sign: i8,
        pulses: &Pulses,
        changed: &mut impl FnMut(usize, f64),
    ) {
        let side = match sign {
            1 => Side::Plus,
            -1 => Side::Minus,
            _ => return,
        };
        let Some(bank) = self.sides.iter().position(|s| *s == side) else { return };
        let start = row * self.cols;
        let b = &mut self.banks[bank];
        self.device.model().pulse(level, b, start, pulses);
        let counters = &mut b.pulses[start..start + self.cols];
        for &c in &pulses.columns {
            counters[c as usize] += 1;
        }
        self.total += pulses.columns.len() as u64;
        self.row_weights(start, &pulses.columns, changed);
    }

    /// Hands the weights of some columns of the row that begins at `start` to `changed`: [`weight`](Self::weight) of each,
    /// with the choice of the mapping and the bounds of the arrays taken out of the loop.
    fn row_weights(&self, start: usize, columns: &[u32], changed: &mut impl FnMut(usize, f64)) {
        let row = start..start + self.cols;
        let ([Side::Plus, Side::Minus], [plus, minus], [mp, mm]) =
            (&self.sides[..], &self.banks[..], &self.measures[..])
        else {
            columns.iter().for_each(|c| changed(start + *c as usize, self.weight(start + *c as usize)));
            return;
        };
        let (gp, op, sp) = (&plus.conductance[row.clone()], &mp.0[row.clone()], &mp.1[row.clone()]);
        let (gm, om, sm) = (&minus.conductance[row.clone()], &mm.0[row.clone()], &mm.1[row]);
        for &c in columns {
            let i = c as usize;
            let w = self.gain * ((gp[i] - op[i]) * sp[i] - (gm[i] - om[i]) * sm[i]);
            changed(start + i, w);
        }
    }

    /// Highest normalised conductance of a device.
    pub(super) fn most(&self, bank: usize, k: usize) -> f64 {
        let (offset, scale) = &self.measures[bank];
        (1.0 / self.banks[bank].r_min[k] - offset[k]) * scale[k]
    }

    /// Lowest normalised conductance of a device.
    pub(super) fn least(&self, bank: usize, k: usize) -> f64 {
        let b = &self.banks[bank];
        let (offset, scale) = &self.measures[bank];
        (1.0 / (b.r_min[k] + b.r_range[k] * libm::pow(b.least[k], b.shape[k])) - offset[k]) * scale[k]
    }

    /// Lowest and highest weight that synapse `k` can be set to.
    pub fn range(&self, k: usize) -> (f64, f64) {
        match *self.sides {
            [Side::Plus, Side::Minus] => (
                self.gain * (self.least(0, k) - self.most(1, k)),
                self.gain * (self.most(0, k) - self.least(1, k)),
            ),
            [Side::Minus] => (-self.gain * self.most(0, k), -self.gain * self.least(0, k)),
            _ => (self.gain * self.least(0, k), self.gain * self.most(0, k)),
        }
    }

    /// Lowest and highest weight that synapse `k` comes to when `pulses` more pulses, from its present state, all go to
    /// one side.
    pub fn reach(&self, k: usize, pulses: f64) -> (f64, f64) {
        let m = self.device.model();
        let after = |bank: usize| {
            let b = &self.banks[bank];
            let (offset, scale) = &self.measures[bank];
            let d = DeviceDraw { r_min: b.r_min[k], r_max: b.r_range[k], shape: b.shape[k], initial: 0.0 };
            (1.0 / m.resistance_at(&d, b.count[k] + pulses) - offset[k]) * scale[k]
        };
        match *self.sides {
            [Side::Plus, Side::Minus] => {
                (self.gain * (self.g(0, k) - after(1)), self.gain * (after(0) - self.g(1, k)))
            }
            [Side::Minus] => (-self.gain * after(0), self.weight(k)),
            _ => (self.weight(k), self.gain * after(0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mappings::{Sign, Single};

    fn spec(spread: f64) -> DeviceSpec {
        DeviceSpec { spread, gain: Gain::Fixed(1e4), ..DeviceSpec::default() }
    }

    #[test]
    fn published_table_of_pulses() {
        // Table of the reference: 1e4·Δg after k pulses from 1e8 Ω, and g(1e8 Ω) = 1.13e-6.
        let s = spec(0.0);
        for (k, dg) in [
            (1.0, 9.7e-6),
            (10.0, 9.6e-5),
            (100.0, 8.6e-4),
            (1000.0, 4.8e-3),
            (5000.0, 1.04e-2),
            (10_000.0, 1.35e-2),
        ] {
            let got = 1e4 * s.reach(k);
            assert!((got - dg).abs() < 0.006 * dg, "{k} pulses: {got}, published {dg}");
        }
        assert!((s.normalised(1e8) - 1.13e-6).abs() < 0.005e-6);
    }

    #[test]
    fn pulses_are_those_of_the_direct_method() {
        // R ← R0 + R1·(((R − R0)/R1)^(1/c) + 1)^c, step by step on the resistance, for devices with spread.
        let s = DeviceSpec { bounds: Bounds::Own, ..spec(0.15) };
        let mut a = DeviceArray::new(&s, 1e4, 3, 5, 1, 2);
        let mut pulses = Pulses { rows: vec![1, -1, 0], ..Pulses::default() };
        pulses.open(5, [0, 2, 3]);
        let mut r: Vec<f64> = a.banks()[0].conductance.iter().map(|g| 1.0 / g).collect();
        for _ in 0..500 {
            a.pulse(Level::detect(), &pulses, |_, _| {});
            for c in [0, 2, 3] {
                let b = &a.banks()[0];
                let n = ((r[c] - b.r_min[c]) / b.r_range[c]).powf(1.0 / b.shape[c]);
                r[c] = b.r_min[c] + b.r_range[c] * (n + 1.0).powf(b.shape[c]);
            }
        }
        for (c, r) in r.iter().enumerate().take(5) {
            let b = &a.banks()[0];
            assert!((1.0 / b.conductance[c] - r).abs() < 1e-9 * r, "device {c}");
            assert_eq!(b.pulses[c], if [0, 2, 3].contains(&c) { 500 } else { 0 });
            assert_eq!(
                a.banks()[1].pulses[5 + c],
                b.pulses[c],
                "the second row goes down by its minus devices"
            );
        }
        assert_eq!(a.pulses(), 3000);
        assert!(a.banks()[0].shape.iter().all(|c| *c < 0.0));
    }

    #[test]
    fn reach_is_where_pulses_lead() {
        for mapping in [Mapping::default(), Mapping::Single(Single { sign: Sign::Inhibitory })] {
            let single = mapping != Mapping::default();
            let mut a = DeviceArray::new(&DeviceSpec { mapping, ..spec(0.15) }, 1e4, 2, 3, 1, 2);
            let (up, down) = (a.reach(1, 50.0), a.reach(5, 50.0));
            let start = a.weight(1);
            for _ in 0..50 {
                let mut pulses = Pulses { rows: vec![1, -1], ..Pulses::default() };
                pulses.open(a.shape().1, [1, 2]);
                a.pulse(Level::detect(), &pulses, |_, _| {});
            }
            // A single inhibitory device has no way up.
            let top = if single { start } else { up.1 };
            assert!((a.weight(1) - top).abs() < 1e-9 * top.abs(), "{} {up:?}", a.weight(1));
            assert!((a.weight(5) - down.0).abs() < 1e-9 * down.0.abs(), "{} {down:?}", a.weight(5));
            assert_eq!(up.1 == start, single);
        }
    }

    #[test]
    fn spread_is_shared_or_not() {
        let own = DeviceArray::new(&spec(0.15), 1.0, 20, 20, 1, 2);
        assert_ne!(own.banks()[0].r_min, own.banks()[1].r_min);
        let shared =
            DeviceArray::new(&DeviceSpec { spread_of: SpreadOf::Synapse, ..spec(0.15) }, 1.0, 20, 20, 1, 2);
        assert_eq!(shared.banks()[0].r_min, shared.banks()[1].r_min);
        assert_ne!(shared.banks()[0].count, shared.banks()[1].count);
        let mean = own.banks()[0].r_min.iter().sum::<f64>() / 400.0;
        let sd = (own.banks()[0].r_min.iter().map(|r| (r - mean).powi(2)).sum::<f64>() / 400.0).sqrt();
        assert!((mean - 200.0).abs() < 6.0 && (sd - 30.0).abs() < 4.0, "mean {mean}, sd {sd}");
    }

    #[test]
    fn an_ideal_write_is_read_back_and_the_unreachable_is_refused() {
        let mut a = DeviceArray::new(&spec(0.15), 1e4, 2, 2, 3, 4);
        let before = a.clone();
        let same = a.weights();
        a.set_weights(&same).unwrap();
        assert_eq!(a.banks(), before.banks(), "an edit that changes nothing changed the devices");
        let mut w = same.clone();
        w[0] += 3e-3;
        w[3] -= 5e-3;
        a.set_weights(&w).unwrap();
        for (x, y) in a.weights().iter().zip(&w) {
            assert!((x - y).abs() < 1e-12, "{x} is not {y}");
        }
        assert!(a.banks()[0].count[0] > before.banks()[0].count[0], "the plus device did not rise");
        assert_eq!(a.banks()[1].count[0], before.banks()[1].count[0], "the minus device moved");
        // However often: every weight in the range can be written again.
        let (low, high) = a.range(2);
        for k in 0..20 {
            let x = if k % 2 == 0 { 0.99 * high } else { 0.99 * low };
            a.set_weights(&[w[0], w[1], x, w[3]]).unwrap();
            assert!((a.weight(2) - x).abs() < 1e-9 * x.abs(), "{} is not {x}", a.weight(2));
        }
        assert_eq!(a.range(2), (low, high), "the range hangs on what was written");
        let kept = a.clone();
        let e = a.set_weights(&[w[0], w[1], 2e4, w[3]]).unwrap_err();
        assert_eq!(e.at, (1, 0));
        assert!(e.range.1 < 2e4 && e.range.0 < 0.0);
        assert_eq!(a.banks(), kept.banks(), "a refused write changed something");

        let single = DeviceSpec {
            mapping: Mapping::Single(Single { sign: crate::mappings::Sign::Inhibitory }),
            ..spec(0.0)
        };
        let mut s = DeviceArray::new(&single, 1e4, 1, 1, 0, 0);
        assert!(s.weight(0) < 0.0);
        let mut up = Pulses { rows: vec![1], ..Pulses::default() };
        up.open(1, [0]);
        s.pulse(Level::detect(), &up, |_, _| panic!("an inhibitory device can't raise its weight"));
        assert!(s.set_weights(&[1.0]).is_err());
    }
}
