"""Guests and future reservations of another system, from a CSV file through the write rules."""
