"""The audit: what must be true of the rows at any moment, proved from the rows alone."""
