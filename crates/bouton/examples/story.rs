//! A story: someone wants to change the weights of a connection while the model runs, to learn with memristors.
//!
//! He asked in a forum of another simulator: the array that he changed was not the one that ran; the way round was a
//! rule with rate 0 and a node with references to the simulator's inside; his own rule took three classes; his
//! conductances were so small that the output stayed still, and nothing told him; half a minute took an hour. This is
//! what each of these is here, with figures.
//!
//! ```text
//! cargo run --release --example story
//! ```

use bouton::prelude::*;

#[path = "story/tale.rs"]
mod tale;

fn main() -> Result<(), Error> {
    println!("1. He changes the array that he gave the connection.");
    let e = tale::edit_from_outside()?;
    println!("   The input is 0.6. Built with weights of zero, the output is {:.3}.", e.at_first);
    println!(
        "   After he changes his own copy: {:.3}. It is his: the network has another.",
        e.after_own_copy
    );
    println!(
        "   After `sim.set_weights` on `{}`, which has no learning rule: {:.3}.",
        e.connection, e.after_set
    );
    println!("   After `sim.edit_weights`, all halved: {:.3}.", e.after_edit);
    println!("   A matrix that doesn't fit: \"{}\"", e.wrong_shape);
    println!("   A weight of NaN: \"{}\"", e.not_a_number);
    println!("   The weights after both: {}.", if e.untouched { "untouched" } else { "changed" });

    println!(
        "\n2. He writes the weights from a node in every step: error and activities in, weights changed."
    );
    let n = tale::node_that_learns(true)?;
    println!(
        "   Mean square error: {:.4} in the first second, {:.4} in the last two of eight.",
        n.before, n.after
    );
    match tale::node_that_learns(false) {
        Err(e) => println!("   The same node without `.edits(conn)`: \"{e}\""),
        Ok(_) => println!("   The same node without `.edits(conn)` was let through: that is a bug."),
    }

    println!("\n3. The same as a rule of his own: one closure.");
    let r = tale::rule_in_a_closure()?;
    println!(
        "   Mean square error: {:.4} in the first second, {:.4} in the last two of eight.",
        r.before, r.after
    );

    println!(
        "\n4. His memristors, w = r0/R⁺ − r0/R⁻, are to learn the identity on a sine by mPES, for 20 s."
    );
    let d = tale::his_devices();
    println!(
        "   R = {:.0} Ω + {:.1e} Ω · n^{:.3}: pulses of {} V, as on the second day of his thread; at the 1 V of the first, R\n   falls a hundredfold within the run and the weights leave 1e-7 behind.",
        d.r0,
        d.r1,
        d.exponent(),
        d.voltage
    );
    let m = tale::memristors(20.0)?;
    println!(
        "   The largest of 10,000 weights is {:.1e}. The target has rms {:.2}, the output {:.3}.",
        m.largest, m.target, m.output
    );
    for note in &m.notes {
        println!("   The scale check says, before the first step: {note}.");
    }
    println!(
        "   With the gain {:.1e}, everything else the same: the output has rms {:.2},",
        m.gain, m.output_after
    );
    println!("   the mean square error is {:.4} in place of {:.4}.", m.after, m.before);
    for note in m.notes_after.iter().filter(|n| n.is_warning()) {
        println!("   The scale check still says: {note}.");
    }

    println!("\n5. Thirty seconds with 100 × 100 pairs, learning all the time.");
    let t = tale::timed(30.0)?;
    println!(
        "   {:.2} s of wall time on one thread for {:.3e} pulses: {:.1} ns a pulse, {:.1} times real time. \
         Mean square error {:.4}.",
        t.wall,
        t.pulses as f64,
        1e9 * t.wall / t.pulses.max(1) as f64,
        t.seconds / t.wall,
        t.error
    );
    if cfg!(debug_assertions) {
        println!("   (Built for development; with `--release` it is faster.)");
    }
    Ok(())
}
