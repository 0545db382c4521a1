//! Transforms: the maps that they make, and what is refused.

use std::sync::Arc;

use bouton_core::Matrix;
use bouton_elements::Element;
use bouton_elements::distributions::{Distribution, DistributionModel, UniformHypersphere};
use bouton_elements::random::RandomState;
use bouton_elements::transforms::{
    Convolution, ConvolutionTranspose, Dense, Diagonal, Init, Links, Listed, Map, Numbers, Padding, Scalar,
    Sparse, Transform, TransformModel,
};
use bouton_elements::var::{Start, Var};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

fn make(t: &Transform, outputs: usize, inputs: usize) -> Result<Map, String> {
    t.make(outputs, inputs, &mut RandomState::new(5))
}

/// The map as a matrix, row by row.
fn matrix(map: &Map, outputs: usize, inputs: usize) -> Vec<f64> {
    let mut all = vec![0.0; outputs * inputs];
    match map {
        Map::Scalar(x) => (0..outputs).for_each(|i| all[i * inputs + i] = *x),
        Map::Diagonal(x) => x.iter().enumerate().for_each(|(i, x)| all[i * inputs + i] = *x),
        Map::Dense(x) => all.copy_from_slice(x),
        Map::Linked(links, x) => links.each(|r, c, k| all[r * inputs + c] += x[k]),
    }
    all
}

fn sparse() -> Sparse {
    Sparse {
        shape: [2, 3],
        rows: vec![0, 1, 0],
        columns: vec![2, 0, 2],
        values: Numbers::List(vec![0.5, -1.0, 2.0]),
    }
}

#[test]
fn maps_have_their_numbers() {
    let three = || Arc::new(vec![1.0, 2.0, 3.0]);
    for (map, numbers) in [
        (Map::Scalar(2.5), vec![2.5]),
        (Map::Diagonal(vec![1.0, 2.0]), vec![1.0, 2.0]),
        (Map::Dense(three()), vec![1.0, 2.0, 3.0]),
        (Map::Diagonal(vec![]), vec![]),
        (make(&sparse().into(), 2, 3).unwrap(), vec![0.5, -1.0, 2.0]),
    ] {
        assert_eq!(
            (map.values(), map.len(), map.is_empty()),
            (&numbers[..], numbers.len(), numbers.is_empty())
        );
    }
}

#[test]
fn transforms_make_their_matrices() {
    let m = Matrix::from_rows(&[vec![1.0, 2.0, 3.0], vec![4.0, 5.0, 6.0]]).unwrap();
    let list = Distribution::from(vec![vec![1.0, 2.0, 3.0], vec![4.0, 5.0, 6.0]]);
    for (t, matrix_of, dense) in [
        (Transform::from(-2.0), vec![-2.0, 0.0, 0.0, -2.0], false),
        (vec![3.0, 4.0].into(), vec![3.0, 0.0, 0.0, 4.0], false),
        (m.into(), vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0], true),
        (Dense::drawn(list).into(), vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0], true),
        (Dense::filled(0.5).into(), vec![0.5; 6], true),
        (sparse().into(), vec![0.0, 0.0, 2.5, -1.0, 0.0, 0.0], false),
    ] {
        let inputs = matrix_of.len() / 2;
        assert_eq!(matrix(&make(&t, 2, inputs).unwrap(), 2, inputs), matrix_of, "{t:?}");
        assert_eq!(t.model().dense(), dense, "{t:?}");
        assert_eq!(t.model().links().is_some(), t.is::<Sparse>(), "{t:?}");
        // Another number of values isn't taken, but where the shape follows from the connection.
        let follows = t == Dense::filled(0.5).into();
        match t.model().outputs(inputs) {
            Ok(n) => assert_eq!(n, (!follows).then_some(2), "{t:?}"),
            Err(e) => panic!("{t:?}: {e}"),
        }
        let any = follows || t.is::<Scalar>();
        assert_eq!(t.model().outputs(7).is_ok(), any, "{t:?}");
        assert_eq!(make(&t, 3, inputs).is_ok(), follows, "{t:?}");
    }
    let drawn = Dense::drawn(UniformHypersphere { surface: true, min_magnitude: 0.0 });
    assert_eq!(drawn.outputs(4).unwrap(), None);
    let Map::Dense(x) = make(&drawn.into(), 6, 4).unwrap() else { panic!() };
    // A sample an output, of as many dimensions as there are inputs.
    assert!(
        x.chunks_exact(4).all(|r| (r.iter().map(|v| v * v).sum::<f64>() - 1.0).abs() < 1e-12)
            && x.len() == 24
    );
}

#[test]
fn what_a_transform_does_not_fit_is_said() {
    let e = |t: Transform, outputs, inputs| make(&t, outputs, inputs).unwrap_err();
    assert_eq!(e(2.0.into(), 3, 2), "makes 2 values of 2, and 3 are wanted");
    assert_eq!(e(vec![1.0, 2.0].into(), 2, 3), "is a list of 2 numbers, the connection carries 3 values");
    let m = Matrix::from_rows(&[vec![1.0, 2.0, 3.0]]).unwrap();
    assert!(e(m.into(), 1, 2).contains("must have 2 columns"));
    assert!(
        e(sparse().into(), 2, 2)
            .contains("must have 2 columns (values that the connection carries), found 2 × 3")
    );
    for bad in [f64::NAN, f64::INFINITY] {
        let m = Matrix::from_rows(&[vec![1.0, bad]]);
        let all: Vec<Transform> = vec![
            Scalar { value: bad }.into(),
            Diagonal { values: vec![1.0, bad] }.into(),
            Dense::filled(bad).into(),
        ];
        for t in all.into_iter().chain(m.ok().map(Into::into)) {
            assert!(t.model().check().unwrap_err().contains("must be finite"), "{t:?}");
        }
    }
    let e = Dense::drawn(Distribution::gaussian(0.0, 0.0)).check().unwrap_err();
    assert!(e.contains("drawn of a distribution that can't be: `std`"), "{e}");
}

#[test]
fn a_matrix_is_written_and_read_as_rows() {
    let read = |v| serde_json::from_value::<Dense>(json!({ "init": v })).map_err(|e| e.to_string());
    let m =
        |rows: &[&[f64]]| Matrix::from_rows(&rows.iter().map(|r| r.to_vec()).collect::<Vec<_>>()).unwrap();
    for (v, init) in [
        (json!([[1.0, 2.0], [3.0, 4.0]]), Init::Matrix(m(&[&[1.0, 2.0], &[3.0, 4.0]]))),
        (json!(1.5), Init::Number(1.5)),
        (
            json!({ "type": "uniform", "low": 0.0, "high": 2.0, "integer": false }),
            Init::Drawn(Distribution::uniform(0.0, 2.0)),
        ),
    ] {
        let dense = read(v.clone()).unwrap();
        assert_eq!(dense, Dense { init });
        assert_eq!(serde_json::to_value(&dense).unwrap()["init"], v);
    }
    // A list is a matrix of one column.
    assert_eq!(read(json!([1.0, 2.0])).unwrap(), m(&[&[1.0], &[2.0]]).into());
    let e = read(json!([[1.0, 2.0], [3.0]])).unwrap_err();
    assert!(e.contains("`init`"), "{e}");
    assert!(read(json!("wide")).is_err());
    // What a listing shows of it.
    let start = |d: Dense| d.vars()[0].start.clone();
    assert_eq!(start(Dense::filled(2.0)), Start::Value(2.0));
    assert_eq!(start(m(&[&[1.0, 2.0]]).into()), Start::Values(vec![1.0, 2.0]));
    let drawn = start(Dense::drawn(Distribution::uniform(0.0, 1.0)));
    assert_eq!(drawn, Start::Name { is: "uniform".into(), of: vec![] });
}

#[test]
fn elements_of_a_sparse_matrix_are_a_list_one_number_or_drawn() {
    let of = |values| Sparse { values, ..sparse() };
    assert_eq!(make(&of(Numbers::Number(3.0)).into(), 2, 3).unwrap().values(), [3.0; 3]);
    let Map::Linked(links, x) =
        make(&of(Numbers::Drawn(Distribution::uniform(1.0, 2.0))).into(), 2, 3).unwrap()
    else {
        panic!()
    };
    let expected = Distribution::uniform(1.0, 2.0).sample(3, 1, &mut RandomState::new(5)).unwrap();
    assert_eq!(*x, expected);
    assert_eq!((links.outputs(), links.inputs(), links.shape(), links.count()), (2, 3, (3, 1), 3));
    assert_eq!(sparse().links().as_ref(), Some(&*links));
    for (values, v) in [
        (Numbers::Number(3.0), json!(3.0)),
        (Numbers::List(vec![1.0, 2.0, 3.0]), json!([1.0, 2.0, 3.0])),
        (
            Numbers::Drawn(Distribution::gaussian(0.0, 1.0)),
            json!({ "type": "gaussian", "mean": 0.0, "std": 1.0 }),
        ),
    ] {
        let t = of(values);
        let written = serde_json::to_value(&t).unwrap();
        assert_eq!(written["values"], v);
        assert_eq!(serde_json::from_value::<Sparse>(written).unwrap(), t);
    }
    // Left out, each is 1; rows are read one behind the other.
    let mut v = json!({ "shape": [2, 2], "rows": [0, 1], "columns": [1, 0] });
    assert_eq!(serde_json::from_value::<Sparse>(v.clone()).unwrap().values, Numbers::Number(1.0));
    v["values"] = json!([[1.0], [2.0]]);
    assert_eq!(serde_json::from_value::<Sparse>(v).unwrap().values, Numbers::List(vec![1.0, 2.0]));
    let vars = sparse().vars();
    let values: Vec<Vec<f64>> = vars.iter().map(|v| v.values()).collect();
    assert_eq!(values, [vec![2.0, 3.0], vec![0.0, 1.0, 0.0], vec![2.0, 0.0, 2.0], vec![0.5, -1.0, 2.0]]);
    assert!(
        of(Numbers::Drawn(Distribution::gaussian(0.0, 0.0))).check().unwrap_err().contains("`values`: `std`")
    );
    assert!(
        Sparse { columns: vec![2, 0, 3], ..sparse() }
            .check()
            .unwrap_err()
            .contains("`columns` must be below 3")
    );
    assert!(Sparse { rows: vec![2, 0, 1], ..sparse() }.links().is_none());
}

/// A convolution by its definition, channels last: `y[q, f] = Σ w[k, c, f]·x[q·s + k − p, c]`.
fn by_definition(
    image: [usize; 2],
    (channels, filters): (usize, usize),
    (kernel, strides, before, windows): ([usize; 2], [usize; 2], [usize; 2], [usize; 2]),
    w: &[f64],
    x: &[f64],
) -> Vec<f64> {
    let mut y = vec![0.0; windows[0] * windows[1] * filters];
    for q0 in 0..windows[0] {
        for q1 in 0..windows[1] {
            for k0 in 0..kernel[0] {
                for k1 in 0..kernel[1] {
                    let place = |q: usize, k: usize, d: usize| {
                        (q * strides[d] + k).checked_sub(before[d]).filter(|p| *p < image[d])
                    };
                    let (Some(p0), Some(p1)) = (place(q0, k0, 0), place(q1, k1, 1)) else { continue };
                    for c in 0..channels {
                        for f in 0..filters {
                            y[(q0 * windows[1] + q1) * filters + f] += w
                                [((k0 * kernel[1] + k1) * channels + c) * filters + f]
                                * x[(p0 * image[1] + p1) * channels + c];
                        }
                    }
                }
            }
        }
    }
    y
}

#[test]
fn convolutions_in_two_dimensions_are_those_of_the_definition() {
    // Windows of 2 × 3 with steps of 2 and 1 over 5 × 4 places, 2 channels, 3 filters. With zeros around: ⌈5/2⌉ and 4 windows, and half
    // of what they reach beyond lies before: (2·2 + 2 − 5)/2 = 0 and (3 + 3 − 4)/2 = 1.
    let t = Convolution {
        init: Numbers::List(vec![]),
        ..Convolution::new(3, [5, 4, 2]).kernel_size([2, 3]).strides([2, 1])
    };
    for (padding, before, windows) in [(Padding::Valid, [0, 0], [2, 2]), (Padding::Same, [0, 1], [3, 4])] {
        let w: Vec<f64> = (0..36).map(|k| f64::from(k * k % 11) - 4.0).collect();
        let x: Vec<f64> = (0..40).map(|k| f64::from(k * 7 % 13) - 6.0).collect();
        let t = Convolution { padding, init: Numbers::List(w.clone()), ..t.clone() };
        t.check().unwrap();
        let y = by_definition([5, 4], (2, 3), ([2, 3], [2, 1], before, windows), &w, &x);
        let n = windows[0] * windows[1] * 3;
        assert_eq!(t.outputs(40).unwrap(), Some(n));
        let Map::Linked(links, numbers) = make(&t.clone().into(), n, 40).unwrap() else { panic!() };
        assert_eq!((links.outputs(), links.inputs(), links.shape()), (n, 40, (12, 3)));
        let mut found = vec![0.0; n];
        links.add(&numbers, &x, &mut found);
        assert_eq!(found, y, "{padding:?}");
        // Channels first: the same numbers at other places.
        let first = Convolution { channels_last: false, input_shape: vec![2, 5, 4], ..t };
        first.check().unwrap();
        let turned: Vec<f64> = (0..40).map(|k| x[k % 20 * 2 + k / 20]).collect();
        let Map::Linked(links, numbers) = make(&first.into(), n, 40).unwrap() else { panic!() };
        let mut found = vec![0.0; n];
        links.add(&numbers, &turned, &mut found);
        let places = n / 3;
        assert!((0..n).all(|k| found[k] == y[k % places * 3 + k / places]), "{padding:?}");
    }
}

#[test]
fn a_transposed_convolution_is_the_transposed_matrix_of_its_convolution() {
    for (padding, strides, last) in
        [(Padding::Valid, [2, 1], true), (Padding::Same, [1, 2], true), (Padding::Same, [2, 2], false)]
    {
        let input = if last { vec![3, 4, 2] } else { vec![2, 3, 4] };
        let w: Vec<f64> = (0..18).map(|k| f64::from(k * k % 11) - 4.0).collect();
        let t = ConvolutionTranspose {
            padding,
            strides: Some(strides.into()),
            channels_last: last,
            init: Numbers::List(w.clone()),
            ..ConvolutionTranspose::new(1, input)
        };
        t.check().unwrap();
        // The smallest image of which the convolution makes 3 × 4 places.
        let reach = if padding == Padding::Valid { 2 } else { 0 };
        let image = [1 + 2 * strides[0] + reach, 1 + 3 * strides[1] + reach];
        let places = image[0] * image[1];
        assert_eq!(t.outputs(24).unwrap(), Some(places), "{padding:?}");
        let back = matrix(&make(&t.into(), places, 24).unwrap(), places, 24);
        // [place, channel of the input, filter] here, and [place, channel of the image, filter] there: one of each image.
        let forward = Convolution {
            padding,
            channels_last: last,
            init: Numbers::List(w),
            ..Convolution::new(
                2,
                if last { vec![image[0], image[1], 1] } else { vec![1, image[0], image[1]] },
            )
            .strides(strides)
        };
        let forward = matrix(&make(&forward.into(), 24, places).unwrap(), 24, places);
        assert!((0..24 * places).all(|k| forward[k] == back[k % places * 24 + k / places]), "{padding:?}");
    }
}

#[test]
fn kernels_are_drawn_place_by_place_or_are_one_number() {
    let t = Convolution::new(4, [5, 6, 4]).kernel_size([1, 2]);
    let mut rng = RandomState::new(5);
    for (groups, seen) in [(1, 4), (2, 2)] {
        let dist = Distribution::uniform(-1.0, 1.0);
        let mut expected = vec![];
        for _ in 0..2 {
            expected.extend(dist.sample(seen, 4, &mut rng).unwrap());
        }
        rng = RandomState::new(5);
        let map = make(&Convolution { groups, ..t.clone() }.into(), 100, 120).unwrap();
        assert_eq!(map.values(), expected);
        let one =
            make(&Convolution { groups, init: Numbers::Number(0.5), ..t.clone() }.into(), 100, 120).unwrap();
        assert_eq!(one.values(), vec![0.5; expected.len()]);
    }
}

#[test]
fn shapes_of_windows_that_make_no_sense_are_refused() {
    let t = Convolution::new(2, [5, 6, 4]);
    let e = |t: Convolution| t.check().unwrap_err();
    assert!(e(Convolution { n_filters: 0, ..t.clone() }).contains("`n_filters` must be 1 at least"));
    assert!(e(Convolution { groups: 0, ..t.clone() }).contains("`groups`"));
    // Two parts of the channels of the input, but not of the output.
    assert!(e(Convolution { groups: 2, n_filters: 3, ..t.clone() }).contains("`groups`"));
    assert!(e(t.clone().kernel_size([0, 1])).contains("`kernel_size` must be 1 at least"));
    assert!(
        e(t.clone().strides([1, 2, 3]))
            .contains("`strides` must have a number for each of 2 dimensions, found 3")
    );
    for shape in [vec![5], vec![5, 5, 5, 5], vec![0, 5, 1], vec![5, 5, 0], vec![]] {
        let e = e(Convolution { input_shape: shape.clone(), ..t.clone() });
        assert!(e.contains("`input_shape` must be one or two dimensions"), "{shape:?}: {e}");
    }
    // Up to a million of each, and no more than a thousand million together.
    Convolution::new(1, [1_000_000, 1]).check().unwrap();
    assert!(e(Convolution::new(1, [1_000_001, 1])).contains("`input_shape` must be at most 1000000"));
    Convolution::new(1_000_000, [3, 1]).check().unwrap();
    assert!(e(Convolution::new(1_000_001, [3, 1])).contains("`n_filters` must be at most 1000000"));
    assert!(e(Convolution::new(1000, [1_000_000, 1])).contains("more than can be built"));
    assert!(e(Convolution::new(1000, [3, 1_000_000])).contains("more than can be built"));
    Convolution::new(300, [1_000_000, 1]).check().unwrap();
    assert!(Convolution { groups: 3, ..t }.links().is_none());

    let t = ConvolutionTranspose::new(1, [3, 1]);
    let e = |t: ConvolutionTranspose| t.check().unwrap_err();
    assert!(e(ConvolutionTranspose { n_filters: 0, ..t.clone() }).contains("`n_filters`"));
    assert!(
        e(ConvolutionTranspose { output_shape: Some(vec![5, 5, 1]), ..t.clone() })
            .contains("must have 1 dimensions")
    );
    assert!(
        e(ConvolutionTranspose { output_shape: Some(vec![4, 1]), ..t.clone() })
            .contains("from 5 to 5, found 4")
    );
    assert!(
        e(ConvolutionTranspose { output_shape: Some(vec![0, 1]), ..t.clone() }).contains("`output_shape`")
    );
    assert!(e(ConvolutionTranspose { kernel_size: Some(vec![0]), ..t.clone() }).contains("`kernel_size`"));
    assert!(t.outputs(4).unwrap_err().contains("takes 3 values"));
    assert!(!t.dense() && t.links().is_some());
}

#[test]
fn what_a_listing_shows_of_windows_has_their_defaults() {
    let values =
        |t: &dyn TransformModel, name: &str| t.vars().iter().find(|v| v.name == name).unwrap().values();
    let (one, two) = (Convolution::new(4, [9, 1]), Convolution::new(4, [9, 9, 1]).kernel_size([5, 2]));
    assert_eq!((values(&one, "kernel_size"), values(&one, "strides")), (vec![3.0], vec![1.0]));
    assert_eq!((values(&two, "kernel_size"), values(&two, "strides")), (vec![5.0, 2.0], vec![1.0, 1.0]));
    assert_eq!((values(&two, "n_filters"), values(&two, "groups")), (vec![4.0], vec![1.0]));
    let back = ConvolutionTranspose::new(4, [9, 9, 1]);
    assert_eq!((values(&back, "kernel_size"), values(&back, "strides")), (vec![3.0, 3.0], vec![1.0, 1.0]));
    assert_eq!((values(&back, "output_shape"), values(&back, "n_filters")), (vec![], vec![4.0]));
    let read: Convolution = serde_json::from_value(json!({ "n_filters": 4, "input_shape": [9, 1] })).unwrap();
    assert_eq!(read, one);
    let read: ConvolutionTranspose =
        serde_json::from_value(json!({ "n_filters": 4, "input_shape": [9, 9, 1] })).unwrap();
    assert_eq!(read, back);
}

/// A transform of a program that may have counted wrongly.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Foreign {
    makes: usize,
    dense: bool,
}

impl Element for Foreign {
    const NAME: &'static str = "foreign";
    const PAGE: &'static str = "Not counted.";
}

impl TransformModel for Foreign {
    fn check(&self) -> Result<(), String> {
        Ok(())
    }
    fn outputs(&self, _: usize) -> Result<Option<usize>, String> {
        Ok(None)
    }
    fn dense(&self) -> bool {
        self.dense
    }
    fn make(&self, _: usize, _: usize, _: &mut RandomState) -> Result<Map, String> {
        let links = |shape| Arc::new(Links::Listed(Listed::new(shape, &[0, 1], &[0, 0]).unwrap()));
        Ok(match self.makes {
            0 => Map::Scalar(2.0),
            1 => Map::Diagonal(vec![1.0; 2]),
            2 => Map::Dense(Arc::new(vec![1.0; 6])),
            3 => Map::Linked(links((2, 3)), Arc::new(vec![1.0; 2])),
            4 => Map::Diagonal(vec![1.0; 3]),
            5 => Map::Dense(Arc::new(vec![1.0; 5])),
            6 => Map::Linked(links((2, 3)), Arc::new(vec![1.0; 3])),
            7 => Map::Linked(links((2, 4)), Arc::new(vec![1.0; 2])),
            8 => Map::Linked(links((3, 3)), Arc::new(vec![1.0; 2])),
            _ => Map::Scalar(f64::NAN),
        })
    }
    fn vars(&self) -> Vec<Var> {
        vec![]
    }
}

#[test]
fn what_a_transform_makes_is_counted() {
    let made = |makes, dense| make(&Foreign { makes, dense }.into(), 2, 3);
    for (makes, dense) in [(0, false), (1, false), (2, true), (3, false)] {
        made(makes, dense).unwrap();
        // What it said it would make is something else.
        assert!(made(makes, !dense).unwrap_err().contains("of the type `foreign` gave"), "{makes}");
    }
    for (makes, found) in [(4, 3), (5, 5), (6, 3)] {
        let e = made(makes, makes == 5).unwrap_err();
        assert!(e.contains(&format!("`foreign` gave {found} numbers for 2 outputs and 3 inputs")), "{e}");
    }
    for (makes, has) in [(7, "2 outputs and 4 inputs"), (8, "3 outputs and 3 inputs")] {
        let e = made(makes, false).unwrap_err();
        assert!(e.contains(&format!("connects {has}, and 2 and 3 are wanted")), "{e}");
    }
    assert_eq!(made(9, false).unwrap_err(), "must be finite, found NaN");
}

/// A distribution of a program that gives a number too many.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct TooMany {}

impl Element for TooMany {
    const NAME: &'static str = "too_many";
    const PAGE: &'static str = "Not counted.";
}

impl DistributionModel for TooMany {
    fn check(&self) -> Result<(), String> {
        Ok(())
    }
    fn sample(&self, n: usize, d: usize, _: &mut RandomState) -> Result<Vec<f64>, String> {
        Ok(vec![1.0; n * d + 1])
    }
    fn vars(&self) -> Vec<Var> {
        vec![]
    }
}

#[test]
fn what_a_distribution_gives_is_counted() {
    let e = Distribution::from(TooMany {}).sample(2, 3, &mut RandomState::new(0)).unwrap_err();
    assert_eq!(e, "the distribution `too_many` gave 7 numbers where 2 × 3 were asked for");
}
