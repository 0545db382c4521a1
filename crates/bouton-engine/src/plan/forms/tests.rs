//! What holds of every form that keeps a matrix: elements, parts and the whole agree, and an element that is written is what was
//! written.

use super::*;

/// Numbers without a pattern.
fn noise(k: usize) -> f64 {
    (k as f64 * 0.7 + 0.3 * (k * k % 97) as f64).sin()
}
fn opened(form: &AnyForm, numbers: usize, w: &[f64]) -> Vec<f64> {
    let mut own = vec![f64::NAN; numbers];
    form.open_all(w.len(), &|k| w[k], &[], &mut |k, x| own[k] = x);
    own
}
fn closed<T: Real>(form: &AnyForm, own: &[T], len: usize) -> Vec<f64> {
    // Appended to what is there.
    let mut out = vec![7.0];
    form.close_all(own, len, &[], &mut out);
    assert_eq!((out.len(), out[0]), (1 + len, 7.0));
    out.split_off(1)
}

/// That elements one by one are those of the whole, and that each can be written without another one moving.
fn holds(form: &AnyForm, own: &[f64], wanted: &[f64], exact: bool, what: &str) {
    let len = wanted.len();
    let whole = closed(form, own, len);
    let close = |a: f64, b: f64| if exact { a.to_bits() == b.to_bits() } else { (a - b).abs() < 1e-15 * 8.0 };
    for k in 0..len {
        assert!(close(whole[k], wanted[k]), "{what}: {} for {} at {k}", whole[k], wanted[k]);
        let one = form.at(k, len, &|k| own[k], &[]);
        assert_eq!(one.to_bits(), whole[k].to_bits(), "{what}: {k} by itself");
    }
    for k in [0, 1, len / 2 + 1, len - 1] {
        let (mut own, mut sets) = (own.to_vec(), vec![]);
        form.put(k, len, 0.375, &|k| own[k], &[], &mut |k, x| sets.push((k, x)));
        sets.iter().for_each(|(k, x)| own[*k] = *x);
        let after = closed(form, &own, len);
        assert!(close(after[k], 0.375), "{what}: {} at {k}", after[k]);
        for i in (0..len).filter(|i| *i != k) {
            assert_eq!(after[i].to_bits(), whole[i].to_bits(), "{what}: {i} moved, and {k} was written");
        }
    }
    // In single precision it is the same, to its rounding.
    let single: Vec<f32> = own.iter().map(|x| *x as f32).collect();
    for (a, b) in closed(form, &single, len).iter().zip(wanted) {
        assert!((a - b).abs() < 1e-5, "{what}: {a} for {b} in single precision");
    }
}

#[test]
fn columns_lie_one_behind_the_other() {
    // Fewer rows than are put at a time, as many, and more.
    for (rows, cols) in [(1, 5), (3, 7), (8, 2), (9, 4), (16, 3), (21, 10)] {
        let w: Vec<f64> = (0..rows * cols).map(noise).collect();
        for form in [AnyForm::from(ByColumns { cols }), AnyForm::from(Transposed { cols })] {
            let own = opened(&form, rows * cols, &w);
            for (k, x) in own.iter().enumerate() {
                assert_eq!(*x, w[k % rows * cols + k / rows], "{rows} × {cols}: row {}", k % rows);
            }
            assert!(form.exact());
            holds(&form, &own, &w, true, &format!("{} {rows} × {cols}", form.name()));
        }
    }
}

#[test]
fn what_waits_is_added_and_rows_have_their_factors() {
    for (rows, cols) in [(3, 7), (9, 4), (20, 33)] {
        let w: Vec<f64> = (0..rows * cols).map(noise).collect();
        for scaled in [false, true] {
            let form = Pending { shape: (rows, cols), scaled };
            let numbers = form.numbers();
            assert_eq!(numbers, rows * cols + 64 * (rows + cols) + 1 + if scaled { rows } else { 0 });
            let form = AnyForm::from(form);
            let mut own = opened(&form, numbers, &w);
            holds(&form, &own, &w, true, "opened");
            // Three products wait: of each a list of rows, all of them behind the matrix; then as many lists of columns.
            let (p, q) = (rows * cols, rows * cols + 64 * rows);
            let count = rows * cols + 64 * (rows + cols);
            own[count] = 3.0;
            (0..3 * rows).for_each(|k| own[p + k] = noise(k + 500));
            (0..3 * cols).for_each(|k| own[q + k] = noise(k + 900));
            // What is left there of others doesn't count.
            (own[p + 3 * rows], own[q + 3 * cols]) = (1e300, 1e300);
            if scaled {
                (0..rows).for_each(|r| own[count + 1 + r] = 0.5 + 0.1 * r as f64);
            }
            let wanted: Vec<f64> = (0..rows * cols)
                .map(|k| {
                    let (r, c) = (k / cols, k % cols);
                    let waits: f64 =
                        (0..3).map(|z| noise(z * rows + r + 500) * noise(z * cols + c + 900)).sum();
                    (w[k] + waits) * if scaled { 0.5 + 0.1 * r as f64 } else { 1.0 }
                })
                .collect();
            let mut finite = own.clone();
            (finite[p + 3 * rows], finite[q + 3 * cols]) = (0.0, 0.0);
            assert_eq!(closed(&form, &own, rows * cols), closed(&form, &finite, rows * cols));
            holds(&form, &finite, &wanted, false, &format!("pending, {rows} × {cols}, {scaled}"));
        }
    }
}

#[test]
fn a_product_beside_a_matrix_is_added_to_it() {
    let (rows, cols, inner) = (16, 24, 2);
    // No product with these columns: all of it is beside them.
    let w: Vec<f64> = (0..rows * cols).map(noise).collect();
    let form = Factored { shape: (rows, cols), inner, given: true, epsilon: f64::EPSILON };
    let numbers = form.numbers();
    assert_eq!(numbers, rows * cols + inner * (rows + cols) + 3);
    let encoders: Vec<f64> = (0..rows * inner).map(|k| noise(k + 300)).collect();
    let mut own = vec![f64::NAN; numbers];
    form.open_all(w.len(), &|k| w[k], &encoders, &mut |k, x| own[k] = x);
    let form = AnyForm::from(form);
    holds(&form, &own, &w, true, "opened");
    // D lies behind the matrix, a row for each column of the encoders.
    (0..inner * cols).for_each(|k| own[rows * cols + k] = noise(k + 700));
    let wanted: Vec<f64> = (0..rows * cols)
        .map(|k| {
            let of = |f: usize| encoders[k / cols * inner + f] * noise(f * cols + k % cols + 700);
            w[k] + (0..inner).map(of).sum::<f64>()
        })
        .collect();
    holds(&form, &own, &wanted, false, "with a product");
}

#[test]
fn rows_are_encoders_times_values_until_one_is_written() {
    let form = Encoded { rows: 5, inner: 2 };
    let encoders: Vec<f64> = (0..10).map(|k| noise(k + 40)).collect();
    let rows: Vec<f64> = (0..5).map(noise).collect();
    let (mut own, len) = (vec![f64::NAN; form.numbers()], 5);
    let close = |own: &[f64]| {
        let (mut out, mut single) = (vec![7.0], vec![]);
        form.close_all(own, len, &encoders, &mut out);
        let narrow: Vec<f32> = own.iter().map(|x| *x as f32).collect();
        form.close_all(&narrow, len, &encoders, &mut single);
        assert!(out[1..].iter().zip(&single).all(|(a, b)| (a - b).abs() < 1e-5), "{out:?} {single:?}");
        for k in 0..len {
            assert_eq!(form.at(k, len, &|k| own[k], &encoders).to_bits(), out[1 + k].to_bits());
        }
        out.split_off(1)
    };
    // The values are another form's: they stay what they are.
    (own[5], own[6]) = (0.25, -3.0);
    form.open_all(len, &|k| rows[k], &encoders, &mut |k, x| own[k] = x);
    assert_eq!((close(&own), own[5], own[6]), (rows.clone(), 0.25, -3.0));
    // A step sets the values, and that the rows don't count.
    own[7] = 0.0;
    let products: Vec<f64> = (0..5).map(|k| 0.25 * encoders[2 * k] - 3.0 * encoders[2 * k + 1]).collect();
    assert_eq!(close(&own), products);
    assert_eq!(form.counts(own.len(), &|k| own[k]), 5..8, "what a step writes");
    for k in [0, 3, 4] {
        let (mut own, mut sets) = (own.clone(), vec![]);
        form.put(k, len, 0.5, &|k| own[k], &encoders, &mut |k, x| sets.push((k, x)));
        sets.iter().for_each(|(k, x)| own[*k] = *x);
        let wanted: Vec<f64> = (0..5).map(|i| if i == k { 0.5 } else { products[i] }).collect();
        assert_eq!(close(&own), wanted);
        // And another.
        let (now, mut sets) = (own.clone(), vec![]);
        form.put(1, len, 0.75, &|k| now[k], &encoders, &mut |k, x| sets.push((k, x)));
        assert_eq!(sets, [(1, 0.75)]);
    }
}

#[test]
fn forms_that_are_the_same_lie_at_the_same_places_and_are_of_the_same_signals() {
    let at = |signal: u32, start: usize| FormAt {
        signal: SignalId(signal),
        form: ByColumns { cols: 4 }.into(),
        own: Span { segment: 1, start, len: 16 },
        constants: Span::default(),
        from: None,
    };
    let forms = |all: Vec<FormAt>| Forms::new(all, vec![]);
    // In whatever order they were made.
    let two = forms(vec![at(7, 0), at(3, 16)]);
    assert!(two.same(&forms(vec![at(3, 16), at(7, 0)])));
    for other in [
        vec![at(7, 0)],
        vec![at(7, 0), at(4, 16)],
        vec![at(7, 0), at(3, 24)],
        vec![at(7, 0), FormAt { form: Transposed { cols: 4 }.into(), ..at(3, 16) }],
        vec![at(7, 0), FormAt { from: Some(SignalId(1)), ..at(3, 16) }],
    ] {
        assert!(!two.same(&forms(other)));
    }
    assert_eq!(two.iter().map(|f| f.signal.0).collect::<Vec<_>>(), [3, 7]);
    // A copy isn't what kernels write.
    let mut both = vec![at(3, 16), at(5, 0)];
    both.push(FormAt { form: Transposed { cols: 4 }.into(), ..at(3, 32) });
    both.push(FormAt { form: Transposed { cols: 4 }.into(), ..at(4, 48) });
    let both = forms(both);
    assert_eq!(both.of(SignalId(3)).count(), 2);
    assert_eq!(both.of(SignalId(6)).count(), 0);
    let truth = |s: u32| both.truth(SignalId(s)).map(|f| f.own.start);
    assert_eq!([2, 3, 4, 5, 6].map(truth), [None, Some(16), None, Some(0), None]);
}
