"""Waking: how a loop sleeps until there is something to do."""

from __future__ import annotations

from typing import Protocol


class Bell(Protocol):
    """Wakes one loop. A ring while the loop works is kept for its next wait; many are one."""

    def ring(self) -> None:
        """Wake the loop, from any thread and without waiting."""

    async def wait(self, seconds: float) -> bool:
        """Sleep until the next ring or for so long; say whether it rang."""
