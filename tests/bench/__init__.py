"""How fast the parts are, beside the rawest thing that could do the same, in one run. Figures are
of this machine and this minute; the ratios are what to read. Not a test: run it by `make bench`."""
