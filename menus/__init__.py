"""What is served: menus, their sections and dishes, allergens."""
