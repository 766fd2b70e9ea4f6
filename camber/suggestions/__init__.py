"""What could be changed, under law and safety, with the predicted effect; or nothing, and why."""

from __future__ import annotations

from camber.suggestions.patterns import outbound_partners, suggest

__all__ = ["outbound_partners", "suggest"]
