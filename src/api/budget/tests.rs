//! The budget in virtual time.
