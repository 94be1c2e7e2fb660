//! What an operation of the API is, as data. Every reader (request builder, retry policy, binding, check, help,
//! reference, completion, tests) takes it from here; nothing in this file sends, prints or knows a script.

/// One operation of the API. All of them together are [`super::OPERATIONS`].
#[derive(Debug)]
pub struct Operation {
    /// The script function's name: the operation id in snake case (`update_onboarding`).
    pub name: &'static str,
    /// One sentence for help and reference, without a final period.
    pub summary: &'static str,
    /// The HTTP method.
    pub method: Method,
    /// The path below the base URL, with `{name}` for each of `path_params`.
    pub path: &'static str,
    /// What it does to the workspace. Retries, dry run, capabilities and docs follow from it alone.
    pub effect: Effect,
    /// What the path's placeholders stand for, in order. They are the function's first arguments.
    pub path_params: &'static [Field],
    /// Optional query parameters, given as one object map.
    pub query: &'static [Field],
    /// Of a list: the query parameters that cut it into slices, in the order in which they are tried where more rows
    /// share a time than a page holds.
    pub slices: &'static [Slice],
    /// The object it is about, whose writable fields are the body of a create or an update.
    pub object: Option<&'static Object>,
    /// Body fields that must be there.
    pub required: &'static [&'static str],
    /// What a good answer holds.
    pub returns: Returns,
    /// Whether the call carries the key and counts against the rate limit. Only `get_health` does neither.
    pub authenticated: bool,
    /// Script text that runs against the seeded sandbox; shown in help, executed by a test.
    pub example: &'static str,
}

/// The HTTP methods in use. `PUT` is not among them (API notes, introduction).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
    Patch,
    Delete,
}

impl Method {
    /// As it stands in a request line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
        }
    }
}

/// What an operation does to the workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    Read,
    Create,
    Update,
    Delete,
}

impl Effect {
    /// Whether the workspace may be another one afterwards.
    pub const fn writes(self) -> bool {
        !matches!(self, Effect::Read)
    }
}

/// A query parameter that cuts a list into slices: each row is in the slice of the value it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice {
    /// The parameter, a [`Kind::Enum`], and the field of the rows that it is about.
    pub field: &'static str,
    /// A value whose slice holds the rows that have this boolean field set, whatever else they say.
    pub flag: Option<(&'static str, &'static str)>,
}

/// What a good answer holds.
#[derive(Clone, Copy, Debug)]
pub enum Returns {
    /// One object of this kind.
    Object(&'static Object),
    /// A page of objects of this kind.
    List(&'static Object),
    /// `{object: "deleted", …}`.
    Deleted,
}

impl Returns {
    /// The object's fields that a script may read on what it gets.
    pub fn object(self) -> &'static Object {
        match self {
            Returns::Object(object) | Returns::List(object) => object,
            Returns::Deleted => &super::meta::DELETED,
        }
    }
}

/// A kind of object that the API answers with.
#[derive(Debug)]
pub struct Object {
    /// The value of its `object` field; empty where the API sends none.
    pub name: &'static str,
    /// All fields that the API documents, in its order.
    pub fields: &'static [Field],
}

impl Object {
    /// The documented field of that name.
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

/// A field of an object, or a parameter of an operation.
#[derive(Debug)]
pub struct Field {
    /// The API's own name.
    pub name: &'static str,
    /// What values it takes.
    pub kind: Kind,
    /// Whether a body may set it to null, which clears it.
    pub nullable: bool,
    /// In which bodies it may stand.
    pub set: Set,
    /// What it is, for help and reference, without a final period. Empty where the name says it all.
    pub doc: &'static str,
}

/// In which bodies a field may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Set {
    /// The server's own (and every path and query parameter).
    Never,
    /// Only when the object is created.
    OnCreate,
    /// When it is created and when it is updated.
    Always,
}

/// What values a field takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Either form of an id: the opaque string or the small integer.
    Id,
    Text,
    /// A whole number in these bounds.
    Integer(i64, i64),
    Boolean,
    /// ISO 8601; in bodies plain text, as the API takes it.
    Timestamp,
    /// One of these words; the API may know more by now.
    Enum(&'static [&'static str]),
    /// A JSON object of the user's own.
    Object,
    /// A list of texts.
    TextList,
}

impl Kind {
    /// In an error message: "`mrr` takes …".
    pub const fn wanted(self) -> &'static str {
        match self {
            Kind::Id => "an id (a string, an integer or an object with an `id`)",
            Kind::Text => "a string",
            Kind::Integer(..) => "a whole number",
            Kind::Boolean => "`true` or `false`",
            Kind::Timestamp => "a time as a string, such as \"2026-05-26T17:21:09Z\"",
            Kind::Enum(_) => "a string from a known list",
            Kind::Object => "an object map",
            Kind::TextList => "an array of strings",
        }
    }
}

impl Operation {
    /// The API's own name of it: `update-onboarding`.
    pub fn id(&self) -> String {
        self.name.replace('_', "-")
    }

    /// The fields that its body takes, in the object's order. Empty for reads and deletes.
    pub fn body(&self) -> impl Iterator<Item = &'static Field> + use<> {
        let effect = self.effect;
        let fields = self.object.map_or(&[][..], |object| object.fields);
        fields.iter().filter(move |field| match effect {
            Effect::Create => field.set != Set::Never,
            Effect::Update => field.set == Set::Always,
            Effect::Read | Effect::Delete => false,
        })
    }

    /// Whether a body goes with the call.
    pub const fn has_body(&self) -> bool {
        matches!(self.effect, Effect::Create | Effect::Update)
    }

    /// Whether the answer is a page of a list.
    pub const fn is_list(&self) -> bool {
        matches!(self.returns, Returns::List(_))
    }

    /// The values that a query parameter is known to take; none where it takes others than words from a list.
    pub fn choices(&self, param: &str) -> &'static [&'static str] {
        match self.query.iter().find(|field| field.name == param).map(|field| field.kind) {
            Some(Kind::Enum(words)) => words,
            _ => &[],
        }
    }

    /// The `type` of each error that a script may catch of it, with when it comes.
    pub fn errors(&self) -> Vec<(&'static str, &'static str)> {
        let mut errors = vec![("invalid_argument", "the arguments cannot be right; nothing was sent")];
        if !self.query.is_empty() || self.has_body() {
            errors.push(("invalid_request_error", "the service does not accept a value"));
        }
        if self.authenticated {
            errors.push(("permission_error", "the key may not do this"));
        }
        let names_others = self.body().any(|field| field.kind == Kind::Id);
        if !self.path_params.is_empty() || names_others {
            errors.push(("not_found", "there is no such object in the workspace"));
        }
        if self.has_body() {
            errors.push(("conflict", "a value that must be unique is taken, or the same key came with another body"));
        }
        errors.push(("internal_error", "the service failed, after all attempts"));
        errors.push(("invalid_answer", "the answer is not what the API promises"));
        if self.is_list() {
            errors.push(("incomplete_list", "rows of one time fill a page, and not all of them can be reached"));
        }
        errors
    }

    /// How it is called: `update_onboarding(id, fields)`.
    pub fn signature(&self) -> String {
        let mut args: Vec<String> = self.path_params.iter().map(|p| snake(p.name)).collect();
        if self.has_body() {
            args.push("fields".into());
        } else if !self.query.is_empty() {
            args.push("options?".into());
        }
        format!("{}({})", self.name, args.join(", "))
    }
}

/// `customerId` as scripts would write it: `customer_id`.
pub fn snake(name: &str) -> String {
    name.chars().fold(String::new(), |mut out, c| {
        if c.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
        out
    })
}

/// A field of the server's own: read only.
pub(super) const fn read_only(name: &'static str, kind: Kind, doc: &'static str) -> Field {
    Field { name, kind, nullable: false, set: Set::Never, doc }
}

/// A field that bodies may set and clear.
pub(super) const fn nullable(name: &'static str, kind: Kind, doc: &'static str) -> Field {
    Field { name, kind, nullable: true, set: Set::Always, doc }
}

/// A field that bodies may set, but not to null.
pub(super) const fn not_null(name: &'static str, kind: Kind, doc: &'static str) -> Field {
    Field { name, kind, nullable: false, set: Set::Always, doc }
}

/// The path parameter that most operations have.
pub(super) const ID: Field = read_only("id", Kind::Id, "Its `id` or `display_id`, or an object that has an `id`");

/// Page size of a list (API notes, "Pagination").
pub(super) const LIMIT: Field =
    read_only("limit", Kind::Integer(1, 100), "Page size, not a total; never needed (`take(5)` gives five rows)");

/// Where a list starts.
pub(super) const CURSOR: Field = read_only("cursor", Kind::Timestamp, "Only rows created strictly before this time");
