"""Policies as people write them: a section of the catalog file. `document` is the form of one policy
and how it is read, `writing` how it is written;
`durations`, `approver_names` and `form_schema` read and write its parts, `explaining` says what the
policies do for a person who asks for something."""
