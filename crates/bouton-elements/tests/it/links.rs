//! Maps of which each number connects some values and not others.

use bouton_elements::transforms::{Axis, Links, Listed, Padding, Windows};

#[test]
fn windows_lie_in_the_image_or_are_as_many_as_places() {
    for image in 1..12 {
        for kernel in 1..6 {
            for stride in 1..4 {
                if kernel <= image {
                    // Windows that begin at 0, s, 2s, … and end in the image.
                    let begin = (0..image).step_by(stride).filter(|b| b + kernel <= image).count();
                    let a = Axis::over(image, kernel, stride, Padding::Valid).unwrap();
                    assert_eq!((a.windows, a.before), (begin, 0), "{image} {kernel} {stride}");
                } else {
                    let e = Axis::over(image, kernel, stride, Padding::Valid).unwrap_err();
                    assert!(e.contains(&format!("at most the {image} places")), "{e}");
                }
                // One for each place, or each of so many; what they reach beyond is half before and half behind.
                let a = Axis::over(image, kernel, stride, Padding::Same).unwrap();
                assert_eq!(a.windows, (0..image).step_by(stride).count());
                let last = (a.windows - 1) * stride + kernel;
                let beyond = last.max(image) - image;
                assert_eq!(a.before, beyond / 2, "{image} {kernel} {stride}");
                assert_eq!((a.image, a.kernel, a.stride), (image, kernel, stride));
            }
        }
    }
}

#[test]
fn a_list_of_links_is_checked_by_its_shape() {
    let e = |rows: &[usize], columns: &[usize], shape| Listed::new(shape, rows, columns).unwrap_err();
    assert!(e(&[0], &[0, 1], (2, 2)).contains("as many, found 1 and 2"));
    assert!(
        e(&[0, 2], &[0, 1], (2, 2))
            .contains("`rows` must be below 2, the number of them in `shape`, found 2")
    );
    assert!(e(&[0, 1], &[0, 3], (2, 3)).contains("`columns` must be below 3"));
    assert!(e(&[], &[], (1 << 33, 1)).contains("`shape` must be below 2^32"));
    let l = Links::Listed(Listed::new((4, 3), &[3, 0, 3], &[2, 1, 0]).unwrap());
    assert_eq!((l.outputs(), l.inputs(), l.shape(), l.count()), (4, 3, (3, 1), 3));
    let mut seen = vec![];
    l.each(|r, c, k| seen.push((r, c, k)));
    assert_eq!(seen, [(3, 2, 0), (0, 1, 1), (3, 0, 2)]);
    let mut y = [1.0; 4];
    l.add(&[10.0, 100.0, 1000.0], &[1.0, 2.0, 3.0], &mut y);
    assert_eq!(y, [201.0, 1.0, 1.0, 1031.0]);
}

#[test]
fn the_links_of_windows_are_counted_as_they_are_handed_out() {
    for (groups, last, transposed) in
        [(1, true, false), (2, true, false), (2, false, false), (1, false, true), (1, true, true)]
    {
        let axes =
            [Axis::over(5, 3, 2, Padding::Same).unwrap(), Axis::over(4, 2, 1, Padding::Valid).unwrap()];
        let w = Windows { axes, channels: 4, filters: 6, groups, channels_last: last, transposed };
        let l = Links::Windows(w);
        // Images of 5 × 4 places, windows of 3 × 3.
        let (image, windows) = (20, 9);
        let (places_in, places_out) = if transposed { (windows, image) } else { (image, windows) };
        assert_eq!((l.inputs(), l.outputs()), (places_in * 4, places_out * 6));
        assert_eq!(l.shape(), (6 * 4 / groups, 6));
        let (mut n, numbers) = (0, 6 * 4 / groups * 6);
        l.each(|r, c, k| {
            assert!(r < l.outputs() && c < l.inputs() && k < numbers);
            n += 1;
        });
        // Of windows of 3 over 5 places the first and the last lose one each: 7 places of 9.
        assert_eq!((n, l.count()), (7 * 6 * (4 / groups) * 6, n));
        // And a step is the sum over them.
        let w: Vec<f64> = (0..numbers).map(|k| (k % 7) as f64 - 3.0).collect();
        let x: Vec<f64> = (0..l.inputs()).map(|k| (k % 5) as f64 - 2.0).collect();
        let mut y = vec![0.5; l.outputs()];
        let mut exact = y.clone();
        l.add(&w, &x, &mut y);
        l.each(|r, c, k| exact[r] += w[k] * x[c]);
        assert_eq!(y, exact);
    }
}
