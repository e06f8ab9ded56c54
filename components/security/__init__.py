"""Keys, identities and the audit trail: who may do what, and the record of who did."""
