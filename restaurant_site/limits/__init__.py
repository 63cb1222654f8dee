"""How often one sender may ask for what costs: rows, counting, and the middleware. docs/limits.md."""
