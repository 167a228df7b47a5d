"""Webhooks: the log's events sent over HTTP to systems without NATS, signed by Standard Webhooks.

Each webhook has a cursor into the log and one attempt under way at most. An event is taken in the
log's order; when its first attempt fails it is put aside to be tried again later, and the next one
is taken, so that one event that a receiver cannot digest does not hold up all others. So:

- **Deliveries are at least once.** A receiver that answered just before this process died gets the
  event again. `webhook-id` is the event's id, the same for every attempt and every replay.
- **Order is best effort.** `sequence` (the place in the log) and `aggversion` (the place in the
  aggregate's own history) in the body tell the true one.
- What fails is tried again for about three days, and then rests as a dead letter until somebody
  redelivers it. Only its place in the log is kept, never a copy of its content.

A receiver that keeps failing, or asks for time with ``Retry-After``, is left alone for a while as a
whole; one that answers 410 Gone is disabled. Cursor and failures are rows, written together with
what they follow from. Where several processes share a store, one at a time delivers; of one that was paused
and does not know that another has taken over, no word is written down any more.
"""
