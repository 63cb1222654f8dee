"""Menus from a file of dishes: rows are read, sorted out into dishes, and saved one restaurant at a time."""
