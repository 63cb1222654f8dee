"""What happened, as events that are appended and never edited."""
