"""What the legs did, and whether a change helped: contact against tilt, and one period against another."""

from camber.legs.contact_balance import contact_of
from camber.legs.kept_contact import pack_contact, unpack_contact
from camber.legs.pooling import pooled_effect

__all__ = ["contact_of", "pack_contact", "pooled_effect", "unpack_contact"]
