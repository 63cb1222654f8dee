"""The set-up guide: pages in a row that take a restaurant from nothing to taking bookings, each usable again later."""
