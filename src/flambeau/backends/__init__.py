"""What runs a recorded graph: the reference interpreter (and, in time, compilers)."""
