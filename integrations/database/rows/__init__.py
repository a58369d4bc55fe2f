"""One module an aggregate: its rows read into the domain's own things, and what changed written back.

Everything here is plain SQL on one connection and blocks; a page runs it inside its transaction.
"""
