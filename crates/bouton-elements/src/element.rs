//! What an element is, whatever its kind: a struct of parameters that has a name in model files and a page.

use std::any::{Any, TypeId};
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use bouton_core::Error;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{self, DeserializeOwned, Deserializer};
use serde::{Deserialize, Serialize, Serializer};

use crate::content::Content;
use crate::var::{Start, Var};

/// A struct of parameters that is an element: what model files call it, and the page that explains it.
///
/// The rest follows from what the struct derives: how it is read and written, its schema, and whether two are equal.
pub trait Element:
    'static + fmt::Debug + Send + Sync + Clone + PartialEq + Serialize + DeserializeOwned + JsonSchema
{
    /// Its name in model files, in lower case with underscores.
    const NAME: &'static str;
    /// The file that it is written in, by `include_str!`: the lines at its head that begin with `//!` are the page. Any
    /// text without such lines is a page as it is.
    const PAGE: &'static str;
    /// Whether a model file can name it. One that holds data which no file spells out says no.
    const IN_FILES: bool = true;
    /// One that serves as an example, with values for the parameters that have no default: listings show its variables.
    /// One whose parameters all have defaults needs none.
    fn example() -> Option<Self> {
        None
    }
}

/// What every element can do, of whatever type. All of [`Element`] have it.
pub trait DynElement: 'static + fmt::Debug + Send + Sync {
    /// Its name in model files.
    fn name(&self) -> &'static str;
    /// Itself, to be asked for its type.
    fn as_any(&self) -> &dyn Any;
    /// Whether the other is of the same type and has the same parameters.
    fn same(&self, other: &dyn Any) -> bool;
    /// Its parameters as a file has them; `None` where no file has it.
    fn for_files(&self) -> Option<&dyn erased_serde::Serialize>;
}

impl<T: Element> DynElement for T {
    fn name(&self) -> &'static str {
        T::NAME
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn same(&self, other: &dyn Any) -> bool {
        other.downcast_ref::<T>() == Some(self)
    }
    fn for_files(&self) -> Option<&dyn erased_serde::Serialize> {
        if T::IN_FILES { Some(self) } else { None }
    }
}

/// A kind of element: the trait object that all of its elements are.
pub trait Kind: DynElement {
    /// Its name in listings: `neurons`.
    const KIND: &'static str;
    /// Its name in the schema of model files: `NeuronType`.
    const TYPE: &'static str;
    /// What it is, as the schema says it.
    fn doc() -> String;
    /// The variables of an element: parameters with their present values, then states.
    fn variables(&self) -> Vec<Var>;
    /// All of its elements.
    fn registry() -> &'static Registry<Self>;
}

/// An element that is of a kind. Whatever implements the kind's trait is.
pub trait IsA<M: ?Sized>: Element {
    /// As one of its kind.
    fn shared(self) -> Arc<M>;
}

/// What a registry knows of an element.
pub struct Def<M: ?Sized> {
    /// Its name in model files.
    pub name: &'static str,
    /// Whether a model file can name it.
    pub in_files: bool,
    /// One paragraph about it, where that isn't in its schema. A schema is asked for when it is needed and not before: one of
    /// an element that holds another of its own kind needs the list that it is in.
    said: Option<String>,
    source: &'static str,
    /// `None` for one that is no type of its own, but a text.
    type_id: Option<TypeId>,
    type_name: &'static str,
    read: Read<M>,
    schema: Arc<dyn Fn(&mut SchemaGenerator) -> Schema + Send + Sync>,
    example: Arc<dyn Fn() -> Option<ElementOf<M>> + Send + Sync>,
}

/// How an element is read from a file.
type Read<M> = Arc<dyn Fn(Content) -> Result<ElementOf<M>, de::value::Error> + Send + Sync>;

impl<M: ?Sized> Clone for Def<M> {
    fn clone(&self) -> Def<M> {
        Def {
            said: self.said.clone(),
            read: self.read.clone(),
            schema: self.schema.clone(),
            example: self.example.clone(),
            ..*self
        }
    }
}

impl<M: ?Sized> fmt::Debug for Def<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, self.type_name)
    }
}

impl<M: ?Sized + Kind> Def<M> {
    /// That of a type. What is said about it is the first paragraph of the struct's documentation.
    pub(crate) fn of<T: IsA<M>>() -> Def<M> {
        Def {
            name: T::NAME,
            said: None,
            in_files: T::IN_FILES,
            source: T::PAGE,
            type_id: Some(TypeId::of::<T>()),
            type_name: std::any::type_name::<T>(),
            read: Arc::new(|c| T::deserialize(c).map(ElementOf::new)),
            schema: Arc::new(T::json_schema),
            example: Arc::new(|| T::example().map(ElementOf::new)),
        }
    }
    /// That of an element that is no type of its own: the text of a rule. `page` is its page as it is.
    pub(crate) fn of_text(
        name: &'static str,
        page: &'static str,
        read: impl Fn(Content) -> Result<ElementOf<M>, de::value::Error> + Send + Sync + 'static,
        schema: impl Fn(&mut SchemaGenerator) -> Schema + Send + Sync + 'static,
        example: impl Fn() -> Option<ElementOf<M>> + Send + Sync + 'static,
    ) -> Def<M> {
        Def {
            name,
            said: Some(first_paragraph(page).trim().into()),
            in_files: true,
            source: page,
            type_id: None,
            type_name: name,
            read: Arc::new(read),
            schema: Arc::new(schema),
            example: Arc::new(example),
        }
    }
    /// One paragraph about it.
    pub fn doc(&self) -> String {
        self.doc_in(|| (self.schema)(&mut SchemaGenerator::default()))
    }
    fn doc_in<S: std::borrow::Borrow<Schema>>(&self, schema: impl FnOnce() -> S) -> String {
        self.said.clone().unwrap_or_else(|| {
            let schema = schema();
            let text = schema.borrow().get("description").and_then(|d| d.as_str());
            first_paragraph(text.unwrap_or("")).into()
        })
    }
    /// Its page: equation, table of symbols with defaults and units, reference.
    pub fn page(&self) -> String {
        let head = self.source.lines().take_while(|l| l.starts_with("//!"));
        let head: Vec<&str> = head.map(|l| l[3..].strip_prefix(' ').unwrap_or(&l[3..])).collect();
        let page = if head.is_empty() { self.source.trim().to_string() } else { head.join("\n") };
        page + "\n"
    }
    /// One with the parameters that a file leaves out.
    ///
    /// # Errors
    /// It has parameters that need a value.
    pub fn default_of(&self) -> Result<ElementOf<M>, Error> {
        (self.read)(Content::Map(vec![])).map_err(|e| Error::model(self.name, e.to_string()))
    }
    /// One with the parameters that a file leaves out, and with those of an example where some have no default. `None` if it
    /// has such parameters and gives no example.
    pub fn example(&self) -> Option<ElementOf<M>> {
        self.default_of().ok().or_else(|| (self.example)())
    }
    /// The variables of its example. Those that have no default start at [`Start::Required`].
    pub fn variables(&self) -> Vec<Var> {
        let schema = (self.schema)(&mut SchemaGenerator::default());
        let required = schema.get("required").and_then(|r| r.as_array()).cloned().unwrap_or_default();
        let needed = |v: &Var| required.iter().any(|r| r.as_str() == Some(&*v.name));
        let vars = self.example().map_or(vec![], |e| e.model().variables()).into_iter();
        vars.map(|v| if needed(&v) { Var { start: Start::Required, ..v } } else { v }).collect()
    }
    /// The schema of its table, with the name that tells it apart.
    fn member(&self, generator: &mut SchemaGenerator) -> Schema {
        let mut schema = (self.schema)(generator);
        let doc = self.doc_in(|| &schema);
        let o = schema.ensure_object();
        if !doc.is_empty() {
            o.insert("description".into(), doc.into());
        }
        o.insert("type".into(), "object".into());
        let tag = serde_json::json!({ "type": "string", "const": self.name });
        if let Some(p) = o.entry("properties").or_insert_with(|| serde_json::json!({})).as_object_mut() {
            p.insert("type".into(), tag);
        }
        if let Some(r) = o.entry("required").or_insert_with(|| serde_json::json!([])).as_array_mut() {
            r.insert(0, "type".into());
        }
        schema
    }
}

fn first_paragraph(text: &str) -> &str {
    text.split("\n\n").next().unwrap_or("")
}

/// The lines of a comment without the space at their beginning.
pub(crate) fn unindented(doc: &str) -> String {
    let lines: Vec<&str> = doc.trim_end().lines().map(|l| l.strip_prefix(' ').unwrap_or(l)).collect();
    lines.join("\n")
}

/// All elements of a kind: those that are shipped, and those that a program has added.
#[derive(Debug)]
pub struct Registry<M: ?Sized> {
    shipped: Vec<Def<M>>,
    added: RwLock<Vec<Def<M>>>,
}

impl<M: ?Sized + Kind> Registry<M> {
    pub(crate) fn new(shipped: Vec<Def<M>>) -> Registry<M> {
        Registry { shipped, added: RwLock::default() }
    }
    /// The same with others behind the shipped ones.
    pub(crate) fn with(mut self, others: Vec<Def<M>>) -> Registry<M> {
        self.shipped.extend(others);
        self
    }
    /// All, the shipped ones first.
    pub fn all(&self) -> Vec<Def<M>> {
        let added = self.added.read().unwrap_or_else(PoisonError::into_inner);
        self.shipped.iter().chain(added.iter()).cloned().collect()
    }
    /// Adds one. `same` says whether another of its name is the same element, so that adding it again is no mistake.
    pub(crate) fn add(&self, def: Def<M>, same: impl Fn(&Def<M>) -> bool) -> Result<(), Error> {
        let object = format!("{}.{}", M::KIND, def.name);
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if def.name.is_empty() || !def.name.chars().all(plain) {
            return Err(Error::model(
                object,
                format!(
                    "the `NAME` of an element must be of lower-case letters, digits and underscores, as files have it, \
                     found {:?}",
                    def.name
                ),
            ));
        }
        let mut added = self.added.write().unwrap_or_else(PoisonError::into_inner);
        match self.shipped.iter().chain(added.iter()).find(|d| d.name == def.name) {
            Some(d) if same(d) => Ok(()),
            Some(d) => Err(Error::model(
                object,
                format!(
                    "`{}` can't be registered by this name: `{}` has it; give its `NAME` another value",
                    def.type_name, d.type_name
                ),
            )),
            None => {
                added.push(def);
                REGISTERED.fetch_add(1, Ordering::Release);
                Ok(())
            }
        }
    }
}

/// Adds an element to its kind, so that model files, their schema and listings know it. To add it twice is no mistake.
///
/// # Errors
/// Another element has its name, or the name isn't one that files can have.
pub fn register<M: ?Sized + Kind, T: IsA<M>>() -> Result<(), Error> {
    // Made before the lists are locked: its schema may ask for the members of its own kind.
    M::registry().add(Def::of::<T>(), |d| d.type_id == Some(TypeId::of::<T>()))
}

static REGISTERED: AtomicUsize = AtomicUsize::new(0);

/// How many elements programs have registered, of all kinds: what was made of the lists is out of date when it changes.
pub fn registered() -> usize {
    REGISTERED.load(Ordering::Acquire)
}

/// An element of a kind, with its parameters. A copy shares them until one of the two is changed.
pub struct ElementOf<M: ?Sized> {
    model: Arc<M>,
    copy: fn(&M) -> Option<Arc<M>>,
    read: Read<M>,
}

impl<M: ?Sized> Clone for ElementOf<M> {
    fn clone(&self) -> ElementOf<M> {
        ElementOf { model: self.model.clone(), copy: self.copy, read: self.read.clone() }
    }
}

impl<M: ?Sized + Kind> fmt::Debug for ElementOf<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.model.fmt(f)
    }
}

impl<M: ?Sized + Kind> PartialEq for ElementOf<M> {
    fn eq(&self, other: &ElementOf<M>) -> bool {
        self.model.same(other.model.as_any())
    }
}

impl<M: ?Sized + Kind> ElementOf<M> {
    /// Of any type that is of the kind; it needn't be registered, but files then don't know it.
    pub fn new<T: IsA<M>>(x: T) -> ElementOf<M> {
        ElementOf {
            model: x.shared(),
            copy: |m| Some(m.as_any().downcast_ref::<T>()?.clone().shared()),
            read: Arc::new(|c| T::deserialize(c).map(ElementOf::new)),
        }
    }
    /// One that is no type of its own.
    pub(crate) fn of_parts(model: Arc<M>, copy: fn(&M) -> Option<Arc<M>>, read: Read<M>) -> ElementOf<M> {
        ElementOf { model, copy, read }
    }
    /// The names of all of the kind, as model files write them.
    pub fn names() -> Vec<&'static str> {
        M::registry().all().iter().map(|d| d.name).collect()
    }
    /// One by its name, with the parameters that a file leaves out.
    ///
    /// # Errors
    /// There is none of that name, or it has parameters that need a value.
    pub fn named(name: &str) -> Result<ElementOf<M>, Error> {
        find::<M>(name)?.default_of()
    }
    /// Its name, as model files write it.
    pub fn name(&self) -> &'static str {
        self.model.name()
    }
    /// What it does.
    pub fn model(&self) -> &M {
        &self.model
    }
    /// The same, to change its parameters; copies of it stay as they are.
    pub fn model_mut(&mut self) -> &mut M {
        if Arc::get_mut(&mut self.model).is_none()
            && let Some(own) = (self.copy)(&self.model)
        {
            self.model = own;
        }
        Arc::get_mut(&mut self.model).expect("it was copied if it had another owner")
    }
    /// Refuses parameters that are set to numbers outside the bounds that their [variables](Kind::variables) have: a live
    /// one couldn't be set to them either. Beside it there is the kind's own check, of what belongs together.
    ///
    /// # Errors
    /// The parameter, what it must be, and what was found.
    pub fn within_bounds(&self) -> Result<(), String> {
        crate::var::check(&self.model().variables())
    }
    /// The same with other values of some of its parameters, by their names; a parameter that is a list takes all of them,
    /// another one the first.
    ///
    /// # Errors
    /// It has no such parameter, or no file can hold it.
    pub fn with(&self, values: &[(&str, &[f64])]) -> Result<ElementOf<M>, Error> {
        let refuse = |m: String| Error::model(format!("{}.{}", M::KIND, self.name()), m);
        let written = self.model.for_files().map(serde_json::to_value);
        let Some(Ok(serde_json::Value::Object(mut table))) = written else {
            return Err(refuse("its parameters can't be written down, so that none can be exchanged".into()));
        };
        for (name, values) in values {
            let Some(old) = table.get_mut(*name) else {
                let names: Vec<&str> = table.keys().map(String::as_str).collect();
                return Err(refuse(format!("there is no parameter `{name}`; it has: {}", names.join(", "))));
            };
            *old = if old.is_array() { serde_json::json!(values) } else { serde_json::json!(values.first()) };
        }
        let made =
            Content::deserialize(serde_json::Value::Object(table)).map_err(|e| refuse(e.to_string()))?;
        (self.read)(made).map_err(|e| refuse(e.to_string()))
    }
    /// Whether it is of this type.
    pub fn is<T: IsA<M>>(&self) -> bool {
        self.downcast_ref::<T>().is_some()
    }
    /// Its parameters, if it is of this type.
    pub fn downcast_ref<T: IsA<M>>(&self) -> Option<&T> {
        self.model.as_any().downcast_ref()
    }
}

/// The element of a kind that has this name.
///
/// # Errors
/// There is none; the nearest name is given.
pub fn find<M: ?Sized + Kind>(name: &str) -> Result<Def<M>, Error> {
    let all = M::registry().all();
    all.iter().find(|d| d.name == name).cloned().ok_or_else(|| {
        let names: Vec<&str> = all.iter().map(|d| d.name).collect();
        let way = match bouton_core::nearest(name, names.iter().copied()) {
            Some(n) => format!("did you mean `{n}`?"),
            None => format!("there are: {}", names.join(", ")),
        };
        Error::model(M::KIND, format!("there is nothing called `{name}`; {way}"))
    })
}

/// An element as a file has it.
#[derive(Serialize)]
struct Tagged<'a> {
    #[serde(rename = "type")]
    name: &'static str,
    #[serde(flatten)]
    parameters: &'a dyn erased_serde::Serialize,
}

impl<M: ?Sized + Kind> Serialize for ElementOf<M> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self.model.for_files() {
            Some(parameters) => Tagged { name: self.name(), parameters }.serialize(s),
            None => Err(serde::ser::Error::custom(format!(
                "no file holds a {} of the type `{}`",
                M::TYPE,
                self.name()
            ))),
        }
    }
}

impl<'de, M: ?Sized + Kind> Deserialize<'de> for ElementOf<M> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<ElementOf<M>, D::Error> {
        let mut table = match Content::deserialize(d)? {
            Content::Map(table) => table,
            other => {
                let expected = format!("a table with the `type` of the {}", M::TYPE);
                return Err(de::Error::invalid_type(other.unexpected(), &expected.as_str()));
            }
        };
        let Some(at) = table.iter().position(|(k, _)| k == "type") else {
            return Err(de::Error::missing_field("type"));
        };
        let name = match table.remove(at).1 {
            Content::Str(name) => name,
            other => return Err(de::Error::invalid_type(other.unexpected(), &"a name")),
        };
        let all: Vec<Def<M>> = M::registry().all().into_iter().filter(|d| d.in_files).collect();
        match all.iter().find(|d| d.name == name) {
            Some(def) => (def.read)(Content::Map(table)).map_err(de::Error::custom),
            None => {
                let names: Vec<String> = all.iter().map(|d| format!("`{}`", d.name)).collect();
                Err(de::Error::custom(format!(
                    "there is no {} `{name}`; there are {}",
                    M::TYPE,
                    names.join(", ")
                )))
            }
        }
    }
}

impl<M: ?Sized + Kind> JsonSchema for ElementOf<M> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        M::TYPE.into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let all = M::registry().all();
        let members: Vec<Schema> = all.iter().filter(|d| d.in_files).map(|d| d.member(generator)).collect();
        schemars::json_schema!({ "description": M::doc(), "oneOf": members })
    }
}
