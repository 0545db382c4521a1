//! Programs that Python makes: signals, then operators on them, then the order.

use std::sync::Arc;

use bouton_elements::devices::DeviceSpec;
use bouton_elements::neurons::NeuronType;
use bouton_elements::processes::{PresentInput, Process};
use bouton_elements::rules::Change;
use bouton_elements::transforms::Transform;
use bouton_engine::{
    Access, Apply, Bounds, Copy, Delta, Derived, Dot, Draws, Fill, Gather, Initial, Knob, Linked, Lowpass,
    Neurons, Op, Operand, Options, Passes, Precision, Role, Scale, Shape, SignalId, Simulation, Space, Taps,
};
use bouton_nef::{DeviceSignals, ProcessCall, Pulsed, RulePulses};
use numpy::{PyArrayDyn, PyArrayMethods, PyReadonlyArray2};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::calls::{Foreign, Function, Learn, Seeded};
use crate::devices::{Devices, Drawn, policy};
use crate::gains::{Follows, Gains};
use crate::lent::Lent;
use crate::raise;
use crate::rule::Rule;
use crate::shared::{Share, Shared};
use crate::sim::Sim;

/// Passes from what Python gives: all, none, "bitwise", or a list of names.
pub(crate) fn passes(given: &Bound<'_, PyAny>) -> PyResult<Passes> {
    if given.is_none() {
        return Ok(Passes::default());
    }
    if let Ok(on) = given.extract::<bool>() {
        return Ok(if on { Passes::default() } else { Passes::none() });
    }
    if let Ok(name) = given.extract::<String>() {
        return match name.as_str() {
            "all" => Ok(Passes::default()),
            "none" => Ok(Passes::none()),
            "bitwise" => Ok(Passes::bitwise()),
            other => Err(PyValueError::new_err(format!(
                "passes must be True, False, \"all\", \"none\", \"bitwise\" or a list of names, found \"{other}\""
            ))),
        };
    }
    let mut p = Passes::none();
    for name in given.extract::<Vec<String>>()? {
        p.switch(&name, true).ok_or_else(|| {
            let m = format!("there is no pass \"{name}\"; there are {}", Passes::NAMES.join(", "));
            PyValueError::new_err(m)
        })?;
    }
    Ok(p)
}

fn access(code: u8) -> PyResult<Access> {
    Ok(match code {
        0 => Access::Set,
        1 => Access::Inc,
        2 => Access::Read,
        3 => Access::Update,
        4 => Access::Edit,
        _ => return Err(PyValueError::new_err(format!("there is no access {code}"))),
    })
}

/// An operand: signal, access, and perhaps a range of elements.
type On = (u32, u8, Option<(usize, usize)>);

/// Pulses of what a rule wants: what the paths of the policy's parameters begin with, the policy if not that of the devices, the rule if
/// it is a text, the parts of its change, without a rule those of a matrix or of one product, and the activity that a gate sees.
type Pulses<'py> = (String, Option<String>, Option<PyRef<'py, Rule>>, Vec<u32>, u32);

/// A program while it is made.
#[pyclass]
pub(crate) struct Program {
    program: bouton_engine::Program,
    ids: Vec<SignalId>,
    share: Share,
    seeds: usize,
    /// Devices that were added: what they are, and their signals.
    banks: Vec<(Arc<DeviceSpec>, Vec<DeviceSignals>)>,
}

impl Program {
    fn keep(&mut self, s: SignalId) -> u32 {
        self.ids.push(s);
        self.ids.len() as u32 - 1
    }
    fn id(&self, k: u32) -> PyResult<SignalId> {
        self.ids
            .get(k as usize)
            .copied()
            .ok_or_else(|| PyValueError::new_err(format!("there is no signal {k}")))
    }
    fn operands(&self, on: &[On]) -> PyResult<Vec<Operand>> {
        on.iter()
            .map(|(k, a, part)| Ok(Operand { signal: self.id(*k)?, access: access(*a)?, part: *part }))
            .collect()
    }
    fn add_process(
        &mut self,
        of: &str,
        on: Vec<On>,
        process: Process,
        adds: bool,
    ) -> PyResult<(usize, usize)> {
        let on = self.operands(&on)?;
        let width = on.first().map_or(0, |o| self.program.get(o.signal).len());
        let process = Arc::new(ProcessCall { process, width, adds });
        let (share, slot) = (self.share.clone(), self.seeds);
        self.seeds += 1;
        let call = Seeded { process, share, slot };
        Ok((self.program.add(of, Op::Call(Arc::new(call)), on, Draws::No), slot))
    }
}

fn get<'py, T: for<'a> FromPyObject<'a, 'py>>(args: &Bound<'py, PyDict>, name: &str) -> PyResult<T>
where
    for<'a> <T as FromPyObject<'a, 'py>>::Error: Into<PyErr>,
{
    let x = args.get_item(name)?.ok_or_else(|| PyValueError::new_err(format!("`{name}` is missing")))?;
    x.extract::<T>().map_err(Into::into)
}

fn change(name: &str) -> PyResult<Change> {
    Ok(match name {
        "outer" => Change::Outer(1),
        "scaled" => Change::Scaled(1),
        "dense" => Change::Dense,
        _ => return Err(PyValueError::new_err(format!("there is no change \"{name}\""))),
    })
}

#[pymethods]
impl Program {
    #[new]
    fn new(py: Python<'_>) -> Program {
        let program = bouton_engine::Program::default();
        Program { program, ids: vec![], share: Shared::new(py), seeds: 0, banks: vec![] }
    }

    /// Adds a signal, of the simulation's number type or in double precision, with its values or zeros; returns its number. Values are
    /// copied, unless they are lent: an array that can't be written.
    #[pyo3(signature = (name, rows, cols, role, initial=None, double=false, lent=false))]
    #[allow(clippy::too_many_arguments, reason = "named in the one place that calls it")]
    fn signal(
        &mut self,
        name: String,
        rows: usize,
        cols: usize,
        role: &str,
        initial: Option<&Bound<'_, PyArrayDyn<f64>>>,
        double: bool,
        lent: bool,
    ) -> PyResult<u32> {
        let role = match role {
            "parameter" => Role::Parameter,
            "state" => Role::State,
            "scratch" => Role::Scratch,
            _ => return Err(PyValueError::new_err(format!("there is no role \"{role}\""))),
        };
        let initial = match initial {
            None => Initial::Zero,
            Some(a) => {
                let view = a.try_readonly()?;
                let values = view.as_slice()?;
                let lend = || if lent { Lent::new(a) } else { Ok(None) };
                match values.iter().all(|x| x.to_bits() == 0) {
                    true => Initial::Zero,
                    false => lend()?.map_or_else(|| values.to_vec().into(), |l| Initial::Values(Arc::new(l))),
                }
            }
        };
        let s = if double {
            self.program.double(name, rows, cols, role, initial)
        } else {
            self.program.signal(name, rows, cols, role, initial)
        };
        Ok(self.keep(s))
    }

    /// Adds a view of `rows` × `cols` elements from `offset` on.
    fn view(&mut self, of: u32, offset: usize, rows: usize, cols: usize) -> PyResult<u32> {
        let base = self.id(of)?;
        let s = self.program.view(base, offset, rows, cols);
        Ok(self.keep(s))
    }

    /// Adds an operator of a kind on operands; returns its position.
    #[pyo3(signature = (kind, of, on, **args))]
    fn op<'py>(
        &mut self,
        py: Python<'py>,
        kind: &str,
        of: &str,
        on: Vec<On>,
        args: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<usize> {
        let on = self.operands(&on)?;
        let none = PyDict::new(py);
        let args = args.unwrap_or(&none);
        let at = match kind {
            "probe" => self.program.add(of, Op::Probe, on, Draws::No),
            "fill" => self.program.kernel(of, Fill { value: get(args, "value")? }, on),
            "copy" => self.program.kernel(of, Copy { inc: get(args, "inc")? }, on),
            "gather" => {
                let list = |l: Option<Vec<u32>>| l.map(Vec::into_boxed_slice);
                let (from, to) = (list(get(args, "source")?), list(get(args, "target")?));
                self.program.kernel(of, Gather { from, to, inc: get(args, "inc")? }, on)
            }
            "scale" => self.program.kernel(of, Scale, on),
            "dot" => self.program.kernel(of, Dot { stride: get(args, "stride")? }, on),
            "lowpass" => self.program.kernel(of, Lowpass, on),
            "space" => self.program.kernel(of, Space { n: get(args, "n")? }, on),
            "taps" => self.program.kernel(of, Taps { n: get(args, "n")? }, on),
            "neurons" => {
                let text: String = get(args, "json")?;
                let neurons: NeuronType =
                    serde_json::from_str(&text).map_err(|e| PyValueError::new_err(format!("{of}: {e}")))?;
                self.program.kernel(of, Neurons { neurons }, on)
            }
            "linked" => {
                let text: String = get(args, "json")?;
                let transform: Transform =
                    serde_json::from_str(&text).map_err(|e| PyValueError::new_err(format!("{of}: {e}")))?;
                let links = transform.model().links();
                let links =
                    links.ok_or_else(|| PyValueError::new_err(format!("{of}: connects no single values")))?;
                self.program.kernel(of, Linked::new(Arc::new(links)), on)
            }
            "learn" => {
                let name: String = get(args, "rule")?;
                let learn = Learn::named(&name, get(args, "encoded")?)
                    .ok_or_else(|| PyValueError::new_err(format!("there is no rule \"{name}\"")))?;
                self.program.add(of, Op::Call(Arc::new(learn)), on, Draws::No)
            }
            "apply" => {
                let changes: Vec<String> = get(args, "changes")?;
                let changes = changes.iter().map(|c| change(c)).collect::<PyResult<_>>()?;
                let (cols, encoded) = (get(args, "cols")?, get(args, "encoded")?);
                let apply = Apply { changes, at_spikes: [].into(), cols, bounded: false, encoded };
                self.program.kernel(of, apply, on)
            }
            "delta" => {
                let name: String = get(args, "change")?;
                self.program.kernel(of, Delta::new(change(&name)?, None, get(args, "cols")?), on)
            }
            _ => return Err(PyValueError::new_err(format!("there is no kind of operator \"{kind}\""))),
        };
        Ok(at)
    }

    /// Adds an operator that stays Python's; returns its position, and the slot of its step function.
    fn foreign(&mut self, py: Python<'_>, name: String, of: &str, on: Vec<On>) -> PyResult<(usize, usize)> {
        let on = self.operands(&on)?;
        let slot = self.share.add_step(py, None)?;
        let call = Foreign { share: self.share.clone(), slot, name };
        Ok((self.program.add(of, Op::Call(Arc::new(call)), on, Draws::No), slot))
    }

    /// Adds a function; returns its position. `check` makes values of what it returns where that is nothing usual.
    #[pyo3(signature = (of, on, function, check, takes_time, takes_values, returns, single))]
    #[allow(clippy::too_many_arguments, reason = "named in the one place that calls it")]
    fn function(
        &mut self,
        py: Python<'_>,
        of: &str,
        on: Vec<On>,
        function: Py<PyAny>,
        check: Py<PyAny>,
        takes_time: bool,
        takes_values: bool,
        returns: bool,
        single: bool,
    ) -> PyResult<usize> {
        let on = self.operands(&on)?;
        let share = self.share.clone();
        let (slot, check) = (share.add_step(py, Some(function))?, share.add_step(py, Some(check))?);
        let call = Function { share, slot, check, takes_time, takes_values, returns, single };
        Ok(self.program.add(of, Op::Call(Arc::new(call)), on, Draws::No))
    }

    /// Gives a signal a path.
    fn knob(&mut self, path: &str, signal: u32, unit: String, doc: String) -> PyResult<()> {
        let s = self.id(signal)?;
        self.program.knobs_mut().add(path, Knob::plain(s, unit, Bounds::ANY, doc));
        Ok(())
    }

    /// Adds the step of a rule of the list, for weights of `rows` × `cols`: its operands are those of `RuleCall`.
    fn rule(&mut self, of: &str, on: Vec<On>, rule: &Rule, rows: usize, cols: usize) -> PyResult<usize> {
        let (on, model) = (self.operands(&on)?, rule.rule.model());
        let call = bouton_nef::RuleCall {
            rule: rule.rule.clone(),
            shape: (rows, cols),
            parts: model.makes().parts(rows, cols).len(),
            states: rule.states().len(),
            inputs: model.inputs().len(),
            encoded: false,
            factors: model.factors().into_iter().map(|f| f.name).collect(),
        };
        Ok(self.program.add(of, Op::Call(Arc::new(call)), on, Draws::No))
    }
    /// Adds what a rule's change does to the weights: `Apply`, with its operands.
    fn apply(&mut self, of: &str, on: Vec<On>, rule: &Rule, cols: usize) -> PyResult<usize> {
        let (on, change) = (self.operands(&on)?, rule.rule.model().makes());
        let at_spikes = matches!(change, Change::AtSpikes(_)).then(|| rule.rule.clone());
        let at_spikes = at_spikes.into_iter().collect();
        let apply = Apply { changes: [change].into(), at_spikes, cols, bounded: false, encoded: false };
        Ok(self.program.kernel(of, apply, on))
    }

    /// Adds the change of a rule as a matrix: its operands are those of `Delta`.
    fn delta(&mut self, of: &str, on: Vec<On>, rule: &Rule, cols: usize) -> PyResult<usize> {
        let (on, change) = (self.operands(&on)?, rule.rule.model().makes());
        let at_spikes = matches!(change, Change::AtSpikes(_)).then(|| rule.rule.clone());
        Ok(self.program.kernel(of, Delta::new(change, at_spikes, cols), on))
    }

    /// Adds a process of the list, from a text of JSON, that sets the first operand or is added to it; returns its position, and the
    /// number under which it is given a seed, if it has none.
    fn process(&mut self, of: &str, on: Vec<On>, json: &str, adds: bool) -> PyResult<(usize, usize)> {
        let process = serde_json::from_str(json).map_err(|e| PyValueError::new_err(format!("{of}: {e}")))?;
        self.add_process(of, on, process, adds)
    }

    /// The same of inputs that are shown in turn, a row each.
    fn present(
        &mut self,
        of: &str,
        on: Vec<On>,
        inputs: PyReadonlyArray2<'_, f64>,
        presentation_time: f64,
        adds: bool,
    ) -> PyResult<(usize, usize)> {
        let inputs = inputs.as_array().outer_iter().map(|row| row.to_vec()).collect();
        self.add_process(of, on, PresentInput { inputs, presentation_time }.into(), adds)
    }

    /// Gives the gains of an ensemble a path: a write rescales the rows of the scaled `encoders`, and sets what `follows`: signals that
    /// have a gain of each of these neurons, times a factor.
    fn gains(
        &mut self,
        path: String,
        encoders: u32,
        values: Vec<f64>,
        follows: Vec<(u32, Vec<usize>, f64)>,
    ) -> PyResult<()> {
        let encoders = self.id(encoders)?;
        let dimensions = self.program.get(encoders).len() / values.len().max(1);
        let follows = follows.into_iter().map(|(signal, neurons, factor)| {
            self.id(signal).map(|signal| Follows { signal, neurons, factor })
        });
        let follows = follows.collect::<PyResult<Vec<_>>>()?;
        let gain = self.program.double(path.clone(), values.len(), 1, Role::Parameter, values);
        let door = Arc::new(Gains { gain, encoders, dimensions, follows });
        self.program.knobs_mut().add(path, Knob::through(gain, "", "gains of the neurons", door));
        Ok(())
    }

    /// Adds the devices of a connection, which make `weights`; their paths begin with `name`. Returns their number.
    fn devices(
        &mut self,
        name: &str,
        devices: &Devices,
        drawn: &Drawn,
        gain: f64,
        weights: u32,
    ) -> PyResult<usize> {
        let (spec, weights) = (devices.spec.clone(), self.id(weights)?);
        let signals = bouton_nef::add_devices(&mut self.program, name, &spec, drawn.drawn.clone(), gain);
        bouton_nef::add_device_knobs(&mut self.program, (name, name), &spec, &signals, weights);
        self.banks.push((spec, signals));
        Ok(self.banks.len() - 1)
    }

    /// Adds pulses on devices, of what rules want, in their order. `learned` are weights, mask of what is frozen, and whether anything is.
    fn pulses(
        &mut self,
        of: &str,
        bank: usize,
        rules: Vec<Pulses<'_>>,
        learned: [u32; 3],
    ) -> PyResult<usize> {
        let none = || PyValueError::new_err(format!("there are no devices {bank}"));
        let (spec, banks) = self.banks.get(bank).ok_or_else(none)?;
        let of_rule = |(prefix, given, rule, parts, activity): Pulses<'_>| -> PyResult<RulePulses> {
            // Without a rule: a matrix, or one product.
            let wanted = if parts.len() == 1 { Change::Dense } else { Change::Outer(1) };
            let made = rule.map_or(wanted, |r| r.rule.model().makes());
            Ok(RulePulses {
                policy: given.map_or_else(|| Ok(spec.policy.clone()), |json| policy(&json))?,
                prefix,
                change: if made.reads_weights() { Change::Dense } else { made },
                parts: parts.iter().map(|k| self.id(*k)).collect::<PyResult<_>>()?,
                activity: self.id(activity)?,
            })
        };
        let rules = rules.into_iter().map(of_rule).collect::<PyResult<_>>()?;
        let learned = [self.id(learned[0])?, self.id(learned[1])?, self.id(learned[2])?];
        Ok(Pulsed { spec, banks, rules, learned }.add(&mut self.program, of))
    }

    /// Has whether anything is frozen follow from what is.
    fn derive_freezing(&mut self, of: String, frozen: u32, mode: u32) -> PyResult<()> {
        let (reads, writes) = (vec![self.id(frozen)?], vec![self.id(mode)?]);
        self.program.derive(Derived { what: Arc::new(bouton_nef::Freezing), reads, writes, of });
        Ok(())
    }

    /// The order of the operators, by position; the clock is the first.
    fn order(&mut self, order: Vec<usize>) {
        self.program.set_order(order);
    }

    /// Rows, columns and stride of a signal.
    fn shape(&self, signal: u32) -> PyResult<(usize, usize, usize)> {
        let s = self.program.get(self.id(signal)?);
        let Shape { rows, cols, stride } = Shape { rows: s.rows, cols: s.cols, stride: s.stride() };
        Ok((rows, cols, stride))
    }

    /// Plans and starts the program, which is empty afterwards.
    #[pyo3(signature = (dt, single, threads, passes))]
    fn start(
        &mut self,
        py: Python<'_>,
        dt: f64,
        single: bool,
        threads: usize,
        passes: &Bound<'_, PyAny>,
    ) -> PyResult<Sim> {
        let passes = self::passes(passes)?;
        let precision = if single { Precision::F32 } else { Precision::F64 };
        let options = Options { dt, precision, threads: threads.max(1), passes, ..Options::default() };
        let program = std::mem::take(&mut self.program);
        let sim = py.detach(|| Simulation::new(program, options)).map_err(|e| raise(&e))?;
        let share = std::mem::replace(&mut self.share, Shared::new(py));
        Ok(Sim::new(sim, std::mem::take(&mut self.ids), share))
    }
}
