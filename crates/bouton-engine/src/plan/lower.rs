//! From operators to kernels, one at a time.

use std::collections::HashMap;

use bouton_elements::neurons::FastForm;
use bouton_elements::synapses::Filter;
use bouton_model::{ConnectionId, Error, Slice};

use super::{ALIGN, FunctionCall, Kernel, NodeCall, Passes, Plan, ProcessPlan, RulePlan, Shadow, Span};
use crate::program::{Action, Program, SignalId};

impl Plan {
    fn span(&self, s: SignalId) -> Span {
        self.spans[s.index()]
    }

    fn contiguous(&self, program: &Program, s: SignalId) -> Result<Span, Error> {
        let x = &program.signals[s.index()];
        if x.rows > 1 && self.strides[s.index()] != x.cols {
            return Err(Error::build(
                &x.name,
                "a part of the columns of a matrix can only be used in a product",
            ));
        }
        Ok(self.span(s))
    }

    pub(super) fn lower(
        &mut self,
        program: &Program,
        k: usize,
        bias_copy: Option<usize>,
        passes: Passes,
    ) -> Result<(), Error> {
        let op = &program.operators[k];
        let object = op.object.clone();
        match &op.action {
            Action::TimeUpdate | Action::Probe { .. } => {}
            Action::Reset { dst, value } => {
                let dst = self.contiguous(program, *dst)?;
                self.push(Kernel::Fill { dst, value: *value }, &object, "");
            }
            Action::Copy { src, dst, from, to, inc, delta_of } => {
                let (s, d) = (self.contiguous(program, *src)?, self.contiguous(program, *dst)?);
                self.copy(&object, s, d, from, to, *inc, *delta_of)?;
            }
            Action::ElementwiseInc { a, x, y } => {
                let kernel = Kernel::Scale {
                    a: self.contiguous(program, *a)?,
                    x: self.contiguous(program, *x)?,
                    y: self.contiguous(program, *y)?,
                };
                self.push(kernel, &object, "");
            }
            Action::DotInc { a, x, y } => {
                let (cols, stride) = (program.signals[a.index()].cols, self.strides[a.index()]);
                let (m, x, y) = (self.span(*a), self.span(*x), self.span(*y));
                match bias_copy.map(|c| &program.operators[c].action) {
                    Some(Action::Copy { src, .. }) => {
                        let bias = self.span(*src);
                        let enc_t = if cols == 1 { m } else { self.shadow(m, cols) };
                        self.push(Kernel::Encode { bias, enc_t, x, j: y }, &object, "fuse_encoding");
                    }
                    _ => self.push(Kernel::Gemv { a: m, stride, cols, x, y }, &object, ""),
                }
            }
            Action::Node { node, function, x, out, edits } => {
                let call = self.nodes.len();
                let (x, out) = (x.map(|s| self.span(s)), out.map(|s| self.span(s)));
                let edits = edits.iter().map(|e| e.0).collect();
                self.nodes.push(NodeCall {
                    object: object.clone(),
                    node: *node,
                    function: function.clone(),
                    x,
                    out,
                    edits,
                });
                self.push(Kernel::Node { call }, &object, "");
            }
            Action::Function { function, x, out } => {
                let call = self.functions.len();
                let (x, out) = (self.span(*x), self.span(*out));
                self.functions.push(FunctionCall {
                    object: object.clone(),
                    function: function.clone(),
                    x,
                    out,
                });
                self.push(Kernel::Function { call }, &object, "");
            }
            Action::Neurons { neurons, j, out, state, .. } => {
                let population = self.populations.len();
                self.populations.push(neurons.clone());
                let (j, out) = (self.span(*j), self.span(*out));
                match (neurons.model().fast_form(), &state[..]) {
                    (Some(FastForm::LifPhase), [v, r]) if passes.lif_phase && at_rest(program, *v) => {
                        self.marks.insert(*r, population);
                        let kernel =
                            Kernel::LifPhase { population, j, v: self.span(*v), mark: self.span(*r), out };
                        self.push(kernel, &object, "lif_phase");
                    }
                    _ => {
                        let state = state.iter().map(|s| self.span(*s)).collect();
                        self.push(Kernel::Neurons { population, j, out, state }, &object, "");
                    }
                }
            }
            Action::Filter { filter, u, out, state, .. } => {
                self.seed_draws.push(None);
                let (u, y) = (self.contiguous(program, *u)?, self.span(*out));
                let kernel = match (filter, state) {
                    (Filter::First { a, b }, _) => Kernel::First { a: *a, b: *b, u, y },
                    (Filter::Space(s), Some(x)) => {
                        Kernel::Space { space: Box::new(s.clone()), u, x: self.span(*x), y }
                    }
                    (Filter::Gain(g), _) => Kernel::Gain { gain: *g, u, y },
                    (Filter::Space(_), None) => return Err(Error::build(object, "a filter without state")),
                };
                self.push(kernel, &object, "");
            }
            Action::Process { process, out } => {
                let k = self.processes.len();
                if process.model().seed().is_none() {
                    self.seed_draws.push(Some(k));
                }
                let out = self.span(*out);
                self.processes.push(ProcessPlan { object: object.clone(), process: process.clone(), out });
                self.push(Kernel::Process { process: k }, &object, "");
            }
            Action::Rule { connection, rule, inputs, error, weights, delta, state, now } => {
                let w = &program.signals[weights.index()];
                let plan = RulePlan {
                    object: object.clone(),
                    connection: *connection,
                    rule: rule.clone(),
                    inputs: inputs.iter().map(|s| self.span(*s)).collect(),
                    error: error.map(|s| self.span(s)),
                    weights: self.span(*weights),
                    shape: (w.rows, w.cols),
                    delta: delta.map(|s| self.span(s)),
                    state: state.iter().map(|s| self.span(*s)).collect(),
                    now: *now,
                };
                let k = self.rules.len();
                self.rules.push(plan);
                self.push(Kernel::Rule { rule: k }, &object, "");
            }
        }
        Ok(())
    }

    #[allow(clippy::too_many_arguments, reason = "the fields of one operator")]
    fn copy(
        &mut self,
        object: &str,
        src: Span,
        dst: Span,
        from: &Slice,
        to: &Slice,
        inc: bool,
        delta_of: Option<ConnectionId>,
    ) -> Result<(), Error> {
        let part = |s: Span, slice: &Slice| match slice {
            Slice::All => Some(s),
            Slice::Range(a, b) => Some(Span { start: s.start + a, len: b.min(&s.len) - a }),
            Slice::Indices(_) => None,
        };
        let indices = |slice: &Slice| match slice {
            Slice::Indices(i) => Some(i.iter().map(|i| *i as u32).collect::<Box<[u32]>>()),
            _ => None,
        };
        if src.overlaps(dst) {
            return Err(Error::build(object, "copies a signal onto itself"));
        }
        let kernel = match (part(src, from), part(dst, to)) {
            (Some(src), Some(dst)) if src.len == dst.len => Kernel::Copy { src, dst, inc, delta_of },
            (Some(src), Some(dst)) => {
                return Err(Error::build(
                    object,
                    format!("delivers {} values where {} are taken", src.len, dst.len),
                ));
            }
            (s, d) => Kernel::CopyIndexed {
                src: s.unwrap_or(src),
                dst: d.unwrap_or(dst),
                from: indices(from),
                to: indices(to),
                inc,
            },
        };
        self.push(kernel, object, "");
        Ok(())
    }

    fn shadow(&mut self, source: Span, cols: usize) -> Span {
        let dst = Span { start: self.arena, len: source.len };
        self.arena += source.len.next_multiple_of(ALIGN);
        self.shadows.push(Shadow { source, cols, dst });
        dst
    }
}

/// Whether no neuron begins above its threshold. The phase form takes a spike to fall within the step in which the voltage
/// passes the threshold; one that is above it before has its spike at a time of its own.
fn at_rest(program: &Program, voltage: SignalId) -> bool {
    program.signals[voltage.index()].initial.iter().flat_map(|v| v.iter()).all(|v| *v <= 1.0)
}

/// Encoders (index of their DotInc) that can be fused with the copy of the bias (index of it): the copy is the only set
/// of the current, and the product is the first increment of it in the order of the step, so that sums keep their order.
pub(super) fn fusable(program: &Program, order: &[usize]) -> HashMap<usize, usize> {
    let mut set_by: HashMap<SignalId, usize> = HashMap::new();
    let mut done: HashMap<SignalId, bool> = HashMap::new();
    let mut fused = HashMap::new();
    for &k in order {
        let action = &program.operators[k].action;
        if let Action::Copy { src, dst, from: Slice::All, to: Slice::All, inc: false, .. } = action
            && program.signals[dst.index()].view.is_none()
            && program.signals[src.index()].len() == program.signals[dst.index()].len()
        {
            set_by.insert(*dst, k);
            continue;
        }
        for s in program.operators[k].access().incs {
            let first = done.insert(program.base(s), true).is_none();
            if let (true, Action::DotInc { a, x, y }, Some(copy)) = (first, action, set_by.get(&s)) {
                let (m, n) = (&program.signals[a.index()], program.signals[x.index()].len());
                // Wider products sum in lanes along the row, which columns side by side would not repeat.
                if *y == s && m.view.is_none() && n < 2 * bouton_kernels::LANES {
                    fused.insert(k, *copy);
                }
            }
        }
    }
    fused
}
