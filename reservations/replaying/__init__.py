"""A log of bookings, made once more through the write rules: as fast as they can be, or at a pace."""
