//! Blocks of synapses: the same values as one synapse at a time, and each term in its own loop.

use bouton_expr::{Program, Rank, Scratch, Vars, Work};

/// Inputs of every rank and of widths 1 and 2: `lr`, `err[2]`, `pre`, `pres[2]`, `post`, `enc[2]`,
/// `w`, `ws[2]`.
struct Data {
    n_post: usize,
    n_pre: usize,
    values: Vec<Vec<f64>>,
    vars: Vars,
}

impl Data {
    fn new(n_post: usize, n_pre: usize) -> Self {
        let vars = Vars::new()
            .scalar("lr")
            .vector("err", 2)
            .pre("pre")
            .var("pres", Rank::Pre, 2)
            .post("post")
            .var("enc", Rank::Post, 2)
            .synapse("w")
            .var("ws", Rank::Synapse, 2);
        let values = vars
            .iter()
            .enumerate()
            .map(|(v, var)| {
                let n = var.rank.count(n_post, n_pre) * var.width;
                (0..n).map(|i| (1.0 + i as f64 * 0.37 + v as f64).sin() * 2.0).collect()
            })
            .collect();
        Self { n_post, n_pre, values, vars }
    }

    fn inputs(&self) -> Vec<&[f64]> {
        self.values.iter().map(Vec::as_slice).collect()
    }

    /// The inputs of one synapse.
    fn at(&self, i: usize, j: usize) -> Vec<&[f64]> {
        let values = self.values.iter().zip(self.vars.iter());
        values
            .map(|(values, var)| {
                let k = match var.rank {
                    Rank::Scalar => 0,
                    Rank::Pre => j,
                    Rank::Post => i,
                    Rank::Synapse => i * self.n_pre + j,
                };
                &values[k * var.width..(k + 1) * var.width]
            })
            .collect()
    }

    fn run(&self, text: &str) -> (Program, Vec<f64>, Work) {
        let program = Program::compile(text, &self.vars).unwrap_or_else(|e| panic!("{e:?}"));
        let mut scratch = Scratch::new();
        let mut out = vec![f64::MAX; program.out_len(self.n_post, self.n_pre)];
        program.eval_block(&mut scratch, self.n_post, self.n_pre, &self.inputs(), &mut out);
        (program, out, scratch.work())
    }
}

/// The block agrees in every bit with single points.
fn check(text: &str, rank: Rank) {
    for (n_post, n_pre) in [(1, 1), (3, 5), (2, 700), (300, 2), (5, 256)] {
        let data = Data::new(n_post, n_pre);
        let (program, out, _) = data.run(text);
        assert_eq!(program.rank(), rank, "{text}\n{}", program.listing());
        let width = program.width();
        let mut one = vec![0.0; width];
        let mut scratch = Scratch::new();
        for i in 0..if matches!(rank, Rank::Post | Rank::Synapse) { n_post } else { 1 } {
            for j in 0..if matches!(rank, Rank::Pre | Rank::Synapse) { n_pre } else { 1 } {
                program.eval(&mut scratch, &data.at(i, j), &mut one);
                let k = match rank {
                    Rank::Scalar => 0,
                    Rank::Pre => j,
                    Rank::Post => i,
                    Rank::Synapse => i * n_pre + j,
                };
                let found = &out[k * width..(k + 1) * width];
                assert_eq!(found, one, "{text} at ({i}, {j}) of {n_post}×{n_pre}\n{}", program.listing());
            }
        }
        if rank == Rank::Synapse && width == 1 {
            in_pieces(&data, &program, &out);
        }
    }
}

/// Pieces have the bits of the whole, whatever their lengths.
fn in_pieces(data: &Data, program: &Program, whole: &[f64]) {
    let (shape, n) = ((data.n_post, data.n_pre), whole.len());
    let of_synapses = |v: usize| data.vars.iter().nth(v).is_some_and(|v| v.rank == Rank::Synapse);
    let with = |these: std::ops::Range<usize>| -> Vec<&[f64]> {
        let mut inputs = data.inputs();
        for (v, input) in inputs.iter_mut().enumerate().filter(|(v, _)| of_synapses(*v)) {
            let width = data.vars.iter().nth(v).map_or(1, |v| v.width);
            *input = &input[these.start * width..these.end * width];
        }
        inputs
    };
    let mut scratch = Scratch::new();
    program.begin(&mut scratch, shape, &with(0..0));
    for length in [1, 37, n] {
        for from in (0..n).step_by(length) {
            let to = n.min(from + length);
            let mut out = vec![f64::MAX; to - from];
            let at = (from / shape.1, from % shape.1);
            program.piece(&mut scratch, shape, at, &with(from..to), &mut out);
            assert_eq!(out, whole[from..to], "{} from {from} to {to} of {shape:?}", program.text());
        }
    }
}

#[test]
fn blocks_agree_with_single_synapses() {
    use Rank::*;
    check("lr * (pre*post - post^2*w)", Synapse);
    check("-lr * dot(enc, err) * pre", Synapse);
    check("dot(enc, pres) * w", Synapse);
    // Two operations in one loop.
    check("w - lr*pre*post", Synapse);
    check("w*pre - post", Synapse);
    check("1 - w*lr", Synapse);
    check("pre * (w*post)", Synapse);
    check("abs(w)^post * pre", Synapse);
    for exponent in [0, 1, 2, 3] {
        check(&format!("lr * w^(lr - lr + {exponent}) * pre"), Synapse);
    }
    check("lr * (sum(ws * enc) + max(pres) - ws[1]) * where(w > 0, pre, post)", Synapse);
    check("[w, lr, pre, post, enc[1], pres[0], ws[0], err[1]]", Synapse);
    check("ws * pres + enc", Synapse);
    check("exp(post)*pre + sin(post)*w - cos(post)", Synapse);
    check("sum((enc + post) * pres) + sum(sin(enc)*ws) - (enc*lr)[1]", Synapse);
    check("exp(pre)*post + sin(pre)*w - cos(pre)", Synapse);
    // What differs by post is read by synapses, and by what differs by post alone.
    check("exp(post)*pre + sin(post)*w + tanh(exp(post)*sin(post))*w", Synapse);
    check("sum((enc + post)*pres) + sum(enc*(enc + post))*w", Synapse);
    check("ws", Synapse);
    check("w", Synapse);
    check("pre < post", Synapse);
    check("[pre, lr*post]", Synapse);
    check("exp(-abs(pre - post) / (1 + lr)) * tanh(w)", Synapse);
    check("pres", Pre);
    check("pre", Pre);
    check("pres[1] + lr", Pre);
    check("[pre, lr, pres[0]^2]", Pre);
    check("norm(pres) * err", Pre);
    check("post * (post - lr)", Post);
    check("enc", Post);
    check("-lr * dot(enc, err)", Post);
    check("[post, lr] * enc", Post);
    check("lr * err", Scalar);
    check("lr", Scalar);
    check("[1, 2]", Scalar);
    check("3", Scalar);
    check("sum([pre, post, lr, w] * [1, 2, 3, pre])", Synapse);
    check("(pre + pres)[1] * post + (pre + pres)[0] * w + sum((pre + pres) * (pre + pres + 1))", Synapse);
}

#[test]
fn oja_is_its_equation() {
    let data = Data::new(4, 300);
    let (_, out, _) = data.run("lr * (pre*post - post^2*w)");
    let [lr, _, pre, _, post, _, w, _] = &data.values[..] else { panic!() };
    for i in 0..4 {
        for j in 0..300 {
            let expected = lr[0] * (pre[j] * post[i] - post[i] * post[i] * w[i * 300 + j]);
            assert_eq!(out[i * 300 + j], expected);
        }
    }
}

#[test]
fn each_term_is_computed_once_for_what_it_differs_by() {
    let (n_post, n_pre) = (10, 600);
    let data = Data::new(n_post, n_pre);
    let (post, pre, pairs) = (n_post as u64, n_pre as u64, (n_post * n_pre) as u64);
    let check = |text: &str, expected: Work| {
        let (program, _, work) = data.run(text);
        assert_eq!(work, expected, "{text}\n{}", program.listing());
    };
    // post² for each post; ·w, pre·post −, lr· for each synapse.
    check("lr * (pre*post - post^2*w)", Work { scalar: 0, pre: 0, post, synapse: 3 * pairs });
    // exp once; sin(pre) and its difference for each pre; cos(post) for each post; one product.
    check("(sin(pre) - exp(lr)) * cos(post)", Work { scalar: 1, pre: 2 * pre, post, synapse: pairs });
    // The negated rate once; enc is loaded, multiplied and summed for each post; one product.
    check(
        "-lr * dot(enc, err) * pre",
        Work { scalar: 1, pre: 0, post: (2 + 2 + 1 + 1) * post, synapse: pairs },
    );
    // Equal terms are one.
    check("tanh(w*pre) + tanh(w*pre)^2", Work { scalar: 0, pre: 0, post: 0, synapse: 4 * pairs });
    // What is not used is not computed.
    check("[tanh(w), post + 1][1]", Work { scalar: 0, pre: 0, post, synapse: 0 });

    let program = Program::compile("lr * (pre*post - post^2*w)", &data.vars).unwrap();
    let operations = [Rank::Scalar, Rank::Pre, Rank::Post, Rank::Synapse].map(|r| program.operations(r));
    assert_eq!(operations, [0, 0, 1, 3]);
}

#[test]
fn factors_of_a_separable_rule_multiply_to_it() {
    let data = Data::new(3, 300);
    for (text, ranks) in [
        ("lr * pre * post * (post - lr)", (Rank::Post, Rank::Pre)),
        ("-lr * dot(enc, err) * pre", (Rank::Post, Rank::Pre)),
        ("-(pre / post) / (pres[0] * 3)", (Rank::Post, Rank::Pre)),
        ("post / (pre * post)", (Rank::Post, Rank::Pre)),
        ("lr * pre", (Rank::Scalar, Rank::Pre)),
        ("lr * post", (Rank::Post, Rank::Scalar)),
    ] {
        let (program, out, _) = data.run(text);
        let (f, g) = program.separable().expect(text);
        assert_eq!((f.rank(), g.rank()), ranks, "{text}");
        let mut scratch = Scratch::new();
        let (mut a, mut b) = ([0.0], [0.0]);
        for i in 0..3 {
            for j in 0..300 {
                let inputs = data.at(i, j);
                f.eval(&mut scratch, &inputs, &mut a);
                g.eval(&mut scratch, &inputs, &mut b);
                let expected = match program.rank() {
                    Rank::Pre => out[j],
                    Rank::Post => out[i],
                    _ => out[i * 300 + j],
                };
                let found = a[0] * b[0];
                assert!((found - expected).abs() <= 1e-12 * expected.abs(), "{text}: {found} {expected}");
            }
        }
    }
    for text in ["lr * pre * post * w", "pre + post", "lr * (pre*post - post^2*w)", "pre * enc", "pre^post"] {
        assert!(Program::compile(text, &data.vars).unwrap().separable().is_none(), "{text}");
    }
}
