"""What all pages have in common, and the addresses at which there is none."""
