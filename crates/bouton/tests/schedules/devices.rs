//! Pairs of power-law devices, from their equations: R(n) = r0 + r1·n^c; w = gain·(g⁺ − g⁻), g = (1/R − 1/r1)/(1/r0 − 1/r1)
//! with the bounds of the device type or with each device's own.

/// One device: what was drawn, and the number of pulses that leads to its resistance.
#[derive(Clone, Debug)]
pub struct Device {
    pub r0: f64,
    pub r1: f64,
    pub c: f64,
    /// Pulses, as a real number.
    pub n: f64,
    /// Pulses that it was given.
    pub given: u32,
    /// Bounds that its conductance is measured by.
    pub bounds: (f64, f64),
}

impl Device {
    pub fn conductance(&self) -> f64 {
        1.0 / (self.r0 + self.r1 * self.n.powf(self.c))
    }

    fn count(&self, resistance: f64) -> f64 {
        ((resistance - self.r0) / self.r1).powf(1.0 / self.c)
    }

    /// The normalised conductance of a conductance, and back.
    fn normal(&self, conductance: f64) -> f64 {
        let (low, high) = self.bounds;
        (conductance - 1.0 / high) / (1.0 / low - 1.0 / high)
    }
    fn siemens(&self, normal: f64) -> f64 {
        let (low, high) = self.bounds;
        1.0 / high + normal * (1.0 / low - 1.0 / high)
    }

    pub fn g(&self) -> f64 {
        self.normal(self.conductance())
    }

    fn pulse(&mut self) {
        // A device never has a higher resistance than r1, whatever its spread has made of its start.
        self.n = self.n.max(self.count(self.r1)) + 1.0;
        self.given += 1;
    }

    fn set_g(&mut self, normal: f64) {
        self.n = self.count(1.0 / self.siemens(normal)).min(1e300);
    }

    pub fn set_conductance(&mut self, siemens: f64) {
        self.n = self.count((1.0 / siemens).clamp(self.r0 * (1.0 + 1e-12), self.r1));
    }
}

/// The devices of a connection, row-major.
#[derive(Clone, Debug)]
pub struct Pairs {
    pub gain: f64,
    pub plus: Vec<Device>,
    pub minus: Vec<Device>,
}

impl Pairs {
    pub fn weight(&self, k: usize) -> f64 {
        self.gain * (self.plus[k].g() - self.minus[k].g())
    }

    /// A pulse on the side of the wanted change.
    pub fn pulse(&mut self, k: usize, up: bool) {
        if up { self.plus[k].pulse() } else { self.minus[k].pulse() }
    }

    /// An ideal write: the device on the side of the change rises, and the other falls where that one is at its bound.
    pub fn set(&mut self, k: usize, wanted: f64) {
        let up = wanted > self.weight(k);
        let x = (wanted / self.gain).abs() * if up == (wanted > 0.0) { 1.0 } else { -1.0 };
        let (rises, falls) = if up {
            (&mut self.plus[k], &mut self.minus[k])
        } else {
            (&mut self.minus[k], &mut self.plus[k])
        };
        let (top, g) = (rises.normal(1.0 / rises.r0), x + falls.g());
        rises.set_g(g.min(top));
        if g > top {
            falls.set_g(rises.g() - x);
        }
    }
}
