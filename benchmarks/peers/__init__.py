"""What the site is compared with: bare gunicorn, and the same menu page under other ways to cache it."""
