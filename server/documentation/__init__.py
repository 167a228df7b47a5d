"""The documentation site, built from the repository: what the code, the README and the operator's document say
already is taken from there, and only what none of them says is written here.

    pages/*.md ──assembling──▶ Markdown whole ──mkdocs──▶ a site without a single outside request
        ├─ <!-- include: FILE | SECTION -->     a section of another document (`including`)
        └─ <!-- generated: NAME -->             made from the code (`reference`)

A page says of each of its code blocks how it is proved, in a comment before it: nothing means that it is run
(shell, Python) or read (JSON); ``checks: WHAT`` names what a JSON block must fit; ``not run: WHY`` one that cannot
be run here, such as another vendor's client. The tests run them all, and hold the list of the reasons.

`client` is the small MCP client of the quick start and of the recorded walk-through. That recording and the picture
of the first page are made by the tests (``make walkthrough``, ``make picture``), on a real server. None of this is
part of the installed package: it needs the source tree, and mkdocs."""
