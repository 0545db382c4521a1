//! The rules that come with bouton.

/// A rule of the library: a file of the folder `library`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Library {
    /// The name of its file, without `.rule`: what model files call it.
    pub name: &'static str,
    /// Its text; the comment at its beginning is its page.
    pub text: &'static str,
}

/// All rules of the library, by name.
///
/// ```
/// use bouton_rules::{LIBRARY, Rule};
/// for rule in LIBRARY {
///     assert!(Rule::parse(rule.text).is_ok(), "{}", rule.name);
/// }
/// ```
pub const LIBRARY: &[Library] = &include!(concat!(env!("OUT_DIR"), "/library.rs"));
