//! One draw and what checks say of it.

use std::time::Instant;

use bouton::prelude::*;

use crate::dice::Dice;
use crate::face::{Told, findings, scale_notes};
use crate::fault::{Fault, plant};
use crate::kinds::{Base, KINDS, draw};
use crate::model::{Model, describe};

/// A model counts as mis-scaled if its error is so many times that of the well-scaled one.
pub const MIS_SCALED: f64 = 4.0;
/// It is mended if its error is at most so many times that of the well-scaled one.
pub const MENDED: f64 = 2.0;
/// An advice makes it worse if the error is more than so many times what it was, and than that of the well-scaled one: a fault may
/// leave less of it by chance, of noise say, and what takes the fault away is no worse for that.
pub const WORSE: f64 = 1.05;

/// A model and its fault.
#[derive(Clone, Debug)]
pub struct Drawn {
    /// The model as it is, with the fault if there is one.
    pub model: Model,
    /// The well-scaled one.
    pub twin: Model,
    /// What is wrong with it.
    pub fault: Option<Fault>,
}

/// Draws the model of a seed: odd ones are ordinary, even ones have a fault.
///
/// # Errors
/// A network that can't be built; none should be.
pub fn drawn(seed: u32) -> Result<Drawn, Error> {
    let ordinary = seed % 2 == 1;
    let mut dice = Dice::new(seed);
    let kind = dice.below(KINDS.len());
    let mut base = Base::new(dice, ordinary);
    let twin = draw(&mut base, kind)?;
    let mut model = twin.clone();
    let fault = if ordinary { None } else { Some(plant(&mut base.dice, &mut model)?) };
    Ok(Drawn { model, twin, fault })
}

/// What came of one draw.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Its seed.
    pub seed: u32,
    /// Kind of the network.
    pub network: &'static str,
    /// Kind of the fault; none of an ordinary model.
    pub fault: Option<String>,
    /// Error of the well-scaled model.
    pub twin: f64,
    /// Error of the model; none where it can't be built, which says what is wrong by itself.
    pub error: Option<f64>,
    /// Error after all advice; none where there was none.
    pub after: Option<f64>,
    /// Findings of the scale check, and whether one names the fault.
    pub old: (usize, bool),
    /// Findings of the check, and whether one names the fault.
    pub new: (usize, bool),
    /// Seconds that the check took.
    pub seconds: f64,
    /// What went wrong with the harness or with the advice.
    pub trouble: Option<String>,
}

impl Outcome {
    /// Whether it counts as mis-scaled.
    pub fn mis_scaled(&self) -> bool {
        self.fault.is_some() && self.error.is_some_and(|e| e >= MIS_SCALED * self.twin)
    }
    /// Whether all advice together made it as good as the well-scaled one.
    pub fn mended(&self) -> bool {
        self.after.is_some_and(|e| e <= MENDED * self.twin)
    }
    /// Whether the advice made it worse.
    pub fn worse(&self) -> bool {
        match (self.error, self.after) {
            (Some(before), Some(after)) => after > WORSE * before.max(self.twin),
            _ => false,
        }
    }
}

fn summary(told: &[Told], fault: Option<&Fault>) -> (usize, bool) {
    (told.len(), fault.is_some_and(|f| told.iter().any(|t| f.is_named_by(&t.object, t.parameter))))
}

/// Draws a model, and puts the check to it. With `report`, everything that a person needs to follow it is added there.
pub fn score(seed: u32, report: &mut Option<String>) -> Outcome {
    let mut o = Outcome { seed, ..Outcome::default() };
    let d = match drawn(seed) {
        Ok(d) => d,
        Err(e) => return Outcome { trouble: Some(format!("not drawn: {e}")), ..o },
    };
    let (model, twin) = (&d.model, &d.twin);
    o.network = model.kind;
    o.fault = d.fault.as_ref().map(|f| f.kind.clone());
    let mut say = |text: String| {
        if let Some(r) = report {
            r.push_str(&text);
            r.push('\n');
        }
    };
    say(format!("{}, {:?}, {} s, dt {:.3e} s", model.kind, model.input.shape, model.seconds, model.dt));
    say(describe(&model.net));
    if let Some(f) = &d.fault {
        say(format!("fault: {}\nnamed by: {:?}", f.words, f.named_by));
    }
    match twin.error(&twin.net, twin.dt) {
        Ok(e) => o.twin = e,
        Err(e) => return Outcome { trouble: Some(format!("the well-scaled one doesn't run: {e}")), ..o },
    }
    let error = if d.fault.is_some() { model.error(&model.net, model.dt) } else { Ok(o.twin) };
    o.error = error.as_ref().ok().copied();
    say(format!(
        "error: {:.4} well-scaled, {} as it is",
        o.twin,
        error.map_or_else(|e| e.to_string(), |e| format!("{e:.4}"))
    ));
    match scale_notes(&model.net, model.dt) {
        Ok(told) => {
            told.iter().for_each(|t| say(format!("scale note: {}", t.text)));
            o.old = summary(&told, d.fault.as_ref());
        }
        Err(_) => o.old = (0, false),
    }
    let start = Instant::now();
    let told = findings(&model.net, model.dt, model.seconds);
    o.seconds = start.elapsed().as_secs_f64();
    let told = match told {
        Ok((told, text)) => {
            say(text);
            told
        }
        Err(e) if o.error.is_some() => return Outcome { trouble: Some(format!("not checked: {e}")), ..o },
        Err(_) => vec![],
    };
    o.new = summary(&told, d.fault.as_ref());
    let (mut net, mut dt) = (model.net.clone(), model.dt);
    for t in &told {
        say(format!("finding: {} {:?}: {}", t.object, t.parameter, t.text));
        if let Some(mend) = &t.mend
            && let Err(e) = mend(&mut net, &mut dt)
        {
            o.trouble = Some(format!("an advice can't be followed: {e}"));
        }
    }
    if told.iter().any(|t| t.mend.is_some()) {
        say(format!("after all advice, dt {dt:.3e} s:\n{}", describe(&net)));
        o.after = match model.error(&net, dt) {
            Ok(e) => Some(e),
            Err(e) => {
                o.trouble = Some(format!("doesn't run after the advice: {e}"));
                Some(f64::INFINITY)
            }
        };
        say(format!("error after all advice: {:.4}", o.after.unwrap_or(0.0)));
    }
    say(format!("checked in {:.2} s", o.seconds));
    o
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_advice_makes_worse_what_was_better_before_it_and_without_the_fault() {
        let worse = |twin: f64, before: f64, after: f64| {
            Outcome { twin, error: Some(before), after: Some(after), ..Outcome::default() }.worse()
        };
        assert!(worse(0.1, 1.0, 1.06) && !worse(0.1, 1.0, 1.04));
        // The well-scaled model is as it is.
        assert!(!worse(0.149, 0.14, 0.149) && worse(0.149, 0.14, 0.158));
        assert!(!Outcome { twin: 1.0, error: Some(1.0), ..Outcome::default() }.worse());
    }
}
