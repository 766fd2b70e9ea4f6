"""What the legs did, and whether a change helped: contact against tilt, and one period against another."""
