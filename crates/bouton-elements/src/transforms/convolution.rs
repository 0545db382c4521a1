//! A convolution: the same numbers for every window that slides over an image.
//!
//! y[q, f] = Σ_k Σ_c w[k, c, f] · x[q·s + k − p, c], and x is 0 beyond the edge.
//!
//! | symbol | parameter | default | |
//! |---|---|---|---|
//! | f | `n_filters` | – | number of channels of the output |
//! | – | `input_shape` | – | the image: one or two dimensions, and channels |
//! | k | `kernel_size` | 3 each | places of a window, in each dimension |
//! | s | `strides` | 1 each | places from a window to the next, in each dimension |
//! | p | `padding` | valid | what windows may see |
//! | – | `channels_last` | true | whether channels come last in shapes, or first |
//! | – | `groups` | 1 | parts of the channels that don't mix |
//! | w | `init` | uniform on [−1, 1) | a distribution, a number, or a list |
//!
//! With `valid` padding windows lie in the image. With `same` there are as many as
//! places, divided by the stride, and p is half of what they reach beyond it.
//!
//! The kernel isn't flipped. Its numbers are ordered by place, channel of the input
//! within its group, and filter; they are the connection's weights, with a row for
//! each place and channel. They are drawn place by place, for the same seed as in
//! Nengo. A step costs as much as all windows have numbers. No rule learns them.
//! Behind an ensemble they become part of its weights, which are a matrix.
//!
//! ```toml
//! [connections.transform]
//! type = "convolution"
//! n_filters = 4
//! input_shape = [28, 28, 1]
//! strides = [2, 2]
//! ```
//!
//! Reference: Dumoulin & Visin 2016, A guide to convolution arithmetic for deep
//! learning, arXiv:1603.07285, ch. 2.

use std::sync::Arc;

use bouton_random::RandomState;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::links::{Axis, Links, Numbers, Padding, Windows};
use super::sparse::{list, numbers};
use super::{Map, TransformModel};
use crate::Element;
use crate::distributions::{Distribution, Values, room};
use crate::var::{Bounds, Var};

/// A convolution: the same numbers for every window that slides over an image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Convolution {
    /// Number of channels of the output.
    #[schemars(range(min = 1))]
    pub n_filters: usize,
    /// The image: one or two dimensions, and its channels.
    pub input_shape: Vec<usize>,
    /// Places of a window, in each dimension. Default 3.
    #[serde(default)]
    pub kernel_size: Option<Vec<usize>>,
    /// Places from a window to the next, in each dimension. Default 1.
    #[serde(default)]
    pub strides: Option<Vec<usize>>,
    /// What windows may see beyond the edge.
    #[serde(default)]
    pub padding: Padding,
    /// Whether channels are the last of the input's and the output's dimensions; otherwise they are the first.
    #[serde(default = "yes")]
    pub channels_last: bool,
    /// Parts of the channels that don't mix.
    #[serde(default = "one")]
    #[schemars(range(min = 1))]
    pub groups: usize,
    /// The numbers: a distribution, a number that all have, or a list by place, channel and filter. Default uniform on
    /// [−1, 1).
    #[serde(default = "uniform")]
    #[schemars(with = "Values")]
    pub init: Numbers,
}

/// Channels are last unless told.
pub(super) fn yes() -> bool {
    true
}
fn one() -> usize {
    1
}
/// What kernels are drawn from unless told.
pub(super) fn uniform() -> Numbers {
    Numbers::Drawn(Distribution::uniform(-1.0, 1.0))
}

impl Element for Convolution {
    const NAME: &'static str = "convolution";
    const PAGE: &'static str = include_str!("convolution.rs");
    fn example() -> Option<Convolution> {
        Some(Convolution::new(1, [3, 3, 1]))
    }
}

/// More than this of anything is a slip, and would not fit.
const MOST: usize = 1_000_000;

/// Refuses numbers that nobody means.
fn few(name: &str, numbers: &[usize]) -> Result<(), String> {
    match numbers.iter().find(|n| **n > MOST) {
        Some(n) => Err(format!("`{name}` must be at most {MOST}, found {n}")),
        None => Ok(()),
    }
}

/// A shape as places and channels: one or two dimensions beside the channels.
pub(super) fn parts<'a>(
    name: &str,
    shape: &'a [usize],
    channels_last: bool,
) -> Result<(&'a [usize], usize), String> {
    few(name, shape)?;
    let found = if channels_last { shape.split_last() } else { shape.split_first() };
    match found {
        Some((channels, places)) if (1..=2).contains(&places.len()) && !shape.contains(&0) => {
            Ok((places, *channels))
        }
        _ => Err(format!(
            "`{name}` must be one or two dimensions and the channels, none of them 0, found {shape:?}"
        )),
    }
}

/// One number a dimension: those that are given, or the same for all.
pub(super) fn each(
    name: &str,
    given: Option<&Vec<usize>>,
    all: usize,
    dimensions: usize,
) -> Result<Vec<usize>, String> {
    few(name, given.map_or(&[], |x| x))?;
    match given {
        None => Ok(vec![all; dimensions]),
        Some(x) if x.len() == dimensions => Ok(x.clone()),
        Some(x) => {
            Err(format!("`{name}` must have a number for each of {dimensions} dimensions, found {}", x.len()))
        }
    }
}

/// Two axes of what may be one.
pub(super) fn axes(
    images: &[usize],
    kernel: &[usize],
    strides: &[usize],
    padding: Padding,
) -> Result<[Axis; 2], String> {
    let mut axes = [Axis::over(1, 1, 1, Padding::Valid)?; 2];
    // One dimension is the first of two.
    for (k, axis) in axes.iter_mut().enumerate().take(images.len()) {
        *axis = Axis::over(images[k], kernel[k], strides[k], padding)?;
    }
    Ok(axes)
}

/// The numbers of windows: drawn for each place on its own, a row a channel.
pub(super) fn kernel(w: &Windows, init: &Numbers, rng: &mut RandomState) -> Result<Vec<f64>, String> {
    let places = w.axes[0].kernel * w.axes[1].kernel;
    let seen = w.channels / w.groups;
    let mut all = room(places * seen, w.filters)?;
    Ok(match init {
        Numbers::Number(x) => {
            all.resize(places * seen * w.filters, *x);
            all
        }
        Numbers::List(x) => x.clone(),
        Numbers::Drawn(d) => {
            for _ in 0..places {
                all.extend(d.sample(seen, w.filters, rng)?);
            }
            all
        }
    })
}

impl Convolution {
    /// Windows of 3 places in each dimension over an image of this shape, its channels last.
    pub fn new(n_filters: usize, input_shape: impl Into<Vec<usize>>) -> Convolution {
        Convolution {
            n_filters,
            input_shape: input_shape.into(),
            kernel_size: None,
            strides: None,
            padding: Padding::Valid,
            channels_last: true,
            groups: 1,
            init: uniform(),
        }
    }
    /// Sets the places of a window, in each dimension.
    pub fn kernel_size(mut self, kernel_size: impl Into<Vec<usize>>) -> Convolution {
        self.kernel_size = Some(kernel_size.into());
        self
    }
    /// Sets the places from a window to the next, in each dimension.
    pub fn strides(mut self, strides: impl Into<Vec<usize>>) -> Convolution {
        self.strides = Some(strides.into());
        self
    }
    fn windows(&self) -> Result<Windows, String> {
        let (places, channels) = parts("input_shape", &self.input_shape, self.channels_last)?;
        let kernel = each("kernel_size", self.kernel_size.as_ref(), 3, places.len())?;
        let strides = each("strides", self.strides.as_ref(), 1, places.len())?;
        let (filters, groups) = (self.n_filters, self.groups);
        filter_count(filters)?;
        if groups == 0 || channels % groups != 0 || filters % groups != 0 {
            return Err(format!(
                "`groups` must divide the {channels} channels of the input and the {filters} of the output, found {groups}"
            ));
        }
        let axes = axes(places, &kernel, &strides, self.padding)?;
        fitting(Windows {
            axes,
            channels,
            filters,
            groups,
            channels_last: self.channels_last,
            transposed: false,
        })
    }
}

/// Refuses a number of filters that makes no sense.
pub(super) fn filter_count(n: usize) -> Result<(), String> {
    if n == 0 {
        return Err("`n_filters` must be 1 at least, found 0".into());
    }
    few("n_filters", &[n])
}

/// Windows that connect no more than there can be.
pub(super) fn fitting(w: Windows) -> Result<Windows, String> {
    let of = |a: f64, b: f64, c: usize| a * b * c as f64;
    let [a, b] = w.axes.map(|a| (a.image.max(a.windows) as f64, a.kernel as f64));
    let (image, numbers) =
        (of(a.0, b.0, w.channels.max(w.filters)), of(a.1, b.1, w.filters) * w.channels as f64);
    if image.max(numbers) < 1e9 {
        return Ok(w);
    }
    Err(format!("has {:.1e} values and {numbers:.1e} numbers: more than can be built", image))
}

/// What a transform by windows says of a connection's inputs.
pub(super) fn outputs(windows: Result<Windows, String>, inputs: usize) -> Result<Option<usize>, String> {
    let links = Links::Windows(windows?);
    if links.inputs() == inputs {
        return Ok(Some(links.outputs()));
    }
    Err(format!("takes {} values (`input_shape`), the connection carries {inputs}", links.inputs()))
}

/// Writes what a transform by windows is: a struct with the field `init` and the method `windows`.
macro_rules! by_windows {
    () => {
        fn check(&self) -> Result<(), String> {
            let (rows, columns) = Links::Windows(self.windows()?).shape();
            self.init.check("init", rows * columns)
        }
        fn outputs(&self, inputs: usize) -> Result<Option<usize>, String> {
            outputs(self.windows(), inputs)
        }
        fn dense(&self) -> bool {
            false
        }
        fn links(&self) -> Option<Links> {
            self.windows().ok().map(Links::Windows)
        }
        fn make(&self, _: usize, _: usize, rng: &mut RandomState) -> Result<Map, String> {
            let windows = self.windows()?;
            let numbers = kernel(&windows, &self.init, rng)?;
            Ok(Map::Linked(Arc::new(Links::Windows(windows)), Arc::new(numbers)))
        }
    };
}
pub(super) use by_windows;

impl TransformModel for Convolution {
    by_windows!();
    fn vars(&self) -> Vec<Var> {
        let dimensions = self.input_shape.len().saturating_sub(1);
        let known = |x: &Option<Vec<usize>>, all| x.clone().unwrap_or_else(|| vec![all; dimensions]);
        let integer =
            |name, x: usize, doc| Var::fixed(name, "", x as f64, Bounds { low: 1.0, ..Bounds::ANY }, doc);
        vec![
            integer("n_filters", self.n_filters, "channels of the output"),
            list("input_shape", &self.input_shape, "the image: one or two dimensions, and channels"),
            list("kernel_size", &known(&self.kernel_size, 3), "places of a window, in each dimension"),
            list("strides", &known(&self.strides, 1), "places from a window to the next, in each dimension"),
            Var::choice("padding", &self.padding, "what windows may see beyond the edge"),
            Var::flag("channels_last", self.channels_last, "whether channels are the last of the dimensions"),
            integer("groups", self.groups, "parts of the channels that don't mix"),
            numbers("init", &self.init, "the numbers, by place, channel and filter"),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a transform makes of some values.
    fn convolved(t: &Convolution, x: &[f64]) -> Vec<f64> {
        t.check().unwrap();
        let n = t.outputs(x.len()).unwrap().unwrap();
        let Map::Linked(links, numbers) = t.make(n, x.len(), &mut RandomState::new(0)).unwrap() else {
            panic!()
        };
        let mut y = vec![0.0; n];
        links.add(&numbers, x, &mut y);
        y
    }

    /// By hand: a difference along a line, of two channels, with steps of 2; and Sobel's kernel on a ramp, whose answer is eight
    /// times the slope (Gonzalez & Woods 2018, Digital Image Processing, §3.6).
    #[test]
    fn convolutions_are_those_of_the_definition() {
        let line = Convolution {
            init: Numbers::List(vec![-1.0, 10.0, 1.0, 20.0]),
            ..Convolution::new(1, [5, 2]).kernel_size([2]).strides([2])
        };
        // Places 0 and 1, then 2 and 3, of channels 0 (−1, 1) and 1 (10, 20).
        let x = [1.0, 0.1, 4.0, 0.2, 9.0, 0.3, 16.0, 0.4, 25.0, 0.5];
        let y = convolved(&line, &x);
        assert_eq!(y.len(), 2);
        assert!(
            (y[0] - (3.0 + 1.0 + 4.0)).abs() < 1e-12 && (y[1] - (7.0 + 3.0 + 8.0)).abs() < 1e-12,
            "{y:?}"
        );
        let sobel = Convolution {
            init: Numbers::List(vec![-1.0, 0.0, 1.0, -2.0, 0.0, 2.0, -1.0, 0.0, 1.0]),
            ..Convolution::new(1, [4, 6, 1])
        };
        let ramp: Vec<f64> = (0..24).map(|k| 0.7 * f64::from(k % 6) + 3.0 * f64::from(k / 6)).collect();
        assert!(convolved(&sobel, &ramp).iter().all(|y| (y - 8.0 * 0.7).abs() < 1e-12));
        // Beyond the edge there are zeros: of ones, a box counts its places in the image.
        let box3 = Convolution {
            padding: Padding::Same,
            init: Numbers::Number(1.0),
            ..Convolution::new(1, [3, 4, 1])
        };
        assert_eq!(
            convolved(&box3, &[1.0; 12]),
            [4.0, 6.0, 6.0, 4.0, 6.0, 9.0, 9.0, 6.0, 4.0, 6.0, 6.0, 4.0]
        );
        // Groups: each filter sees its own channel; the places of a channel lie together.
        let apart = Convolution {
            channels_last: false,
            groups: 2,
            init: Numbers::List(vec![2.0, 3.0]),
            ..Convolution::new(2, [2, 3]).kernel_size([1])
        };
        assert_eq!(convolved(&apart, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), [2.0, 4.0, 6.0, 12.0, 15.0, 18.0]);
        // Of two channels each: the first filter has 1 and 2 of channels 0 and 1, the second 10 and 20 of channels 2 and 3.
        let pairs = Convolution {
            groups: 2,
            init: Numbers::List(vec![1.0, 10.0, 2.0, 20.0]),
            ..Convolution::new(2, [2, 4]).kernel_size([1])
        };
        let x = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];
        assert_eq!(convolved(&pairs, &x), [5.0, 110.0, 17.0, 230.0]);
    }

    #[test]
    fn shapes_that_make_no_sense_are_refused_by_name() {
        let t = Convolution::new(2, [5, 6, 4]);
        let bad = |t: Convolution| t.check().unwrap_err();
        assert!(bad(Convolution { groups: 3, ..t.clone() }).contains("`groups` must divide the 4 channels"));
        assert!(bad(t.clone().kernel_size([3])).contains("`kernel_size` must have a number for each of 2"));
        assert!(bad(t.clone().kernel_size([6, 1])).contains("at most the 5 places"));
        assert!(bad(t.clone().strides([1, 0])).contains("`strides`"));
        assert!(bad(Convolution::new(1, [3])).contains("`input_shape`"));
        assert!(
            bad(Convolution { init: Numbers::List(vec![0.0; 5]), ..t.clone() })
                .contains("`init` must be 72 numbers")
        );
        assert!(t.outputs(7).unwrap_err().contains("takes 120 values"));
        let huge = usize::MAX;
        assert!(bad(Convolution { n_filters: huge, ..t.clone() }).contains("`n_filters` must be at most"));
        assert!(bad(t.clone().strides([1, huge])).contains("`strides` must be at most"));
        assert!(bad(Convolution::new(1, [huge, huge])).contains("`input_shape` must be at most"));
        assert!(bad(Convolution::new(9, [100_000, 100_000, 1])).contains("more than can be built"));
    }
}
