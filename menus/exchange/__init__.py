"""Dishes out as CSV and in again, with a preview of what will change. The rows go through django-import-export."""
