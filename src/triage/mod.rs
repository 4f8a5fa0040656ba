//! Many captures: one row each, whatever happens.
