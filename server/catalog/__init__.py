"""Catalog files: reading one strictly (`file`), making the store hold it (`importing`), writing it
back (`exporting`). An import states what the catalog should hold; the domain compares, so only
what changed is appended. A bad file is refused whole before anything is written.
"""
