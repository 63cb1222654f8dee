"""What an operator can see of the site: who asked for what is not part of it. docs/observing.md."""
