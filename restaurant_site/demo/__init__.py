"""The demo: six invented restaurants with a fortnight of reservations, and a sample of real data. See docs/demo.md."""
