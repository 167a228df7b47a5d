"""Faults, with real processes: a whole Doorward of several workers, its PostgreSQL and its NATS, an integration that
listens and people's clients that ask, list and cancel, while workers are killed, disks fill up, clocks step and
networks are cut. At the end an oracle looks whether everything that was acknowledged is there, once."""
