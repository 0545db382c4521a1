//! The list of a kind of element: one macro makes of it the enum with all parameters, the names, and the dispatch.

/// Makes the enum of a kind of element. Each element is a struct of parameters that implements the trait and has a
/// `NAME`; adding one is one line. Model files, their schema and error messages follow from the enum.
macro_rules! element_list {
    (
        $(#[$enum_meta:meta])*
        $enum:ident: dyn $model:ident {
            $($(#[$meta:meta])* $name:ident,)*
        }
    ) => {
        $(#[$enum_meta])*
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(tag = "type", rename_all = "snake_case")]
        pub enum $enum {
            $($(#[$meta])* $name($name),)*
        }
        impl $enum {
            /// The names of all, as a model file writes them.
            pub const NAMES: &'static [&'static str] = &[$($name::NAME),*];
            /// The name of this one, as a model file writes it.
            pub fn name(&self) -> &'static str {
                match self { $($enum::$name(_) => $name::NAME),* }
            }
            /// What it does.
            pub fn model(&self) -> &dyn $model {
                match self { $($enum::$name(x) => x),* }
            }
            /// The same, to change its parameters.
            pub fn model_mut(&mut self) -> &mut dyn $model {
                match self { $($enum::$name(x) => x),* }
            }
        }
        $(impl From<$name> for $enum {
            fn from(x: $name) -> $enum { $enum::$name(x) }
        })*
    };
}
pub(crate) use element_list;
