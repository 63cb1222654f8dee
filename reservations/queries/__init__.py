"""Fresh reads: each returns frozen dataclasses or plain values, and goes to the database, never to a cache."""
