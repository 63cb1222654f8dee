"""Where and when: restaurants, tables, services, reservations."""
