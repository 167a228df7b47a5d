"""Adapters that no other chapter tests."""
