"""Why a request ended as it did, from events alone: those of the request, and those of other streams up to
the versions that it recorded.

    known --> grounds, steps --> dossier --> telling

`known` looks up people, policies and consents as they stood when they counted. `grounds` gathers what
the decisions rested on, `steps` what was decided, by whom, and what came of it; `dossier` is all of it as
JSON in a form that stays, `telling` the same in words. No read model is asked, so the answer is the same
whatever has happened to them, and on a copy of the log.
"""
