"""Django's backend for PostgreSQL, with bounded waits: the ENGINE of the settings."""
