"""Tests of rate limits and of the cap on open holds."""
