//! Maps of which each number connects some values and not others: sparse matrices, and convolutions.

use bouton_kernels::Real;
use schemars::JsonSchema;
use serde::de::Deserializer;
use serde::{Deserialize, Serialize, Serializer};

use crate::distributions::{Distribution, Values};

/// Which inputs and outputs the numbers of a map connect.
#[derive(Clone, Debug, PartialEq)]
pub enum Links {
    /// Number k connects an input with an output of a list each.
    Listed(Listed),
    /// Each number connects many: a window that slides.
    Windows(Windows),
}

/// Pairs of outputs and inputs, in the order of their numbers. A pair may occur twice: then its numbers add up.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    outputs: usize,
    inputs: usize,
    rows: Box<[u32]>,
    columns: Box<[u32]>,
}

/// Windows that slide over an image of one or two dimensions and some channels. A window sees its places of the image and all
/// channels of its group; the numbers are the same for each window: for each place, channel seen, and filter, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Windows {
    /// The two dimensions; of one dimension the second has the length 1.
    pub axes: [Axis; 2],
    /// Channels of the input.
    pub channels: usize,
    /// Channels of the output.
    pub filters: usize,
    /// Parts of the channels that don't mix.
    pub groups: usize,
    /// Whether the channels of a place lie together; otherwise the places of a channel do.
    pub channels_last: bool,
    /// Whether the input is that of the windows, and the output the image.
    pub transposed: bool,
}

/// A dimension of [`Windows`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Axis {
    /// Places of the image.
    pub image: usize,
    /// Number of windows.
    pub windows: usize,
    /// Places of a window.
    pub kernel: usize,
    /// Places between two windows.
    pub stride: usize,
    /// How many places the first window lies before the image; what is there is 0.
    pub before: usize,
}

/// What windows may see beyond the edge of an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Padding {
    /// Nothing: they lie in the image.
    #[default]
    Valid,
    /// Zeros: there are as many windows as places, divided by the stride.
    Same,
}

impl Axis {
    /// A dimension of an image of so many places.
    ///
    /// # Errors
    /// A window or a stride of no length; a window that is longer than the image and has to lie in it. The message names the
    /// parameter.
    pub fn over(image: usize, kernel: usize, stride: usize, padding: Padding) -> Result<Axis, String> {
        for (name, n) in [("kernel_size", kernel), ("strides", stride)] {
            if n == 0 {
                return Err(format!("`{name}` must be 1 at least in each dimension, found 0"));
            }
        }
        match padding {
            Padding::Valid if kernel > image => Err(format!(
                "`kernel_size` must be at most the {image} places of the image without padding, found {kernel}; take `padding` \
                 `same`, or a smaller one"
            )),
            Padding::Valid => {
                Ok(Axis { image, windows: (image - kernel + 1).div_ceil(stride), kernel, stride, before: 0 })
            }
            Padding::Same => {
                let windows = image.div_ceil(stride);
                let beyond = (windows.saturating_sub(1) * stride + kernel).saturating_sub(image);
                Ok(Axis { image, windows, kernel, stride, before: beyond / 2 })
            }
        }
    }
    /// The place of the image that a window sees at one of its own; `None` beyond the edge.
    fn place(&self, window: usize, at: usize) -> Option<usize> {
        (window * self.stride + at).checked_sub(self.before).filter(|p| *p < self.image)
    }
}

impl Listed {
    /// Pairs of a row (an output) and a column (an input).
    ///
    /// # Errors
    /// Lists of different lengths; a row or a column that isn't there. The message names the parameter.
    pub fn new(
        (outputs, inputs): (usize, usize),
        rows: &[usize],
        columns: &[usize],
    ) -> Result<Listed, String> {
        if rows.len() != columns.len() {
            return Err(format!(
                "`rows` and `columns` must be as many, found {} and {}",
                rows.len(),
                columns.len()
            ));
        }
        let small = |name: &str, list: &[usize], n: usize| -> Result<Box<[u32]>, String> {
            if n > u32::MAX as usize {
                return Err(format!("`shape` must be below 2^32 in each dimension, found {n}"));
            }
            match list.iter().find(|i| **i >= n) {
                Some(i) => {
                    Err(format!("`{name}` must be below {n}, the number of them in `shape`, found {i}"))
                }
                None => Ok(list.iter().map(|i| *i as u32).collect()),
            }
        };
        Ok(Listed {
            outputs,
            inputs,
            rows: small("rows", rows, outputs)?,
            columns: small("columns", columns, inputs)?,
        })
    }
}

impl Windows {
    /// Channels on the side of the image, and on that of the windows.
    fn sides(&self) -> (usize, usize) {
        if self.transposed { (self.filters, self.channels) } else { (self.channels, self.filters) }
    }
    /// Hands out each window's links, in a fixed order: window, place of the window, group, channel of the input, and then all
    /// filters at once as the first output, the step from one to the next, how many, the input, and the first number.
    #[inline(always)]
    fn each_run(&self, mut run: impl FnMut(usize, usize, usize, usize, usize)) {
        let [a, b] = self.axes;
        let (image, windows) = (a.image * b.image, a.windows * b.windows);
        let (image_channels, window_channels) = self.sides();
        // Steps from place to place and from channel to channel, on each side.
        let steps =
            |places: usize, channels: usize| if self.channels_last { (channels, 1) } else { (1, places) };
        let (image_steps, window_steps) = (steps(image, image_channels), steps(windows, window_channels));
        let (seen, made) = (self.channels / self.groups, self.filters / self.groups);
        for qa in 0..a.windows {
            for qb in 0..b.windows {
                let window = (qa * b.windows + qb) * window_steps.0;
                for ka in 0..a.kernel {
                    let Some(pa) = a.place(qa, ka) else { continue };
                    for kb in 0..b.kernel {
                        let Some(pb) = b.place(qb, kb) else { continue };
                        let place = (pa * b.image + pb) * image_steps.0;
                        let (from, to) = if self.transposed { (window, place) } else { (place, window) };
                        let (from_step, to_step) = if self.transposed {
                            (window_steps.1, image_steps.1)
                        } else {
                            (image_steps.1, window_steps.1)
                        };
                        let numbers = (ka * b.kernel + kb) * seen * self.filters;
                        for g in 0..self.groups {
                            for c in 0..seen {
                                let input = from + (g * seen + c) * from_step;
                                let first = numbers + c * self.filters + g * made;
                                run(to + g * made * to_step, to_step, made, input, first);
                            }
                        }
                    }
                }
            }
        }
    }
}

impl Links {
    /// Number of outputs.
    pub fn outputs(&self) -> usize {
        match self {
            Links::Listed(l) => l.outputs,
            Links::Windows(w) => {
                let of = |a: Axis| if w.transposed { a.image } else { a.windows };
                of(w.axes[0]) * of(w.axes[1]) * w.filters
            }
        }
    }
    /// Number of inputs.
    pub fn inputs(&self) -> usize {
        match self {
            Links::Listed(l) => l.inputs,
            Links::Windows(w) => {
                let of = |a: Axis| if w.transposed { a.windows } else { a.image };
                of(w.axes[0]) * of(w.axes[1]) * w.channels
            }
        }
    }
    /// Rows and columns of the numbers: of a list one a row; of windows a row for each place and channel seen, and a column for
    /// each filter.
    pub fn shape(&self) -> (usize, usize) {
        match self {
            Links::Listed(l) => (l.rows.len(), 1),
            Links::Windows(w) => {
                (w.axes[0].kernel * w.axes[1].kernel * (w.channels / w.groups.max(1)), w.filters)
            }
        }
    }
    /// How many pairs of an output and an input are connected: what a step costs.
    pub fn count(&self) -> usize {
        let mut n = 0;
        match self {
            Links::Listed(l) => n = l.rows.len(),
            Links::Windows(w) => w.each_run(|_, _, many, _, _| n += many),
        }
        n
    }
    /// Hands out each link: the output, the input, and which number.
    pub fn each(&self, mut link: impl FnMut(usize, usize, usize)) {
        match self {
            Links::Listed(l) => {
                for (k, (r, c)) in l.rows.iter().zip(&l.columns).enumerate() {
                    link(*r as usize, *c as usize, k);
                }
            }
            Links::Windows(w) => w.each_run(|to, step, many, from, first| {
                for f in 0..many {
                    link(to + f * step, from, first + f);
                }
            }),
        }
    }
    /// y += numbers · x, link by link in a fixed order.
    ///
    /// # Panics
    /// If slices are shorter than [`outputs`](Links::outputs), [`inputs`](Links::inputs) and [`shape`](Links::shape) say.
    pub fn add<T: Real>(&self, numbers: &[T], x: &[T], y: &mut [T]) {
        match self {
            Links::Listed(l) => {
                for ((r, c), w) in l.rows.iter().zip(&l.columns).zip(numbers) {
                    y[*r as usize] += *w * x[*c as usize];
                }
            }
            Links::Windows(w) if w.channels_last => w.each_run(|to, _, many, from, first| {
                let x = x[from];
                for (y, w) in y[to..to + many].iter_mut().zip(&numbers[first..first + many]) {
                    *y += *w * x;
                }
            }),
            Links::Windows(w) => w.each_run(|to, step, many, from, first| {
                let x = x[from];
                for (f, w) in numbers[first..first + many].iter().enumerate() {
                    y[to + f * step] += *w * x;
                }
            }),
        }
    }
}

/// What the numbers are: one that all have, a list, or drawn.
#[derive(Clone, Debug, PartialEq)]
pub enum Numbers {
    /// All of them this one.
    Number(f64),
    /// These.
    List(Vec<f64>),
    /// Drawn from a distribution.
    Drawn(Distribution),
}

impl Numbers {
    /// Refuses numbers that aren't finite or as many as are needed, and a distribution that makes no sense. `name` is the
    /// parameter's.
    pub(super) fn check(&self, name: &str, needed: usize) -> Result<(), String> {
        match self {
            Numbers::Number(x) => super::finite(&[*x]).map_err(|m| format!("`{name}` {m}")),
            Numbers::List(x) if x.len() != needed => {
                Err(format!("`{name}` must be {needed} numbers, found {}", x.len()))
            }
            Numbers::List(x) => super::finite(x).map_err(|m| format!("`{name}` {m}")),
            Numbers::Drawn(d) => d.check().map_err(|m| format!("`{name}`: {m}")),
        }
    }
}

impl Serialize for Numbers {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self {
            Numbers::Number(x) => x.serialize(s),
            Numbers::List(x) => x.serialize(s),
            Numbers::Drawn(d) => d.serialize(s),
        }
    }
}

impl<'de> Deserialize<'de> for Numbers {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Numbers, D::Error> {
        Ok(match Values::deserialize(d)? {
            Values::Number(x) => Numbers::Number(x),
            Values::Drawn(d) => Numbers::Drawn(d),
            Values::Scalars(x) => Numbers::List(x),
            Values::Rows(x) => Numbers::List(x.concat()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Windows see what the definition says: out[q, f] = Σ image[q·s + k − before, c]·w[k, c, f].
    #[test]
    fn windows_see_what_they_should() {
        let axis = Axis::over(5, 3, 2, Padding::Same).unwrap();
        assert_eq!((axis.windows, axis.before), (3, 1));
        assert_eq!(Axis::over(6, 3, 2, Padding::Same).unwrap().before, 0);
        assert_eq!(Axis::over(6, 3, 2, Padding::Valid).unwrap().windows, 2);
        assert_eq!(Axis::over(7, 3, 2, Padding::Valid).unwrap().windows, 3);
        assert!(Axis::over(2, 3, 1, Padding::Valid).unwrap_err().contains("`kernel_size`"));
        assert!(Axis::over(2, 3, 0, Padding::Same).unwrap_err().contains("`strides`"));
    }

    /// A transposed convolution is the transposed matrix of the convolution with its numbers transposed.
    #[test]
    fn transposed_windows_are_the_transposed_matrix() {
        for (padding, last) in [(Padding::Valid, true), (Padding::Same, false), (Padding::Same, true)] {
            let axes = [Axis::over(7, 3, 2, padding).unwrap(), Axis::over(5, 2, 1, padding).unwrap()];
            let forward =
                Windows { axes, channels: 2, filters: 3, groups: 1, channels_last: last, transposed: false };
            let back = Windows { channels: 3, filters: 2, transposed: true, ..forward.clone() };
            let w: Vec<f64> = (0..36).map(|k| f64::from(k * k % 17) - 5.0).collect();
            // [k, 2, 3] to [k, 3, 2].
            let t: Vec<f64> = (0..36).map(|i| w[i / 6 * 6 + i % 2 * 3 + i / 2 % 3]).collect();
            let (forward, back) = (Links::Windows(forward), Links::Windows(back));
            let (n, m) = (forward.outputs(), forward.inputs());
            assert_eq!((back.outputs(), back.inputs()), (m, n));
            let matrix = |l: &Links, w: &[f64]| {
                let mut all = vec![0.0; n * m];
                l.each(|r, c, k| all[r * l.inputs() + c] += w[k]);
                all
            };
            let (a, b) = (matrix(&forward, &w), matrix(&back, &t));
            assert!((0..n * m).all(|i| a[i] == b[i % m * n + i / m]));
            // And the step is the product with the matrix.
            let x: Vec<f64> = (0..m).map(|k| (k as f64).sin()).collect();
            let (mut y, mut single) = (vec![1.0; n], vec![1.0f32; n]);
            forward.add(&w, &x, &mut y);
            let narrow = |x: &[f64]| x.iter().map(|x| *x as f32).collect::<Vec<f32>>();
            forward.add(&narrow(&w), &narrow(&x), &mut single);
            for (r, y) in y.iter().enumerate() {
                let exact = 1.0 + (0..m).map(|c| a[r * m + c] * x[c]).sum::<f64>();
                assert!((y - exact).abs() < 1e-12 && (f64::from(single[r]) - exact).abs() < 1e-4);
            }
            assert_eq!(forward.count(), a.iter().filter(|w| **w != 0.0).count() + zeros(&forward, &w));
        }
    }

    /// Links whose number is 0.
    fn zeros(l: &Links, w: &[f64]) -> usize {
        let mut n = 0;
        l.each(|_, _, k| n += usize::from(w[k] == 0.0));
        n
    }
}
