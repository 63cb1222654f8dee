"""The site with addresses that write, and with its guards taken away one by one, for the checker of staleness."""
