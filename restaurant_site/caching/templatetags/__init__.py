"""Template tags of the cache."""
