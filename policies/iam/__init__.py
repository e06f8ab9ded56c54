"""The meaning of policy documents: what a set of statements allows to whom, on what, under which conditions.

`policies.documents` reads a document; here it is evaluated, for one request or for all requests that some caller may
make, and asked what rules want to know: does it let a stranger in, is a grant taken back by a Deny.
"""
