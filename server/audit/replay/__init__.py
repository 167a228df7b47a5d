"""Replay of decisions: the whole log once more, in order, in an empty store in memory. Before each group of
events that one command appended, the command is rebuilt from those very events, and today's rules decide it
with the facts of that moment; what they give must be what is recorded. Then the recorded events are taken
over, so that one deviation does not lead to the next.

    log --runs--> events of one command --rebuilding--> the command --PastWork--> what the rules say

What it proves: each recorded decision follows from the rules and from what was recorded before it. Where it
does not, either the rules are not those of then, or somebody wrote into the log past them. What it cannot
prove: that nothing was left out (that is what `verifying` is for), and that a refused decision had to be
refused, since what it said is not kept.

Text about people who were forgotten reads `[forgotten]` on both sides. Where a rule asked for such text, as
for a user name or an attribute, the decision cannot be judged any more and is counted as such.
"""

from server.audit.replay.past_work import PastWork, past
from server.audit.replay.rebuilding import NOT_REPLAYED
from server.audit.replay.replaying import Mismatch, Replayed, replay_decisions
from server.audit.replay.runs import Run, runs

__all__ = [
    "NOT_REPLAYED",
    "Mismatch",
    "PastWork",
    "Replayed",
    "Run",
    "past",
    "replay_decisions",
    "runs",
]
