//! A transposed convolution: each value of the input is spread over a window of the
//! output, and windows add up.
//!
//! y[q·s + k − p, f] += w[k, c, f] · x[q, c]
//!
//! | symbol | parameter | default | |
//! |---|---|---|---|
//! | f | `n_filters` | – | number of channels of the output |
//! | – | `input_shape` | – | the input: one or two dimensions, and channels |
//! | – | `output_shape` | the smallest | the output, likewise |
//! | k | `kernel_size` | 3 each | places of a window, in each dimension |
//! | s | `strides` | 1 each | places from a window to the next, in each dimension |
//! | p | `padding` | valid | that of the convolution that it transposes |
//! | – | `channels_last` | true | whether channels come last in shapes, or first |
//! | w | `init` | uniform on [−1, 1) | a distribution, a number, or a list |
//!
//! Its matrix is that of the `convolution` that makes values of the input's shape
//! of an image of the output's shape, transposed. With strides several outputs have
//! that: `output_shape` says which. Numbers, weights and seeds are as there.
//!
//! ```toml
//! [connections.transform]
//! type = "convolution_transpose"
//! n_filters = 1
//! input_shape = [7, 7, 4]
//! strides = [2, 2]
//! ```
//!
//! Reference: Dumoulin & Visin 2016, A guide to convolution arithmetic for deep
//! learning, arXiv:1603.07285, ch. 4.

use std::sync::Arc;

use bouton_random::RandomState;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::convolution::{
    axes, by_windows, each, filter_count, fitting, kernel, outputs, parts, uniform, yes,
};
use super::links::{Links, Numbers, Padding, Windows};
use super::sparse::{list, numbers};
use super::{Map, TransformModel};
use crate::Element;
use crate::distributions::Values;
use crate::var::{Bounds, Var};

/// A transposed convolution: each value of the input is spread over a window of the output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConvolutionTranspose {
    /// Number of channels of the output.
    #[schemars(range(min = 1))]
    pub n_filters: usize,
    /// The input: one or two dimensions, and its channels.
    pub input_shape: Vec<usize>,
    /// The output: as many dimensions, and its channels. Default: the smallest that there is.
    #[serde(default)]
    pub output_shape: Option<Vec<usize>>,
    /// Places of a window, in each dimension. Default 3.
    #[serde(default)]
    pub kernel_size: Option<Vec<usize>>,
    /// Places from a window to the next, in each dimension. Default 1.
    #[serde(default)]
    pub strides: Option<Vec<usize>>,
    /// That of the convolution that it transposes.
    #[serde(default)]
    pub padding: Padding,
    /// Whether channels are the last of the input's and the output's dimensions; otherwise they are the first.
    #[serde(default = "yes")]
    pub channels_last: bool,
    /// The numbers: a distribution, a number that all have, or a list by place, channel and filter. Default uniform on
    /// [−1, 1).
    #[serde(default = "uniform")]
    #[schemars(with = "Values")]
    pub init: Numbers,
}

impl Element for ConvolutionTranspose {
    const NAME: &'static str = "convolution_transpose";
    const PAGE: &'static str = include_str!("convolution_transpose.rs");
    fn example() -> Option<ConvolutionTranspose> {
        Some(ConvolutionTranspose::new(1, [1, 1, 1]))
    }
}

impl ConvolutionTranspose {
    /// Windows of 3 places in each dimension, for an input of this shape, its channels last.
    pub fn new(n_filters: usize, input_shape: impl Into<Vec<usize>>) -> ConvolutionTranspose {
        ConvolutionTranspose {
            n_filters,
            input_shape: input_shape.into(),
            output_shape: None,
            kernel_size: None,
            strides: None,
            padding: Padding::Valid,
            channels_last: true,
            init: uniform(),
        }
    }
    fn windows(&self) -> Result<Windows, String> {
        let (windows, channels) = parts("input_shape", &self.input_shape, self.channels_last)?;
        let kernel = each("kernel_size", self.kernel_size.as_ref(), 3, windows.len())?;
        let strides = each("strides", self.strides.as_ref(), 1, windows.len())?;
        filter_count(self.n_filters)?;
        let reach = |k: usize| if self.padding == Padding::Valid { kernel[k].saturating_sub(1) } else { 0 };
        let smallest: Vec<usize> =
            windows.iter().enumerate().map(|(k, n)| 1 + (n - 1) * strides[k] + reach(k)).collect();
        let image = match &self.output_shape {
            None => smallest.clone(),
            Some(shape) => {
                let (image, filters) = parts("output_shape", shape, self.channels_last)?;
                if filters != self.n_filters || image.len() != windows.len() {
                    return Err(format!(
                        "`output_shape` must have {} dimensions and {} channels (`n_filters`), found {shape:?}",
                        windows.len(),
                        self.n_filters
                    ));
                }
                image.to_vec()
            }
        };
        let axes = axes(&image, &kernel, &strides, self.padding)?;
        if let Some(k) = (0..windows.len()).find(|k| axes[*k].windows != windows[*k]) {
            return Err(format!(
                "`output_shape` must be one of which a convolution makes `input_shape`: in dimension {k} from {} to {}, found {}",
                smallest[k],
                smallest[k] + strides[k] - 1,
                image[k]
            ));
        }
        fitting(Windows {
            axes,
            channels,
            filters: self.n_filters,
            groups: 1,
            channels_last: self.channels_last,
            transposed: true,
        })
    }
}

impl TransformModel for ConvolutionTranspose {
    by_windows!();
    fn vars(&self) -> Vec<Var> {
        let dimensions = self.input_shape.len().saturating_sub(1);
        let known = |x: &Option<Vec<usize>>, all| x.clone().unwrap_or_else(|| vec![all; dimensions]);
        let filters = Var::fixed(
            "n_filters",
            "",
            self.n_filters as f64,
            Bounds { low: 1.0, ..Bounds::ANY },
            "channels of the output",
        );
        vec![
            filters,
            list("input_shape", &self.input_shape, "the input: one or two dimensions, and channels"),
            list(
                "output_shape",
                self.output_shape.as_deref().unwrap_or(&[]),
                "the output; the smallest if left out",
            ),
            list("kernel_size", &known(&self.kernel_size, 3), "places of a window, in each dimension"),
            list("strides", &known(&self.strides, 1), "places from a window to the next, in each dimension"),
            Var::choice("padding", &self.padding, "that of the convolution that it transposes"),
            Var::flag("channels_last", self.channels_last, "whether channels are the last of the dimensions"),
            numbers("init", &self.init, "the numbers, by place, channel and filter"),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: each value is spread over its window, and where windows meet they add up.
    #[test]
    fn values_are_spread_over_their_windows() {
        let spread = |t: &ConvolutionTranspose, x: &[f64]| {
            t.check().unwrap();
            let n = t.outputs(x.len()).unwrap().unwrap();
            let Map::Linked(links, numbers) = t.make(n, x.len(), &mut RandomState::new(0)).unwrap() else {
                panic!()
            };
            let mut y = vec![0.0; n];
            links.add(&numbers, x, &mut y);
            y
        };
        let t = ConvolutionTranspose {
            strides: Some(vec![2]),
            init: Numbers::List(vec![1.0, 10.0, 100.0]),
            ..ConvolutionTranspose::new(1, [3, 1])
        };
        assert_eq!(spread(&t, &[1.0, 2.0, 3.0]), [1.0, 10.0, 102.0, 20.0, 203.0, 30.0, 300.0]);
        let longer = ConvolutionTranspose { output_shape: Some(vec![8, 1]), ..t.clone() };
        assert_eq!(spread(&longer, &[1.0, 2.0, 3.0]), [1.0, 10.0, 102.0, 20.0, 203.0, 30.0, 300.0, 0.0]);
        let same = ConvolutionTranspose { padding: Padding::Same, ..t.clone() };
        // Windows of 3 over 5 places reach one beyond at each end: its first and last numbers are lost.
        assert_eq!(spread(&same, &[1.0, 2.0, 3.0]), [10.0, 102.0, 20.0, 203.0, 30.0]);
        let e = ConvolutionTranspose { output_shape: Some(vec![9, 1]), ..t.clone() }.check().unwrap_err();
        assert!(e.contains("from 7 to 8, found 9"), "{e}");
        let e = ConvolutionTranspose { output_shape: Some(vec![7, 2]), ..t }.check().unwrap_err();
        assert!(e.contains("1 channels"), "{e}");
    }
}
