"""The event log taken out of Doorward, for those who keep or search it elsewhere.

    log --sought--> public form --format--> file

`writing` goes through the log up to the head at the start and takes what is sought, each event in the
public form, with text about people sealed unless it is asked for open: a file forgets nobody. Nothing else
that an event says is ever read here, so an export tells no more than subscribers are told. `formats` says how the events are written: `jsonl` is the public form itself, `table`
lays it out in columns for `csv_file` and `parquet`, `ocsf` says it in the words of the Open Cybersecurity
Schema Framework, by the table in `ocsf_activities`. All of them write as they read, so memory stays flat.
`whole_file` lets a file appear only once it is complete.
"""
