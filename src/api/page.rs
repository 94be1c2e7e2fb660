//! The tie-safe walk over the pages of a list.
