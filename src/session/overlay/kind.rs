//! The three kinds of records that a script can change, and what the service calls them. Data only.

use crate::api::{
    object, operation,
    operation::{Object, Operation},
};

/// A kind of record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Customer,
    Contact,
    Onboarding,
}

impl Kind {
    /// The kind that an operation reads, lists or writes; none for those about the connection.
    pub fn of(operation: &Operation) -> Option<Kind> {
        // `/customers/{customerId}/contacts` is about contacts.
        match operation.path.rsplit('/').find(|segment| !segment.starts_with('{')) {
            Some("customers") => Some(Kind::Customer),
            Some("contacts") => Some(Kind::Contact),
            Some("onboardings") => Some(Kind::Onboarding),
            _ => None,
        }
    }

    /// What a record of this kind calls itself.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Customer => "customer",
            Kind::Contact => "contact",
            Kind::Onboarding => "onboarding",
        }
    }

    /// The code of a 404.
    pub fn missing(self) -> &'static str {
        match self {
            Kind::Customer => "customer_not_found",
            Kind::Contact => "contact_not_found",
            Kind::Onboarding => "onboarding_not_found",
        }
    }

    /// The operation that reads one.
    pub fn get(self) -> &'static Operation {
        let name = match self {
            Kind::Customer => "get_customer",
            Kind::Contact => "get_contact",
            Kind::Onboarding => "get_onboarding",
        };
        operation(name).expect("each kind of record has an operation that reads one")
    }

    /// Its fields.
    pub fn object(self) -> &'static Object {
        object(self.name()).expect("each kind of record is in the table of objects")
    }

    /// The field that no two records may share: in the workspace, or within one customer.
    pub fn unique(self) -> Option<&'static str> {
        match self {
            Kind::Customer => Some("slug"),
            Kind::Contact => Some("email"),
            Kind::Onboarding => None,
        }
    }

    /// Whether it belongs to a customer.
    pub fn has_customer(self) -> bool {
        self != Kind::Customer
    }
}
