"""Restaurants from OpenStreetMap data: hours as people wrote them become opening hours, services and special days."""
