"""Template filters for menus."""
