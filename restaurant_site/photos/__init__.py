"""Photos that staff upload: made anew, kept in a storage, shown to everybody. Knows no restaurant."""
