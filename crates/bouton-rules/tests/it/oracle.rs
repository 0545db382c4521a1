//! Whole rules against numbers of another program: a NumPy interpreter of the language that shares no line with this one.

use bouton_rules::Rule;

use crate::sim::{In, Sim};

/// A text, and after 60 steps the weights with the change that waits, and the states.
type Case = (&'static str, &'static [(&'static str, &'static [f64])]);

const BLOCKS: Case = (
    "
param k = 0.5, tau = 20 ms
input m
input per_pre per pre
input per_post per post
pre  x' = -x/tau
post y' = -y/tau + per_post
synapse c' = -c*k
global n' = m - n*n
on pre:  w -= 0.1*y*w; c += per_pre*w; x += 1
on post: w += 0.02*x; c = 0.5*c + w; y += 1
each step: c -= 0.02*x*y; w += 0.001*c
w' = c*n - w
bound w in [-1, 8*k]
",
    &[
        (
            "w",
            &[
                0.07082668601837695,
                0.07349053410822937,
                0.060796260308461414,
                0.1859926294021775,
                0.13069993613969738,
                0.16159956114288562,
                0.15721596197179197,
                0.17960275984632507,
                0.1815174996936027,
                0.1912915626454433,
                0.14553064688514508,
                0.18308590598867255,
            ],
        ),
        ("x", &[5.912492426176522, 5.884299088958432, 6.227364359371771, 5.19878640476732]),
        ("y", &[5.872039167819517, 5.640868547504257, 6.250822449283392]),
        (
            "c",
            &[
                -3.0991462580271802,
                -3.1810673342468774,
                -2.894043401678013,
                -2.8100190835772327,
                -2.3487707546002063,
                -2.4415613727839203,
                -2.2724063947855027,
                -2.2566676360382156,
                -1.8817508792408093,
                -2.11762623056982,
                -2.0593669319063523,
                -1.9102529731437752,
            ],
        ),
        ("n", &[0.11697602053028718]),
    ],
);

const ORDER: Case = (
    "
param tau = 15 ms
input m
input per_pre per pre
input per_post per post
pre a' = (pre.out - a)/tau
post b' = (post.out - b)/tau + 0.1*b*m
post th' = (b^2/20 - th)/100 ms
on pre: a += 5; w += 1e-3*a*error; a = a/2
on post: w = 0.9*w; w += 1e-4*b*per_pre; b -= m
w' = -1e-4*error*a/n_pre*max(b - th, 0) + per_post*w
apply now
",
    &[
        (
            "w",
            &[
                -0.08852229768017326,
                -0.052313374189131484,
                -0.2113497952565502,
                -0.04147948873323537,
                -0.08492222593702689,
                -0.017838276232481097,
                -0.16031299284122008,
                -0.06947072153402385,
                -0.007369545040236167,
                0.05318013347183262,
                0.07152117076962,
                -0.012954974082715735,
            ],
        ),
        ("a", &[56.92067957606059, 54.28135581059796, 57.839094097129625, 49.486746275233465]),
        ("b", &[288.27712478214846, 277.63849586478574, 311.8001458443767]),
        ("th", &[1305.749834470841, 1186.6704570295808, 1287.9085286483266]),
    ],
);

const EULER: Case = (
    "
input m
input per_pre per pre
input per_post per post
synapse r' = where(r > 0.2, pre.out - r^2, 400*error) - r/50 ms
pre u' = 3*u*(1 - u) + per_pre
w' = r*u*error - m*w^3
bound w in [-0.4, 2*0.3]
",
    &[
        (
            "w",
            &[
                0.09989333299004781,
                0.030080054485804215,
                -0.03990101870798933,
                -0.10984484247603275,
                0.19905248864832065,
                0.12978742928863277,
                0.0600466065497692,
                -0.00997524962643787,
                0.29685437028655076,
                0.22855071514178943,
                0.1595084547197045,
                0.0899413154621805,
            ],
        ),
        (
            "r",
            &[
                8.814783778879432,
                8.846231127423406,
                9.235269826057445,
                8.059492447666075,
                8.820538746781251,
                8.851992505700974,
                9.24078055748937,
                8.22358004607502,
                8.806824715442815,
                8.838263227795435,
                9.227649015542852,
                8.210442947871602,
            ],
        ),
        ("u", &[-0.002443663813206178, -0.002633775135665712, -0.00040248813775711626, 0.002198265046309446]),
    ],
);

/// Thirty or more steps of a text, with inputs that are sines of the step.
fn run(text: &str, steps: u32) -> Sim {
    let (rows, cols) = (3, 4);
    let start = (0..rows * cols).map(|k| 0.1 * (k / cols + 1) as f64 - 0.07 * (k % cols) as f64).collect();
    let rule = Rule::parse(text).unwrap_or_else(|e| panic!("{e:?}\n{text}"));
    let mut sim = Sim::new(rule, (rows, cols), start);
    for t in (1..=steps).map(f64::from) {
        let spike = |x: f64| if x.sin() > 0.6 { 1000.0 } else { 0.0 };
        let over = |n: usize, f: &dyn Fn(f64) -> f64| (0..n).map(|k| f(k as f64)).collect::<Vec<f64>>();
        let factors = [
            vec![2.0 + (0.2 * t).cos()],
            over(cols, &|j| (0.5 * t + j).cos()),
            over(rows, &|i| (0.4 * t - i).sin()),
        ];
        sim.step(&In {
            pre: &over(cols, &|j| spike(1.7 * t + 1.3 * j)),
            post: &over(rows, &|i| spike(2.3 * t + 0.9 * i + 0.5)),
            error: &over(rows, &|i| (0.3 * t + i).sin()),
            factors: &factors.each_ref().map(|f| &f[..]),
            ..In::default()
        });
    }
    sim
}

/// That the weights with the change that waits (`w`), or a state, are these numbers.
fn agrees(sim: &Sim, what: &str, numbers: &[f64], text: &str) {
    let learned = sim.learned();
    let found = if what == "w" { &learned[..] } else { sim.state(what) };
    assert_eq!(found.len(), numbers.len(), "{what}");
    for (f, n) in found.iter().zip(numbers) {
        assert!((f - n).abs() <= 1e-12 * n.abs().max(1.0), "{what} is {f} and not {n}\n{text}");
    }
}

#[test]
fn whole_rules_have_the_numbers_of_another_program() {
    for (text, expected) in [BLOCKS, ORDER, EULER] {
        let sim = run(text, 60);
        expected.iter().for_each(|(what, numbers)| agrees(&sim, what, numbers, text));
    }
}

/// A hundred rules that were made at random from the grammar: states of every rank with motions that are linear and others,
/// statements of all kinds in all blocks, bounds, `apply now`. The other program ran them for 30 steps.
#[test]
fn random_rules_have_the_numbers_of_another_program() {
    let mut lines = include_str!("files/random_rules.txt").lines();
    let mut count = 0;
    while let Some(head) = lines.next() {
        let n: usize = head.strip_prefix("RULE ").unwrap().parse().unwrap();
        let text: Vec<&str> = lines.by_ref().take(n).collect();
        let text = text.join("\n");
        let sim = run(&text, 30);
        for line in lines.by_ref().take_while(|l| *l != "END") {
            let (what, numbers) = line.split_once(' ').unwrap();
            let numbers: Vec<f64> = numbers.split(' ').map(|x| x.parse().unwrap()).collect();
            agrees(&sim, what, &numbers, &text);
        }
        count += 1;
    }
    assert_eq!(count, 100);
}
