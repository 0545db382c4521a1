//! Encoders follow their scaled ones where a rule changes these: whoever reads, saves or edits them finds what was learned.
//! Operands: the scaled encoders, the encoders; what these are multiplied by, one number a neuron.

use bouton_core::Failure;
use bouton_engine::{At, Call, Io, Running, Shape, Start};

/// Encoders of scaled ones, after a rule's change and before anything reads either.
#[derive(Clone, Debug)]
pub(crate) struct EncodersCall;

impl Call for EncodersCall {
    fn name(&self) -> &str {
        "encoders"
    }
    fn check(&self, on: &[Shape]) -> Result<(), String> {
        match on {
            [s, e, scale] if e.rows == s.rows && e.cols == s.cols && scale.len() == e.rows => Ok(()),
            _ => Err("takes scaled encoders, as many plain ones, and a number for each row".into()),
        }
    }
    fn start(&self, _: &Start) -> Result<Box<dyn Running>, String> {
        Ok(Box::new(EncodersCall))
    }
}

impl Running for EncodersCall {
    fn step(&mut self, _: &At, io: &mut Io<'_>) -> Result<(), Failure> {
        let single = !io.holds(1e300);
        let kept = |x: f64| if single { f64::from(x as f32) } else { x };
        io.with(|writes, reads| {
            let ([scaled, encoders], [scale]) = (writes, reads) else { return };
            let d = encoders.len() / scale.len().max(1);
            for (k, (s, e)) in scaled.iter_mut().zip(&mut **encoders).enumerate() {
                let scale = scale[k / d.max(1)];
                // What hasn't moved keeps its bits. What has is what a model with these encoders would have: an edit that
                // leaves them as they are then changes nothing. A neuron without gain has nothing to learn.
                if kept(*e * scale) != *s {
                    if scale != 0.0 {
                        *e = *s / scale;
                    }
                    *s = *e * scale;
                }
            }
        });
        Ok(())
    }
}
