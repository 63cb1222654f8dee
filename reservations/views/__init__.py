"""Pages of booking: times, the hold, the reservation."""
