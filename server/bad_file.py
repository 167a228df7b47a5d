"""What is said of a file that cannot be taken, whatever it should have held."""


class BadFile(Exception):  # noqa: N818 - says what is
    """The message names the record and the field; nothing of the file was taken."""
