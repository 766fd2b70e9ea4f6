"""What a runner told and what was measured of roads and sides, as evidence for the model."""
