//! The language: what is read, what is refused with which words and where, and what is warned of.

use bouton_expr::Rank;
use bouton_rules::{LIBRARY, Rule, page};

use crate::sim::{numbers, off_by_one_percent};

fn fails(text: &str, message: &str, place: (usize, usize)) {
    let e = Rule::parse(text).unwrap_err();
    assert!(e.message().contains(message), "{text}\nhas the error: {}\nnot: {message}", e.message());
    assert_eq!(e.line_column(), place, "{text}\n{}", e.render());
}

/// What `scripts/one_percent.sh` goes through: each number of each rule, and whether the text is a rule with it 1 % larger.
#[test]
fn every_number_of_the_library_can_be_put_off() {
    let mut count = 0;
    for rule in LIBRARY {
        for (k, span) in numbers(rule.text).into_iter().enumerate() {
            let line = rule.text[..span.start].rsplit('\n').next().unwrap();
            let rest = rule.text[span.start..].split(['\n', '#']).next().unwrap();
            println!("NUMBER {}:{k} {}{}", rule.name, line, rest.trim());
            let off = off_by_one_percent(rule.text, &span);
            assert!(Rule::parse(&off).is_ok_and(|r| r.text() != rule.text), "{off}");
            count += 1;
        }
    }
    assert!(count > 4 * LIBRARY.len(), "{count}");
}

#[test]
fn what_is_wrong_is_refused_with_its_place() {
    // Undeclared names, and names that other languages give.
    fails("w' = eta*pre.out", "unknown name `eta`", (1, 6));
    fails("pre x' = -x/tau\nw' = x", "unknown name `tau`", (1, 13));
    fails("w' = e*1", "unknown name `e`", (1, 6));
    fails(
        "param tau_s = 20 ms\npre x' = -x/tua_s\nw' = x",
        "did you mean `tau_s`? If not, declare it",
        (2, 13),
    );
    fails("w' = pre.out*pst.out", "did you mean `post.out`?", (1, 14));
    fails("param a = 2*b, b = 1\nw' = a", "unknown name `b`", (1, 13));
    // Ranks.
    fails(
        "pre x' = post.out\nw' = x",
        "one number per pre neuron, and this has one number per post neuron, because of `post.out`",
        (1, 10),
    );
    fails("global g' = pre.out\nw' = g", "the state `g` has one number for all", (1, 13));
    fails("pre x' = -x/20 ms\non pre: x += w", "because of `w`", (2, 14));
    fails(
        "post y' = -y/20 ms\non pre: y += 1\nw' = 1",
        "`on pre` changes what has a number per pre neuron, and `y` has one number per post neuron",
        (2, 9),
    );
    fails("pre x' = 0\non post: x += 1\nw' = 1", "`on post` changes", (2, 10));
    fails("global g' = 0\non pre: g += 1\nw' = 1", "`on pre` changes", (2, 9));
    fails("w' = 1\nbound w in [0, pre.out]", "a bound has one number for all", (2, 16));
    // Names.
    fails("pre x' = 1\npost x' = 1\nw' = 1", "`x` is defined twice, first in line 1", (2, 6));
    fails("param w = 1\nw' = w", "`w` is the weight; choose another name", (1, 7));
    fails("param s = 1\nw' = s", "`s` is a unit", (1, 7));
    fails("input max\nw' = 1", "`max` is a function", (1, 7));
    fails("param delta = 1\nw' = 1", "`delta` is the change of the rule", (1, 7));
    // Statements.
    fails("on pre: w += 2*", "expected a value, found the end", (1, 16));
    fails("pre x' = 0\non pre: w =+ x; x *= 2", "expected `+=`, `-=` or `=`, found `*`", (2, 19));
    fails("on pre: w == 1", "expected `+=`, `-=` or `=`, found `=`", (1, 11));
    fails("on pre: x += 1\nw' = 1", "`x` is no state; declare it, as in `pre x' = -x/tau`", (1, 9));
    fails("pre trace' = 0\non pre: trce += 1\nw' = 1", "did you mean `trace`?", (2, 9));
    fails("param a = 1\non pre: a += 1\nw' = 1", "`a` is a parameter", (2, 9));
    fails("on pre:\nw' = 1", "expected a statement", (1, 8));
    fails("on pre w += 1", "expected `:` and statements, found `w`", (1, 8));
    fails("on pree: w += 1", "expected `pre` or `post`, found `pree`; did you mean `pre`?", (1, 4));
    fails("on pre: w' = 1", "a motion stands on a line of its own", (1, 12));
    // Lines.
    fails("parm a = 1\nw' = 1", "no line begins with `parm`; did you mean `param NAME = NUMBER`?", (1, 1));
    fails("foo bar", "no line begins with `foo`; it begins with `param`, `input`", (1, 1));
    fails("x' = -x", "where does the state `x` live?", (1, 1));
    fails("w += 1", "a statement stands in a block", (1, 1));
    fails("w = 1", "what is `w`?", (1, 1));
    fails("= 2", "expected a line that begins with a word", (1, 1));
    fails("pre x = 1\nw' = 1", "expected `'` and `=`", (1, 7));
    fails("pre.out = 1", "can be read and not set", (1, 1));
    fails("w' = 1\nw' = 2", "`w'` is given twice", (2, 1));
    fails("w' = 1\nbound w in 0, 1", "expected `[` and two numbers", (2, 12));
    fails("w' = 1\nbound w in [0, 1", "expected `]`, found the end", (2, 17));
    fails("w' = 1\nbound w in [0]", "expected two numbers, lowest and highest, found 1", (2, 13));
    fails("w' = 1\ninput r per synapse", "expected `pre` or `post`", (2, 13));
    fails("w' = 1\ninput r 5", "expected `per pre`, `per post`, `=`", (2, 9));
    fails("w' = 1\napply later", "expected `now` or `next`, found `later`", (2, 7));
    fails("target weights\nw' = 1", "expected `encoders`", (1, 8));
    fails("param a\nw' = 1", "expected `=` and the default, found the end", (1, 8));
    fails("param a = \nw' = 1", "expected a value, found the end", (1, 10));
    fails("param tau = -20 ms\nw' = 1", "must be greater than 0, found `-20 ms`", (1, 13));
    fails("param a = 1/0\nw' = 1", "expected a finite number", (1, 11));
    fails("param a = [1, 2]\nw' = 1", "expected one number, found a vector of 2", (1, 11));
    // Without the blank it is no unit.
    fails("param tau = 20ms\nw' = 1", "expected an operator or the end, found `ms`", (1, 15));
    fails("param a = 20 mss\nw' = 1", "found `mss`", (1, 14));
    // Nothing at all.
    fails("", "nothing changes the weight", (1, 1));
    fails("pre x' = 1\n", "nothing changes the weight", (2, 1));
    // In the second of several lines between `;`, behind a comment, and over several lines in parentheses.
    fails("# head\npre x' = 0; pre y' = z # trace\nw' = x", "unknown name `z`", (2, 22));
    fails("w' = (1 # one\n  + 2*q)", "unknown name `q`", (2, 7));
}

#[test]
fn texts_that_are_too_large_are_refused() {
    assert!(Rule::parse(&"#".repeat(30_000)).unwrap_err().message().contains("the most is 20000"));
    let many: String = (0..80).map(|k| format!("param p{k} = 1\n")).collect();
    assert!(Rule::parse(&(many + "w' = 1")).unwrap_err().message().contains("the most is 64"));
    let many = format!("on pre: {}", "w += 1;".repeat(300));
    assert!(Rule::parse(&many).unwrap_err().message().contains("the most is 200"));
}

#[test]
fn parameters_have_values_units_and_comments() {
    let text = "param A = 14e-5 /mV, th = -70.6 mV  # of the visual cortex\nparam tau = 20 ms, n = 3\nparam twice = 2*tau*n, k = 2*pi\ninput m per post = 0.5 # mean\nw' = A*th*twice*m";
    let r = Rule::parse(text).unwrap();
    let found: Vec<_> =
        r.params().iter().map(|p| (p.name.as_str(), p.value, p.unit.as_str(), p.follows)).collect();
    assert_eq!(
        found,
        [
            ("A", 0.14, "/mV", false),
            ("th", -0.0706, "mV", false),
            ("tau", 0.02, "ms", false),
            ("n", 3.0, "", false),
            ("twice", 0.12, "", true),
            ("k", 2.0 * std::f64::consts::PI, "", false),
        ]
    );
    assert_eq!(r.params()[1].doc, "of the visual cortex");
    assert_eq!(r.settable().count(), 5);
    let f = &r.factors()[0];
    assert_eq!((f.name.as_str(), f.rank, f.default, f.doc.as_str()), ("m", Rank::Post, Some(0.5), "mean"));
}

#[test]
fn a_time_constant_without_unit_is_warned_of() {
    let warned = |text: &str| Rule::parse(&format!("{text}\nw' = 1")).unwrap().warnings(0.001);
    assert_eq!(
        warned("param a = 1, tau = 20"),
        ["line 1: `tau = 20` is 20 s, a long time for a time constant; 20 ms?"]
    );
    assert_eq!(
        warned("param T = 15\npre x' = -x/T"),
        ["line 1: `T = 15` is 15 s, a long time for a time constant; 15 ms?"]
    );
    assert_eq!(
        warned("param tau = 0.0005"),
        ["line 1: `tau = 0.0005` is 0.0005 s, less than a time step; is the unit right?"]
    );
    for fine in [
        "param tau = 20 ms",
        "param tau = 0.02",
        "param tau = 1000 s",
        "param big = 20",
        "param tau = 2\nparam tau_2 = 20*tau",
    ] {
        assert_eq!(warned(fine), [""; 0], "{fine}");
    }
    for l in LIBRARY {
        assert_eq!(Rule::parse(l.text).unwrap().warnings(0.001), [""; 0], "{}", l.name);
    }
}

#[test]
fn a_rule_is_explained() {
    let text = "param tau_s = 20 ms # trace\nparam alpha = 2*tau_s\ninput d = 1\npre x' = -x/tau_s # of spikes\non pre: w -= alpha*w*d; x += 1\nbound w in [0, 1]\napply now";
    let explained = Rule::parse(text).unwrap().explain();
    let expected = "\
parameters
  tau_s  0.02 s (written in ms)  trace
  alpha  0.04                    = 2*tau_s, follows
third factors
  d  one number for all  1 when nothing is connected
states
  x' = -x/tau_s  one number per pre neuron  exact: linear in itself; of spikes
on pre: the columns of pre neurons with an output above 0
  w -= alpha*w*d  computed as one number per synapse
  x += 1          computed as one number for all
the weight
  w in [0, 1]
reads pre.out
its change is what spikes change, computed when it acts: no matrix beside the weights
it acts at the end of the step
a step computes ";
    assert!(explained.starts_with(expected), "{explained}");
}

#[test]
fn the_library_has_pages_and_short_texts() {
    for l in LIBRARY {
        let page = page(l.text);
        for part in ["Reference: ", "Checked against ", "| symbol | ", "```toml\n"] {
            assert!(page.contains(part), "{}: no {part:?}", l.name);
        }
        let r = Rule::parse(l.text).unwrap();
        for name in r.params().iter().map(|p| &p.name).chain(r.factors().iter().map(|f| &f.name)) {
            assert!(page.contains(&format!("`{name}`")), "{}: `{name}` is not in the table", l.name);
        }
        assert!(r.params().iter().all(|p| !p.doc.is_empty()), "{}: a parameter without comment", l.name);
        assert_eq!(r.page(), page);
    }
}
