//! Rates of neurons: those of LIF neurons where decoders are solved, which Nengo computes in ten passes over large arrays, in two, number
//! by number the same; and from which on a neuron counts as saturated.

use bouton_elements::neurons::NeuronType;
use numpy::{PyArray2, PyArrayMethods, PyReadonlyArray1};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// Beyond this an input is as good as infinite, and its rate not this module's.
const LARGEST: f64 = 1e300;

/// Makes of x the inverse of a neuron's input above the threshold, 1 / (gain · x + bias − 1), or 0 where it is not above it. Returns
/// whether all inputs are numbers; if not, x is spoilt.
#[pyfunction]
pub(crate) fn inverse_overdrive(
    x: &Bound<'_, PyArray2<f64>>,
    gain: PyReadonlyArray1<'_, f64>,
    bias: PyReadonlyArray1<'_, f64>,
) -> PyResult<bool> {
    let (gain, bias) = (gain.as_slice()?, bias.as_slice()?);
    let mut x = x.try_readwrite()?;
    let x = x.as_slice_mut()?;
    if gain.len() != bias.len() || gain.is_empty() || x.len() % gain.len() != 0 {
        let m = format!("{} gains, {} biases, and {} inputs", gain.len(), bias.len(), x.len());
        return Err(PyValueError::new_err(m));
    }
    let mut finite = true;
    for row in x.chunks_exact_mut(gain.len()) {
        for ((x, gain), bias) in row.iter_mut().zip(gain).zip(bias) {
            let above = gain * *x + bias - 1.0;
            finite &= above < LARGEST;
            *x = if above > 0.0 { 1.0 / above } else { 0.0 };
        }
    }
    Ok(finite)
}

/// Makes rates of log(1 + y) of what [`inverse_overdrive`] has left: amplitude / (τ_ref + τ_rc · x), and 0 where x is.
#[pyfunction]
pub(crate) fn lif_rates(
    x: &Bound<'_, PyArray2<f64>>,
    tau_rc: f64,
    tau_ref: f64,
    amplitude: f64,
) -> PyResult<()> {
    let mut x = x.try_readwrite()?;
    for x in x.as_slice_mut()? {
        *x = if *x > 0.0 { amplitude / (tau_ref + tau_rc * *x) } else { 0.0 };
    }
    Ok(())
}

/// The rate (Hz) from which on a neuron of a type counts as saturated, where there is one: that of `bouton check`. The type is a text of
/// JSON.
#[pyfunction]
pub(crate) fn saturates_at(neurons: &str, dt: f64) -> PyResult<Option<f64>> {
    let neurons: NeuronType =
        serde_json::from_str(neurons).map_err(|e| PyValueError::new_err(e.to_string()))?;
    Ok(neurons.model().saturates_at(dt))
}
