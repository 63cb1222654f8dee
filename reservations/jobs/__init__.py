"""The job loop: what is due by the clock alone, done by any number of copies."""
