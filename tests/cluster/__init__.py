"""Several processes on one database: who does which duty, who hears of whose commits, and that whoever lost a
duty without knowing it changes nothing."""
