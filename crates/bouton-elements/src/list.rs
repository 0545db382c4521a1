//! The list of a kind of element: one macro makes of it the kind's struct, its registry, and the conversions.

/// Makes a kind of element. Each element is a struct of parameters that implements the trait and
/// [`Element`](crate::Element); shipping one is its file and one line, `file::Name`. What is said of it is the first paragraph
/// of the struct's documentation. Model files, their schema, listings and error messages follow from the registry. Elements that
/// are no types of their own may follow after `and`.
macro_rules! element_list {
    (
        $(#[doc = $doc:literal])*
        $alias:ident: dyn $model:ident, $kind:literal, $register:ident, |$this:pat_param| $vars:expr => {
            $($file:ident::$name:ident,)*
        }
        $(and $others:expr)?
    ) => {
        $(mod $file;)*
        $(pub use $file::$name;)*

        $(#[doc = $doc])*
        pub type $alias = $crate::ElementOf<dyn $model>;

        impl $crate::Kind for dyn $model {
            const KIND: &'static str = $kind;
            const TYPE: &'static str = stringify!($alias);
            fn doc() -> String {
                $crate::element::unindented(concat!($($doc, "\n"),*))
            }
            fn variables(&self) -> Vec<$crate::var::Var> {
                let $this = self;
                $vars
            }
            fn registry() -> &'static $crate::Registry<dyn $model> {
                static ALL: std::sync::LazyLock<$crate::Registry<dyn $model>> = std::sync::LazyLock::new(|| {
                    $crate::Registry::new(vec![$($crate::Def::of::<$name>()),*])$(.with($others))?
                });
                &ALL
            }
        }

        impl<T: $model + $crate::Element> $crate::IsA<dyn $model> for T {
            fn shared(self) -> std::sync::Arc<dyn $model> {
                std::sync::Arc::new(self)
            }
        }

        impl<T: $model + $crate::Element> From<T> for $alias {
            fn from(x: T) -> $alias {
                $crate::ElementOf::new(x)
            }
        }

        #[doc = concat!("Adds an element to the list of ", $kind, ": see [`register`](crate::register).")]
        ///
        /// # Errors
        /// Another element has its name, or the name isn't one that files can have.
        pub fn $register<T: $model + $crate::Element>() -> Result<(), bouton_core::Error> {
            $crate::register::<dyn $model, T>()
        }
    };
}
pub(crate) use element_list;
