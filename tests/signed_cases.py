"""The truth about signs, written out by hand: who runs where, and which leg is the lower one.

Every row was reasoned in words (`story`), not computed; the code has to agree with it. Sides of `state` are
those of the runner, sides in `tags` those of the way as drawn, as in OpenStreetMap. `falls` is for surfaces
that are one plane: the side, of the way as drawn, to which it falls; "unknown" where nobody knows.

The rules behind the words: a crown falls to the edges, so the leg nearer the edge is the lower one; a
sidewalk falls to the road, so the leg nearer the road is; an alley that drains to its middle lowers the leg
nearer the middle; one plane lowers the same leg on every part of its width, and the other on the way back.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class SignedCase:
    """One runner on one surface.

    Parameters
    ----------
    name : str
        Short unique name.
    story : str
        What happens, and why that leg is low.
    country, traffic_side : str
        ISO 3166-1 alpha-2; "left" or "right".
    tags : tuple of (str, str)
        OpenStreetMap tags of the way.
    travel_direction : int
        +1 along the drawing, -1 against it.
    state : str
        Lateral state, seen by the runner.
    profile : str
        Profile of the surface under the runner.
    low_leg : str
        "left", "right", "level" (no tilt) or "unknown" (tilted, but to an unknown side).
    falls : str
        For one plane: "left" or "right" of the drawing, or "unknown"; else "".
    traffic : str
        "facing" or "with" for the edges of two-way roads, else "".
    """

    name: str
    story: str
    country: str
    traffic_side: str
    tags: tuple[tuple[str, str], ...]
    travel_direction: int
    state: str
    profile: str
    low_leg: str
    falls: str = ""
    traffic: str = ""


_RESIDENTIAL = (("highway", "residential"),)
_BOTH = (("highway", "residential"), ("sidewalk", "both"))
_ON_THE_LEFT = (("highway", "residential"), ("sidewalk", "left"))
_ON_THE_RIGHT = (("highway", "residential"), ("sidewalk", "right"))
_OWN_WAY = (("highway", "footway"), ("footway", "sidewalk"))
_ALLEY = (("highway", "service"), ("service", "alley"))
_GRAVEL = (("highway", "unclassified"), ("surface", "gravel"))
_RURAL = (("highway", "secondary"), ("sidewalk", "no"))
_SHOULDERS = (("highway", "secondary"), ("sidewalk", "no"), ("shoulder", "both"))
_OVAL = (("leisure", "track"), ("sport", "running"))
_ROUNDABOUT = (("highway", "tertiary"), ("junction", "roundabout"))
_ONE_WAY_STREET = (("highway", "residential"), ("oneway", "yes"))
_FALLS_3_RIGHT = (("highway", "residential"), ("incline:across", "3%"))
_FALLS_3_RIGHT_WALKS = (("highway", "residential"), ("sidewalk", "both"), ("incline:across", "3%"))
_FALLS_2_LEFT = (("highway", "residential"), ("incline:across", "-2%"))
_PATH = (("highway", "path"),)
_MALL = (("highway", "pedestrian"),)

CASES = (
    SignedCase(
        "us-facing-on-the-edge",
        "United States: cars keep right, so who faces them is on the left edge; the crown falls to it.",
        *("US", "right", _RESIDENTIAL, 1, "left_edge", "crowned", "left"),
        traffic="facing",
    ),
    SignedCase(
        "us-facing-against-the-drawing",
        "The same against the drawing: a crown looks the same from both ends, so still the left leg.",
        *("US", "right", _RESIDENTIAL, -1, "left_edge", "crowned", "left"),
        traffic="facing",
    ),
    SignedCase(
        "us-with-traffic",
        "United States, with the cars on the right edge: the crown falls to the right.",
        *("US", "right", _RESIDENTIAL, 1, "right_edge", "crowned", "right"),
        traffic="with",
    ),
    SignedCase(
        "us-on-the-crown",
        "In the middle of a crowned street both feet are at the same height.",
        *("US", "right", _RESIDENTIAL, 1, "centre", "crowned", "level"),
    ),
    SignedCase(
        "us-left-sidewalk",
        "The left sidewalk falls to the road, to the right of the runner: the right leg, not the left.",
        *("US", "right", _BOTH, 1, "left_sidewalk", "to_road", "right"),
    ),
    SignedCase(
        "us-right-sidewalk",
        "The right sidewalk falls to the road, which is to the left of the runner.",
        *("US", "right", _BOTH, 1, "right_sidewalk", "to_road", "left"),
    ),
    SignedCase(
        "us-sidewalk-drawn-right-run-along",
        "The only sidewalk is right of the drawing; along the drawing it is on the right, road to the left.",
        *("US", "right", _ON_THE_RIGHT, 1, "right_sidewalk", "to_road", "left"),
    ),
    SignedCase(
        "us-sidewalk-drawn-right-run-against",
        "Against the drawing the same sidewalk is on the runner's left, and the road to the right.",
        *("US", "right", _ON_THE_RIGHT, -1, "left_sidewalk", "to_road", "right"),
    ),
    SignedCase(
        "us-sidewalk-drawn-left-run-along",
        "The only sidewalk is left of the drawing; along the drawing the road is to the right.",
        *("US", "right", _ON_THE_LEFT, 1, "left_sidewalk", "to_road", "right"),
    ),
    SignedCase(
        "us-sidewalk-drawn-left-run-against",
        "Against the drawing that sidewalk is on the runner's right, and the road to the left.",
        *("US", "right", _ON_THE_LEFT, -1, "right_sidewalk", "to_road", "left"),
    ),
    SignedCase(
        "us-alley-left",
        "The alley drains to its middle, which is to the right of a runner on its left edge.",
        *("US", "right", _ALLEY, 1, "left_edge", "inverted", "right"),
        traffic="facing",
    ),
    SignedCase(
        "us-alley-right",
        "On the right edge of the same alley the middle, and the water, is to the left.",
        *("US", "right", _ALLEY, -1, "right_edge", "inverted", "left"),
        traffic="with",
    ),
    SignedCase(
        "us-gravel-facing",
        "A gravel road has the same crown, only steeper: facing traffic on its left edge, the left leg.",
        *("US", "right", _GRAVEL, 1, "left_edge", "crowned", "left"),
        traffic="facing",
    ),
    SignedCase(
        "us-paved-shoulder-facing",
        "The paved shoulder falls away from the road like the lane beside it: left shoulder, left leg.",
        *("US", "right", _SHOULDERS, 1, "left_edge", "crowned", "left"),
        traffic="facing",
    ),
    SignedCase(
        "gb-facing",
        "Great Britain: cars keep left, so who faces them runs on the right edge; the crown falls to it.",
        *("GB", "left", _RESIDENTIAL, 1, "right_edge", "crowned", "right"),
        traffic="facing",
    ),
    SignedCase(
        "gb-facing-against-the-drawing",
        "Against the drawing the runner who faces British traffic is still on the own right.",
        *("GB", "left", _RURAL, -1, "right_edge", "crowned", "right"),
        traffic="facing",
    ),
    SignedCase(
        "gb-with-traffic",
        "With British traffic on the left edge the crown falls to the left.",
        *("GB", "left", _RESIDENTIAL, 1, "left_edge", "crowned", "left"),
        traffic="with",
    ),
    SignedCase(
        "gb-left-pavement",
        "The left pavement falls to the road on its right; the side on which cars drive does not matter.",
        *("GB", "left", _BOTH, 1, "left_sidewalk", "to_road", "right"),
    ),
    SignedCase(
        "gb-right-pavement",
        "The right pavement falls to the road on its left.",
        *("GB", "left", _BOTH, -1, "right_sidewalk", "to_road", "left"),
    ),
    SignedCase(
        "gb-pavement-drawn-left-run-against",
        "The only pavement is left of the drawing, so on the right when run against it; the road is left.",
        *("GB", "left", _ON_THE_LEFT, -1, "right_sidewalk", "to_road", "left"),
    ),
    SignedCase(
        "gb-on-the-crown",
        "The middle of a British lane is as level as any other crown.",
        *("GB", "left", _RURAL, -1, "centre", "crowned", "level"),
    ),
    SignedCase(
        "ie-facing",
        "Ireland, left-hand traffic: facing it on the right edge, the right leg.",
        *("IE", "left", _RURAL, 1, "right_edge", "crowned", "right"),
        traffic="facing",
    ),
    SignedCase(
        "au-facing",
        "Australia, left-hand traffic: facing it on the right edge, the right leg.",
        *("AU", "left", _RESIDENTIAL, 1, "right_edge", "crowned", "right"),
        traffic="facing",
    ),
    SignedCase(
        "au-with-traffic",
        "Australia, with traffic on the left edge: the left leg.",
        *("AU", "left", _RESIDENTIAL, -1, "left_edge", "crowned", "left"),
        traffic="with",
    ),
    SignedCase(
        "jp-facing",
        "Japan, left-hand traffic: the law asks for the right side, and the crown falls to it.",
        *("JP", "left", _RESIDENTIAL, 1, "right_edge", "crowned", "right"),
        traffic="facing",
    ),
    SignedCase(
        "in-facing",
        "India, left-hand traffic: facing it on the right edge, the right leg.",
        *("IN", "left", _RURAL, -1, "right_edge", "crowned", "right"),
        traffic="facing",
    ),
    SignedCase(
        "fr-facing",
        "France, right-hand traffic: facing it on the left edge, the left leg.",
        *("FR", "right", _RURAL, -1, "left_edge", "crowned", "left"),
        traffic="facing",
    ),
    SignedCase(
        "de-residential-crowned",
        "Germany, a residential street that has a crown: facing traffic on the left edge, the left leg.",
        *("DE", "right", _RESIDENTIAL, 1, "left_edge", "crowned", "left"),
        traffic="facing",
    ),
    SignedCase(
        "de-plane-falls-right-along-on-the-left",
        "Germany, one plane falling to the drawn right: along it the right leg, on the left edge too.",
        *("DE", "right", _RURAL, 1, "left_edge", "one_way", "right", "right"),
        traffic="facing",
    ),
    SignedCase(
        "de-plane-falls-right-along-on-the-right",
        "The same plane on its right edge: the right leg again, since the side does not matter.",
        *("DE", "right", _RURAL, 1, "right_edge", "one_way", "right", "right"),
        traffic="with",
    ),
    SignedCase(
        "de-plane-falls-right-against-on-the-left",
        "Back on the same plane the drawn right is the runner's left: the left leg.",
        *("DE", "right", _RURAL, -1, "left_edge", "one_way", "left", "right"),
        traffic="facing",
    ),
    SignedCase(
        "de-plane-falls-right-against-on-the-right",
        "Back on the other edge: the left leg as well.",
        *("DE", "right", _RURAL, -1, "right_edge", "one_way", "left", "right"),
        traffic="with",
    ),
    SignedCase(
        "de-plane-falls-left-in-the-middle",
        "A plane that falls to the drawn left tilts the middle too: along it the left leg.",
        *("DE", "right", _RESIDENTIAL, 1, "centre", "one_way", "left", "left"),
    ),
    SignedCase(
        "de-plane-to-an-unknown-side",
        "One plane, but nobody knows to which side it falls: tilted, and the leg unknown.",
        *("DE", "right", _RURAL, 1, "left_edge", "one_way", "unknown", "unknown"),
        traffic="facing",
    ),
    SignedCase(
        "de-sidewalk-beside-a-plane-left",
        "The carriageway falls one way, but its left sidewalk still falls to the road: the right leg.",
        *("DE", "right", _BOTH, 1, "left_sidewalk", "to_road", "right"),
    ),
    SignedCase(
        "de-sidewalk-mapped-along-road-on-the-right",
        "A sidewalk with a way of its own, drawn with the road on its right; along it the road is right.",
        *("DE", "right", _OWN_WAY, 1, "left_sidewalk", "to_road", "right"),
    ),
    SignedCase(
        "de-sidewalk-mapped-against-road-on-the-left",
        "The same way run against its drawing: the road is now to the left.",
        *("DE", "right", _OWN_WAY, -1, "right_sidewalk", "to_road", "left"),
    ),
    SignedCase(
        "tagged-right-along",
        "incline:across=3% falls to the drawn right; along it the right leg, even on the left edge.",
        *("DE", "right", _FALLS_3_RIGHT, 1, "left_edge", "tagged", "right", "right"),
        traffic="facing",
    ),
    SignedCase(
        "tagged-right-against",
        "The same street run against the drawing: it falls to the runner's left.",
        *("DE", "right", _FALLS_3_RIGHT, -1, "right_edge", "tagged", "left", "right"),
        traffic="with",
    ),
    SignedCase(
        "tagged-left-along",
        "incline:across=-2% falls to the drawn left: along the drawing the left leg.",
        *("GB", "left", _FALLS_2_LEFT, 1, "right_edge", "tagged", "left", "left"),
        traffic="facing",
    ),
    SignedCase(
        "tagged-carriageway-but-on-its-sidewalk",
        "The tag speaks of the carriageway; the right sidewalk still falls to the road, to the left.",
        *("DE", "right", _FALLS_3_RIGHT_WALKS, 1, "right_sidewalk", "to_road", "left"),
    ),
    SignedCase(
        "oval-anticlockwise",
        "A running track drawn and run anticlockwise: the inside is to the left, and so is the fall.",
        *("FI", "right", _OVAL, 1, "other", "to_inside", "left", "left"),
    ),
    SignedCase(
        "oval-clockwise",
        "The same track run clockwise, against the drawing: the inside is to the right.",
        *("FI", "right", _OVAL, -1, "other", "to_inside", "right", "left"),
    ),
    SignedCase(
        "oval-drawn-clockwise-run-anticlockwise",
        "Drawn clockwise, the inside is on the drawn right; run anticlockwise, it is to the left.",
        *("GB", "left", _OVAL, -1, "other", "to_inside", "left", "right"),
    ),
    SignedCase(
        "roundabout-with-the-flow-on-the-right",
        "Right-hand traffic circulates anticlockwise; the ring falls outward, to the right of its flow.",
        *("FR", "right", _ROUNDABOUT, 1, "right_edge", "outward", "right", "right"),
    ),
    SignedCase(
        "roundabout-against-the-flow",
        "Against that flow the outside is to the left.",
        *("FR", "right", _ROUNDABOUT, -1, "left_edge", "outward", "left", "right"),
    ),
    SignedCase(
        "roundabout-in-left-hand-traffic",
        "British traffic circulates clockwise: with the flow the outside is to the left.",
        *("GB", "left", _ROUNDABOUT, 1, "left_edge", "outward", "left", "left"),
    ),
    SignedCase(
        "roundabout-facing-left-hand-traffic",
        "Facing British traffic, anticlockwise, the outside is to the right.",
        *("GB", "left", _ROUNDABOUT, -1, "right_edge", "outward", "right", "left"),
    ),
    SignedCase(
        "one-way-street-against-the-cars",
        "A one-way street with a crown, run against the cars on the left edge: the crown falls to that edge.",
        *("FR", "right", _ONE_WAY_STREET, -1, "left_edge", "crowned", "left"),
    ),
    SignedCase(
        "banked-left-bend-on-the-outside",
        "A banked bend to the left falls to its inside all across: the left leg, on the right edge too.",
        *("US", "right", _RURAL, 1, "right_edge", "one_way", "left", "left"),
        traffic="with",
    ),
    SignedCase(
        "banked-bend-the-other-way-round",
        "The same bend from the other end is a bend to the right: the right leg, on either edge.",
        *("US", "right", _RURAL, -1, "left_edge", "one_way", "right", "left"),
        traffic="facing",
    ),
    SignedCase(
        "hillside-path-along",
        "A path across a hillside that falls to the drawn right: along it the downhill leg is the right one.",
        *("CH", "right", _PATH, 1, "other", "one_way", "right", "right"),
    ),
    SignedCase(
        "hillside-path-against",
        "The same path on the way back: downhill is to the left.",
        *("CH", "right", _PATH, -1, "other", "one_way", "left", "right"),
    ),
    SignedCase(
        "pedestrian-street-in-the-channel",
        "A pedestrian street that drains to its middle is level for who runs in the middle.",
        *("IT", "right", _MALL, 1, "other", "inverted", "level"),
    ),
)
