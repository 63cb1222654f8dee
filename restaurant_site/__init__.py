"""The project: settings, addresses, what composes the two apps, and the development servers."""
