//! Devices of connections of Nengo's: what is asked for, and what was drawn.

use std::sync::Arc;

use bouton_core::Error;
use bouton_elements::devices::{Device, DeviceSpec, Gain};
use bouton_elements::policies::Policy;
use numpy::{PyArray1, PyArray2, PyArrayMethods};
use pyo3::prelude::*;

use crate::raise;

fn refuse(m: impl Into<String>) -> PyErr {
    raise(&Error::model("devices", m))
}

/// A pulse policy from a text of JSON.
pub(crate) fn policy(json: &str) -> PyResult<Policy> {
    let policy: Policy = serde_json::from_str(json).map_err(|e| refuse(format!("`policy`: {e}")))?;
    let checked = policy.model().check().and_then(|()| policy.within_bounds());
    checked.map_err(|m| refuse(format!("`policy`: {m}")))?;
    Ok(policy)
}

/// Whether a pulse policy is given the filtered activity; else it is given the spikes of the step.
#[pyfunction]
pub(crate) fn policy_is_filtered(json: &str) -> PyResult<bool> {
    Ok(policy(json)?.model().filtered())
}

/// The devices that a connection's weights are to be made of.
#[pyclass(frozen)]
pub(crate) struct Devices {
    pub(crate) spec: Arc<DeviceSpec>,
}

#[pymethods]
impl Devices {
    /// From a text of JSON, as the `devices` of a connection in a model file.
    #[new]
    fn new(json: &str) -> PyResult<Devices> {
        let spec: DeviceSpec = serde_json::from_str(json).map_err(|e| refuse(e.to_string()))?;
        spec.check().map_err(refuse)?;
        Ok(Devices { spec: Arc::new(spec) })
    }
    /// Names of the device types.
    #[staticmethod]
    fn names() -> Vec<&'static str> {
        Device::names()
    }
    /// The gain for weights of which a root mean square is needed; one that is given as a number goes before.
    fn gain(&self, needed: f64) -> PyResult<f64> {
        bouton_nef::device_gain(&self.spec, needed).map_err(refuse)
    }
    /// Whether the gain is found from the weights that are needed.
    fn is_automatic(&self) -> bool {
        matches!(self.spec.gain, Gain::Auto(_))
    }
    /// Whether the policy is given the filtered activity; else it is given the spikes of the step.
    fn is_filtered(&self) -> bool {
        self.spec.policy.model().filtered()
    }
    /// Names of the sides: one a device of a synapse.
    fn sides(&self) -> Vec<&'static str> {
        self.spec.mapping.model().sides().iter().map(|s| s.name()).collect()
    }
    /// The numbers of each device: name, whether pulses move it, unit, meaning.
    fn columns(&self) -> Vec<(String, bool, String, String)> {
        let vars = self.spec.device.model().vars().into_iter();
        vars.map(|v| (v.name.to_string(), v.is_state(), v.unit.to_string(), v.doc.to_string())).collect()
    }
    /// Draws the devices of a connection of `rows` × `cols` weights, which is called `path` and has the seed `seed`.
    fn draw(&self, py: Python<'_>, rows: usize, cols: usize, path: &str, seed: u32) -> PyResult<Drawn> {
        let spec = self.spec.clone();
        let drawn = py.detach(|| bouton_nef::draw_devices(&spec, (rows, cols), path, seed));
        Ok(Drawn { drawn: drawn.map_err(|m| raise(&Error::model(path, m)))?, spec })
    }
}

/// Devices as they were drawn.
#[pyclass(frozen)]
pub(crate) struct Drawn {
    pub(crate) drawn: bouton_elements::devices::Drawn,
    pub(crate) spec: Arc<DeviceSpec>,
}

#[pymethods]
impl Drawn {
    /// The weights that they make.
    fn weights<'py>(&self, py: Python<'py>, gain: f64) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let (rows, cols) = self.drawn.shape;
        PyArray1::from_vec(py, self.drawn.weights(&self.spec.mapping, gain)).reshape([rows, cols])
    }
}
