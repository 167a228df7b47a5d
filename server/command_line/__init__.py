"""The command line, a module for each topic: each adds its parsers in ``add_commands``. `doorward`
itself is `server.__main__`."""
