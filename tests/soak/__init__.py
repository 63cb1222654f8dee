"""Minutes of mixed traffic on two nodes behind nginx, while everything below them is killed and frozen in turn."""
