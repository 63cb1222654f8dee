"""Template tags of the reservations app."""
