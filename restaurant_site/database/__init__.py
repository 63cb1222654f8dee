"""The database: its URL, its dialect, how long it is waited for, its replica. Knows no restaurant."""
