//! Synapses: linear filters on whatever a connection carries.
//!
//! To add one: a file with a struct of parameters that implements [`SynapseModel`] and [`Element`](crate::Element), and a line
//! in the list at the end of this page's source; from another crate, [`register_synapse`]. Model files, their schema,
//! `bouton list` and the generic tests follow.

mod statespace;

use crate::DynElement;
use crate::list::element_list;
use crate::var::{Var, parameter_values};

pub use linear::Method;
pub use statespace::{Filter, StateSpace, step_space, step_taps};

/// What a synapse is: a transfer function, and how it steps.
pub trait SynapseModel: DynElement {
    /// Refuses parameters that make no sense; the message names the parameter, what was expected and what was found.
    fn check(&self) -> Result<(), String>;
    /// The parameters that can change while the model runs, with their present values.
    fn vars(&self) -> Vec<Var>;
    /// The discrete filter for a time step `dt` (s), by zero-order hold: exact for inputs that are constant in a step.
    /// `parameters` are those of the moment, in the order of [`vars`](SynapseModel::vars), lists one number behind the
    /// other; they may have changed since `self` was made, and nonsense among them is refused.
    fn discretise(&self, dt: f64, parameters: &[f64]) -> Result<Filter, String>;
    /// Its transfer function in continuous time: coefficients of numerator and denominator in s, highest power first. `None`
    /// if it has none that is rational: then no [`LinearFilter`] can stand for it.
    fn transfer(&self) -> Option<(Vec<f64>, Vec<f64>)> {
        None
    }
    /// The same with its own parameters.
    fn filter(&self, dt: f64) -> Result<Filter, String> {
        self.discretise(dt, &parameter_values(&self.vars()))
    }
}

element_list! {
    /// A synapse with its parameters.
    Synapse: dyn SynapseModel, "synapses", register_synapse, |m| m.vars() => {
        lowpass::Lowpass,
        alpha::Alpha,
        linear::LinearFilter,
        triangle::Triangle,
    }
}

impl Synapse {
    /// This synapse in the form of another one, of which only the numbers can be changed: the other with other parameters.
    /// `None` where that can't be.
    ///
    /// A synapse of the same type with as many numbers is as it is. A [`LinearFilter`] takes every synapse that has a
    /// [transfer function](SynapseModel::transfer) whose polynomials are no longer than its own.
    ///
    /// ```
    /// use bouton_elements::synapses::{Alpha, LinearFilter, Lowpass, Synapse};
    /// let built = LinearFilter::new(vec![1.0], vec![0.01, 0.2, 1.0]).into();
    /// let low = Synapse::from(Lowpass { tau: 0.5 }).in_form_of(&built).unwrap();
    /// assert_eq!(low, LinearFilter::new(vec![1.0], vec![0.0, 0.5, 1.0]).into());
    /// assert!(Synapse::from(Alpha { tau: 0.5 }).in_form_of(&low).is_some());
    /// assert!(Synapse::from(Alpha { tau: 0.5 }).in_form_of(&Lowpass { tau: 0.5 }.into()).is_none());
    /// ```
    pub fn in_form_of(&self, other: &Synapse) -> Option<Synapse> {
        if let Some(form) = other.downcast_ref::<LinearFilter>() {
            if let Some(own) = self.downcast_ref::<LinearFilter>().filter(|own| own.as_form(form)) {
                return own.padded(form).map(Into::into);
            }
            let (num, den) = self.model().transfer().filter(|_| form.as_form(&LinearFilter::default()))?;
            return LinearFilter::new(num, den).padded(form).map(Into::into);
        }
        let numbers = |s: &Synapse| parameter_values(&s.model().vars()).len();
        (self.name() == other.name() && numbers(self) == numbers(other)).then(|| self.clone())
    }
}

/// A number is a low-pass filter with that time constant (s).
impl From<f64> for Synapse {
    fn from(tau: f64) -> Synapse {
        Lowpass { tau }.into()
    }
}
