//! Units, and the dialect of the expressions of rules.

use bouton_expr::{Dialect, Unit};

/// The units that a number of a rule may have behind it, after a blank.
pub const UNITS: &[Unit] = &[
    Unit::new("s", 0),
    Unit::new("ms", -3),
    Unit::new("us", -6),
    Unit::new("Hz", 0),
    Unit::new("kHz", 3),
    Unit::new("V", 0),
    Unit::new("mV", -3),
    Unit::new("uV", -6),
    Unit::new("A", 0),
    Unit::new("mA", -3),
    Unit::new("uA", -6),
    Unit::new("nA", -9),
    Unit::new("pA", -12),
    Unit::new("S", 0),
    Unit::new("mS", -3),
    Unit::new("uS", -6),
    Unit::new("nS", -9),
    Unit::new("Ohm", 0),
    Unit::new("kOhm", 3),
    Unit::new("MOhm", 6),
    Unit::new("Ω", 0),
    Unit::new("kΩ", 3),
    Unit::new("MΩ", 6),
    Unit::new("F", 0),
    Unit::new("nF", -9),
    Unit::new("pF", -12),
    Unit::new("/s", 0),
    Unit::new("/ms", 3),
    Unit::new("/Hz", 0),
    Unit::new("/V", 0),
    Unit::new("/mV", 3),
    Unit::new("/V^2", 0),
    Unit::new("/mV^2", 6),
];

/// How expressions of rules differ from those of nodes.
pub(crate) const DIALECT: Dialect = Dialect {
    dotted: true,
    units: UNITS,
    only_pi: true,
    delays: true,
    undeclared: "declare it as a parameter (`param NAME = 20 ms`), a third factor (`input NAME`) or a state \
                 (`pre NAME' = …`)",
};

/// The unit at the end of a number as it is written, and empty if it has none: `ms` of `20 ms`.
pub(crate) fn unit_of(number: &str) -> &str {
    let behind = number.split_once([' ', '\t']).map_or("", |(_, unit)| unit.trim());
    if UNITS.iter().any(|u| u.name == behind) { behind } else { "" }
}

/// The SI unit without prefix that a unit is a power of ten of: `s` of `ms`, `/V^2` of `/mV^2`.
pub(crate) fn si(unit: &str) -> String {
    let (inverse, rest) = unit.strip_prefix('/').map_or(("", unit), |rest| ("/", rest));
    let (core, power) = rest.split_once('^').map_or((rest, String::new()), |(c, p)| (c, format!("^{p}")));
    let bases = ["Ohm", "Ω", "Hz", "s", "V", "A", "S", "F"];
    let base = bases.into_iter().find(|b| core.ends_with(b)).unwrap_or(core);
    format!("{inverse}{base}{power}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_powers_of_ten_of_si() {
        for (unit, expected) in
            [("ms", "s"), ("kHz", "Hz"), ("/mV^2", "/V^2"), ("/s", "/s"), ("mS", "S"), ("MΩ", "Ω")]
        {
            assert_eq!(si(unit), expected);
        }
        for u in UNITS {
            assert!(UNITS.iter().any(|v| v.name == si(u.name) && v.power == 0), "{}", u.name);
        }
        assert_eq!(unit_of("-70.6 mV"), "mV");
        assert_eq!(unit_of("20"), "");
        assert_eq!(unit_of("20 ms * 2"), "");
    }
}
