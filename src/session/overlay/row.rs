//! What the overlay reads out of a record: its ids, its place in lists, and what filters and uniqueness ask about. Knows
//! no rule.

use super::kind::Kind;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::{borrow::Cow, cmp::Reverse, sync::Arc};

/// The place of a row in a list: newest first, then by `display_id`, the largest first. The service gives no order for
/// rows of one time; any will do that is always the same.
pub(super) type Place = (Reverse<Timestamp>, Reverse<i64>, Arc<str>);

/// The place before all rows of this time.
pub(super) fn before(time: Timestamp) -> Place {
    (Reverse(time), Reverse(i64::MAX), Arc::from(""))
}

/// A record's members that matter here. Those of another type than promised count as missing.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    pub id: Arc<str>,
    pub display: Option<i64>,
    pub place: Place,
    pub created_at: Option<String>,
    pub updated_at: Option<String>,
    /// The canonical id of its customer.
    pub customer: Option<Arc<str>>,
    /// What no other record may have: see [`Kind::unique`].
    pub unique: Option<String>,
    pub name: Option<String>,
    pub status: Option<String>,
    pub phase: Option<String>,
    pub state: Option<String>,
    pub waiting: bool,
}

#[derive(Deserialize)]
struct Shape<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    display_id: Option<&'a RawValue>,
    #[serde(borrow)]
    created_at: Option<&'a RawValue>,
    #[serde(borrow)]
    updated_at: Option<&'a RawValue>,
    #[serde(borrow)]
    customer_id: Option<&'a RawValue>,
    #[serde(borrow)]
    slug: Option<&'a RawValue>,
    #[serde(borrow)]
    email: Option<&'a RawValue>,
    #[serde(borrow)]
    name: Option<&'a RawValue>,
    #[serde(borrow)]
    status: Option<&'a RawValue>,
    #[serde(borrow)]
    phase: Option<&'a RawValue>,
    #[serde(borrow)]
    state: Option<&'a RawValue>,
    #[serde(borrow)]
    waiting_on_customer: Option<&'a RawValue>,
}

impl Facts {
    /// Reads a record of this kind; none where it has no `id`.
    pub fn of(kind: Kind, json: &str) -> Option<Facts> {
        let shape: Shape = serde_json::from_str(json).ok()?;
        let id: Arc<str> = text(shape.id)?.into();
        let display = shape.display_id.and_then(|raw| raw.get().parse().ok());
        let created_at = text(shape.created_at);
        // A row without a time comes last.
        let time = created_at.as_deref().and_then(|text| text.parse().ok()).unwrap_or(Timestamp::MIN);
        let customer: Option<Arc<str>> = text(shape.customer_id).map(Arc::from).filter(|_| kind.has_customer());
        let unique = match kind {
            Kind::Customer => text(shape.slug),
            Kind::Contact => customer.as_deref().and_then(|customer| Some(email(customer, &text(shape.email)?))),
            Kind::Onboarding => None,
        };
        Some(Facts {
            place: (Reverse(time), Reverse(display.unwrap_or_default()), id.clone()),
            id,
            display,
            created_at,
            updated_at: text(shape.updated_at),
            customer,
            unique,
            name: text(shape.name),
            status: text(shape.status),
            phase: text(shape.phase),
            state: text(shape.state),
            waiting: shape.waiting_on_customer.is_some_and(|raw| raw.get() == "true"),
        })
    }

    /// When it was created.
    pub fn time(&self) -> Timestamp {
        self.place.0.0
    }
}

/// What no two contacts may share.
pub(super) fn email(customer: &str, email: &str) -> String {
    format!("{customer}\0{email}")
}

fn text(raw: Option<&RawValue>) -> Option<String> {
    serde_json::from_str::<Cow<'_, str>>(raw?.get()).ok().map(Cow::into_owned)
}

/// A text of digits only is a display id, whatever zeros it begins with.
pub(super) fn display(id: &str) -> Option<i64> {
    id.bytes().all(|byte| byte.is_ascii_digit()).then(|| id.parse().ok()).flatten()
}
