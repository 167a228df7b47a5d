"""Faults against real processes: kills, pauses, cut connections, restored disks. What is done and when is
chance with a seed that is printed; what must be true in the end is not."""
