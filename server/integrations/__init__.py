"""Integrations: what they may do, how their commands are read and answered, and the HTTP callback."""
