"""The database by its URL, the two dialects of SQL, and the replica."""
