//! The kernels that are loops on spans: they call nothing of the user's, and several can run at once.

use bouton_elements::neurons::StepReal;
use bouton_elements::synapses::Filter;
use bouton_kernels::{Level, LifStep};

use crate::arena::Arena;
use crate::frozen::Frozen;
use crate::plan::{Kernel, Plan};

/// What loops need of a simulation.
pub(crate) struct Loops<'a, T> {
    pub(crate) arena: &'a Arena<T>,
    pub(crate) plan: &'a Plan,
    pub(crate) level: Level,
    pub(crate) dt: f64,
    pub(crate) lif: &'a [Option<LifStep<T>>],
    pub(crate) frozen: &'a [Frozen],
}

// SAFETY: kernels that run at once are of one stage, and the plan puts into a stage only kernels of which none writes
// what another reads or writes (`Plan::stages`, checked by its test).
unsafe impl<T: Sync> Sync for Loops<'_, T> {}

impl<T: StepReal> Loops<'_, T> {
    /// Runs kernel `k`, which must be a loop; calls of callbacks, processes and rules are the simulation's.
    pub(crate) fn run(&self, k: usize) {
        let (arena, level) = (self.arena, self.level);
        // SAFETY (of all accesses below): the order of operators refuses one that writes what it reads, signals have
        // spans of their own, and the plan refuses copies within one span. So the spans of a kernel that are written
        // overlap no other span of it; and kernels that run at once don't meet (see above).
        match &self.plan.kernels[k] {
            // SAFETY: as above.
            Kernel::Fill { dst, value } => {
                // SAFETY: as above.
                let y = unsafe { arena.get_mut(*dst) };
                bouton_kernels::fill(y, T::of(*value));
            }
            Kernel::Copy { src, dst, inc, delta_of } => {
                if delta_of.is_some_and(|c| self.frozen[c.index()] == Frozen::All) {
                    return;
                }
                // SAFETY: as above.
                let (x, y) = unsafe { (arena.get(*src), arena.get_mut(*dst)) };
                if *inc {
                    bouton_kernels::add_assign(level, x, y);
                } else {
                    y.copy_from_slice(x);
                }
            }
            Kernel::CopyIndexed { src, dst, from, to, inc } => {
                // SAFETY: as above.
                let (x, y) = unsafe { (arena.get(*src), arena.get_mut(*dst)) };
                let n =
                    from.as_ref().map_or(x.len(), |f| f.len()).min(to.as_ref().map_or(y.len(), |t| t.len()));
                for i in 0..n {
                    let a = from.as_ref().map_or(i, |f| f[i] as usize);
                    let b = to.as_ref().map_or(i, |t| t[i] as usize);
                    if *inc {
                        y[b] += x[a];
                    } else {
                        y[b] = x[a];
                    }
                }
            }
            Kernel::Scale { a, x, y } => {
                // SAFETY: as above.
                let (a, x, y) = unsafe { (arena.get(*a), arena.get(*x), arena.get_mut(*y)) };
                bouton_kernels::scale_inc(level, a, x, y);
            }
            Kernel::Gemv { a, stride, cols, x, y } => {
                // SAFETY: as above.
                let (a, x, y) = unsafe { (arena.get(*a), arena.get(*x), arena.get_mut(*y)) };
                bouton_kernels::gemv_inc(level, a, *stride, *cols, x, y);
            }
            Kernel::Encode { bias, enc_t, x, j } => {
                // SAFETY: as above.
                let (b, e, x, j) =
                    unsafe { (arena.get(*bias), arena.get(*enc_t), arena.get(*x), arena.get_mut(*j)) };
                bouton_kernels::encode(level, b, e, x, j);
            }
            Kernel::Neurons { population, j, out, state } => {
                // SAFETY: as above; each state variable has a span of its own.
                let (j, out, mut state) = unsafe {
                    let state: Vec<&mut [T]> = state.iter().map(|s| arena.get_mut(*s)).collect();
                    (arena.get(*j), arena.get_mut(*out), state)
                };
                T::step(self.plan.populations[*population].model(), self.dt, j, out, &mut state);
            }
            Kernel::LifPhase { population, j, v, mark, out } => {
                if let Some(p) = &self.lif[*population] {
                    // SAFETY: as above.
                    let (j, v, m, o) = unsafe {
                        (arena.get(*j), arena.get_mut(*v), arena.get_mut(*mark), arena.get_mut(*out))
                    };
                    bouton_kernels::lif_phase(level, p, j, v, m, o);
                }
            }
            Kernel::EncodeLif { population, bias, enc_t, x, v, mark, out } => {
                if let Some(p) = &self.lif[*population] {
                    // SAFETY: as above.
                    let (b, e, x) = unsafe { (arena.get(*bias), arena.get(*enc_t), arena.get(*x)) };
                    // SAFETY: as above.
                    let (v, m, o) = unsafe { (arena.get_mut(*v), arena.get_mut(*mark), arena.get_mut(*out)) };
                    bouton_kernels::encode_lif_phase(level, p, b, e, x, v, m, o);
                }
            }
            Kernel::Population { population, bias, enc, x, v, mark, decoders, y } => {
                if let Some(p) = &self.lif[*population] {
                    // SAFETY: as above.
                    let (b, e, x, d) =
                        unsafe { (arena.get(*bias), arena.get(*enc), arena.get(*x), arena.get(*decoders)) };
                    // SAFETY: as above.
                    let (v, m, y) = unsafe { (arena.get_mut(*v), arena.get_mut(*mark), arena.get_mut(*y)) };
                    bouton_kernels::population(level, p, b, e, x[0], v, m, d, y);
                }
            }
            Kernel::First { a, b, u, y } => {
                // SAFETY: as above.
                let (u, y) = unsafe { (arena.get(*u), arena.get_mut(*y)) };
                if let ([u], [y]) = (u, &mut *y) {
                    // One value, the most frequent case, is not worth a dispatch.
                    *y = T::of(*a) * *y + T::of(*b) * *u;
                } else {
                    bouton_kernels::lowpass(level, T::of(*a), T::of(*b), u, y);
                }
            }
            Kernel::Gain { gain, u, y } => {
                // SAFETY: as above.
                let (u, y) = unsafe { (arena.get(*u), arena.get_mut(*y)) };
                Filter::Gain(*gain).step(u, &mut [], y);
            }
            Kernel::Space { space, u, x, y } => {
                // SAFETY: as above.
                let (u, x, y) = unsafe { (arena.get(*u), arena.get_mut(*x), arena.get_mut(*y)) };
                space.step(u, x, y);
            }
            Kernel::Node { .. } | Kernel::Function { .. } | Kernel::Process { .. } | Kernel::Rule { .. } => {}
        }
    }
}
