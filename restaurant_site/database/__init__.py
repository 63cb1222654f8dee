"""How long a process waits for its database, and whether that still answers. Knows no restaurant."""
