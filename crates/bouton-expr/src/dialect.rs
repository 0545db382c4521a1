//! What a language that expressions are part of may have differently.

use crate::functions::CONSTANTS;

/// Another way to write expressions. The default is the language as the documentation of the crate has it.
///
/// ```
/// use bouton_expr::{Dialect, Program, Scratch, Unit, Vars};
/// const UNITS: &[Unit] = &[Unit::new("ms", -3)];
/// let dialect = Dialect { dotted: true, units: UNITS, ..Dialect::default() };
/// let rate = Program::compile("pre.out * 20 ms", &Vars::new().pre("pre.out").dialect(dialect))?;
/// let mut out = [0.0; 2];
/// rate.eval_block(&mut Scratch::new(), 1, 2, &[&[10.0, 100.0]], &mut out);
/// assert_eq!(out, [0.2, 2.0]);
/// # Ok::<(), bouton_expr::ExprError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dialect {
    /// Whether names may have dots in them, as `pre.out`.
    pub dotted: bool,
    /// The units that a number may have behind it, after a blank.
    pub units: &'static [Unit],
    /// Whether `pi` is the only constant: `tau` and `e` are then names like others.
    pub only_pi: bool,
    /// Whether `delay(NAME, NUMBER)` is what a variable was so many seconds ago. It is a variable of its own, with the name
    /// that [`Delayed::variable`](crate::Delayed::variable) gives.
    pub delays: bool,
    /// How a name is declared, for messages about an unknown one, as "declare it with `param`". Where this is given, such a
    /// message proposes no function.
    pub undeclared: &'static str,
}

impl Dialect {
    /// The constants that it has.
    pub(crate) fn constants(self) -> impl Iterator<Item = (&'static str, f64)> {
        CONSTANTS.iter().copied().filter(move |c| !self.only_pi || c.0 == "pi")
    }
}

/// A unit: what it is called, and which power of ten of the SI unit it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unit {
    /// As it is written; one that begins with `/` is an inverse.
    pub name: &'static str,
    /// The power of ten.
    pub power: i8,
}

impl Unit {
    /// A unit.
    pub const fn new(name: &'static str, power: i8) -> Unit {
        Unit { name, power }
    }
    /// A number of it, as it is written, in SI: to the bit what the number would be that is written out in SI.
    ///
    /// ```
    /// use bouton_expr::Unit;
    /// assert_eq!(Unit::new("/mV", 3).value("14e-5"), Some(0.14));
    /// assert_ne!(14e-5 * 1e3, 0.14);
    /// ```
    pub fn value(self, number: &str) -> Option<f64> {
        let (digits, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
        // An exponent of that many digits is beyond any number.
        let exponent = exponent.parse::<i64>().ok()?.saturating_add(i64::from(self.power));
        format!("{digits}e{exponent}").parse().ok().filter(|x: &f64| x.is_finite())
    }
}
