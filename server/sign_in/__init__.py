"""Signing in: local accounts (`accounts`) and the browser's session after it (`sessions`). Both are
rows, never history; of a session and of a password only a digest is stored. An organisation's own
identity provider joins here (issue 3).
"""
