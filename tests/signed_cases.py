"""The truth about signs, written out by hand: who runs where, and which leg is the lower one.

Every row was reasoned in words (`story`), not computed; the code has to agree with it. Sides of `state` are
those of the runner, sides in `tags` those of the way as drawn, as in OpenStreetMap. `falls` is for surfaces
that are one plane: the side, of the way as drawn, to which it falls; "unknown" where nobody knows. A banked
bend falls to its inside, so `falls` tells which way the drawing bends.

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
_LANE = (("highway", "unclassified"), ("sidewalk", "no"))
_BRIDGE = (("highway", "residential"), ("bridge", "yes"))
_CYCLE_TRACK = (("highway", "cycleway"), ("is_sidepath", "yes"))
_FARM_TRACK = (("highway", "track"),)
_SERVICE = (("highway", "service"),)
_LIVING = (("highway", "living_street"),)
_RING_WALKS = (("highway", "tertiary"), ("junction", "roundabout"), ("sidewalk", "both"))
_TAGGED_PATH = (("highway", "path"), ("incline:across", "2%"))
_TAGGED_WALK = (("highway", "footway"), ("footway", "sidewalk"), ("incline:across", "-1.5%"))
_GRAVEL_TRUNK = (("highway", "secondary"), ("surface", "gravel"), ("sidewalk", "no"))
_SHOULDERS_TERTIARY = (("highway", "tertiary"), ("shoulder", "both"))

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
    SignedCase(
        "gb-rounded-lane-facing",
        "An old lane is rounded, steepest at its edges: facing British traffic, the right leg.",
        *("GB", "left", _LANE, 1, "right_edge", "parabolic", "right"),
        traffic="facing",
    ),
    SignedCase(
        "gb-rounded-lane-with",
        "With the traffic on the left edge of the rounded lane the left leg.",
        *("GB", "left", _LANE, -1, "left_edge", "parabolic", "left"),
        traffic="with",
    ),
    SignedCase(
        "gb-rounded-lane-on-top",
        "A rounded lane is level at its top.",
        *("GB", "left", _LANE, 1, "centre", "parabolic", "level"),
    ),
    SignedCase(
        "in-rounded-with",
        "India, a rounded street, with traffic on the left edge: the left leg.",
        *("IN", "left", _RESIDENTIAL, 1, "left_edge", "parabolic", "left"),
        traffic="with",
    ),
    SignedCase(
        "fr-rounded-facing",
        "France, a rounded street: facing traffic on the left edge the left leg.",
        *("FR", "right", _RESIDENTIAL, -1, "left_edge", "parabolic", "left"),
        traffic="facing",
    ),
    SignedCase(
        "us-worn-gravel-facing",
        "Worn gravel is rounded: on the left edge the left leg.",
        *("US", "right", _GRAVEL, 1, "left_edge", "parabolic", "left"),
        traffic="facing",
    ),
    SignedCase(
        "au-gravel-facing",
        "Australia, a crowned gravel road: facing traffic on the right edge, the right leg.",
        *("AU", "left", _GRAVEL, -1, "right_edge", "crowned", "right"),
        traffic="facing",
    ),
    SignedCase(
        "fr-gravel-main-road",
        "A gravel main road is crowned as well: with French traffic on the right edge the right leg.",
        *("FR", "right", _GRAVEL_TRUNK, 1, "right_edge", "crowned", "right"),
        traffic="with",
    ),
    SignedCase(
        "fr-bank-left-along-inside",
        "A banked bend to the drawn left; along it, on the left edge, which is its inside: the left leg.",
        *("FR", "right", _RURAL, 1, "left_edge", "banked", "left", "left"),
        traffic="facing",
    ),
    SignedCase(
        "fr-bank-left-along-outside",
        "The same bend on its outside, the right edge: it falls inwards all across, the left leg.",
        *("FR", "right", _RURAL, 1, "right_edge", "banked", "left", "left"),
        traffic="with",
    ),
    SignedCase(
        "fr-bank-left-in-the-middle",
        "In the middle of the bank there is no crown: the left leg.",
        *("FR", "right", _RURAL, 1, "centre", "banked", "left", "left"),
    ),
    SignedCase(
        "fr-bank-left-against",
        "From the other end it is a bend to the right: the right leg.",
        *("FR", "right", _RURAL, -1, "left_edge", "banked", "right", "left"),
        traffic="facing",
    ),
    SignedCase(
        "gb-bank-right-along-outside",
        "Britain, a bend to the drawn right, on its outside: the inside is right, the right leg.",
        *("GB", "left", _RURAL, 1, "left_edge", "banked", "right", "right"),
        traffic="with",
    ),
    SignedCase(
        "gb-bank-right-along-inside",
        "On its inside, facing the traffic, the right leg too.",
        *("GB", "left", _RURAL, 1, "right_edge", "banked", "right", "right"),
        traffic="facing",
    ),
    SignedCase(
        "gb-bank-right-against",
        "Run the other way the bend turns left: the left leg.",
        *("GB", "left", _RURAL, -1, "right_edge", "banked", "left", "right"),
        traffic="facing",
    ),
    SignedCase(
        "de-bank-right-along",
        "Germany, a bend to the drawn right: here the plane's side is known, the inside; the right leg.",
        *("DE", "right", _RURAL, 1, "left_edge", "banked", "right", "right"),
        traffic="facing",
    ),
    SignedCase(
        "jp-bank-left-against",
        "Japan, a bend drawn to the left, run against: it turns right, and the right leg is low.",
        *("JP", "left", _RURAL, -1, "left_edge", "banked", "right", "left"),
        traffic="with",
    ),
    SignedCase(
        "us-bridge-facing",
        "A bridge in the United States with a crown: on the left edge the left leg.",
        *("US", "right", _BRIDGE, 1, "left_edge", "crowned", "left"),
        traffic="facing",
    ),
    SignedCase(
        "gb-bridge-facing",
        "A British bridge with a crown: facing traffic on the right edge the right leg.",
        *("GB", "left", _BRIDGE, -1, "right_edge", "crowned", "right"),
        traffic="facing",
    ),
    SignedCase(
        "us-bridge-one-plane",
        "A bridge that is one plane falling to the drawn left: along it the left leg, on the right edge too.",
        *("US", "right", _BRIDGE, 1, "right_edge", "one_way", "left", "left"),
        traffic="with",
    ),
    SignedCase(
        "de-bridge-unknown-plane",
        "A German bridge falls one way, nobody knows to which side.",
        *("DE", "right", _BRIDGE, 1, "centre", "one_way", "unknown", "unknown"),
    ),
    SignedCase(
        "us-paved-shoulder-with",
        "The right shoulder falls outwards, to the right: the right leg.",
        *("US", "right", _SHOULDERS, -1, "right_edge", "crowned", "right"),
        traffic="with",
    ),
    SignedCase(
        "gb-paved-shoulder-facing",
        "Britain: facing traffic on the right shoulder, the right leg.",
        *("GB", "left", _SHOULDERS, 1, "right_edge", "crowned", "right"),
        traffic="facing",
    ),
    SignedCase(
        "au-paved-shoulder-with",
        "Australia: with traffic on the left shoulder, the left leg.",
        *("AU", "left", _SHOULDERS_TERTIARY, 1, "left_edge", "crowned", "left"),
        traffic="with",
    ),
    SignedCase(
        "de-paved-shoulder-facing",
        "Germany: whatever the lanes do, the shoulder falls away from them; on the left one the left leg.",
        *("DE", "right", _SHOULDERS, -1, "left_edge", "crowned", "left"),
        traffic="facing",
    ),
    SignedCase(
        "us-mapped-sidewalk-against",
        "United States, a sidewalk of its own with the road on its drawn right; against it the road is left.",
        *("US", "right", _OWN_WAY, -1, "right_sidewalk", "to_road", "left"),
    ),
    SignedCase(
        "gb-mapped-pavement-along",
        "Britain, a pavement of its own with the road on its drawn right; along it the right leg.",
        *("GB", "left", _OWN_WAY, 1, "left_sidewalk", "to_road", "right"),
    ),
    SignedCase(
        "nl-cycle-track-along",
        "A cycle track beside a road on its drawn right falls to it: along it the right leg.",
        *("NL", "right", _CYCLE_TRACK, 1, "left_sidewalk", "to_road", "right"),
    ),
    SignedCase(
        "nl-cycle-track-against",
        "Against the drawing the road is on the runner's left: the left leg.",
        *("NL", "right", _CYCLE_TRACK, -1, "right_sidewalk", "to_road", "left"),
    ),
    SignedCase(
        "gb-cycle-track-along",
        "The side on which cars drive does not matter: the road is to the right, so the right leg.",
        *("GB", "left", _CYCLE_TRACK, 1, "left_sidewalk", "to_road", "right"),
    ),
    SignedCase(
        "farm-track-falls-left-along",
        "A farm track that is one plane falling to the drawn left: along it the left leg.",
        *("PL", "right", _FARM_TRACK, 1, "other", "one_way", "left", "left"),
    ),
    SignedCase(
        "farm-track-falls-left-against",
        "On the way back the same plane falls to the runner's right.",
        *("PL", "right", _FARM_TRACK, -1, "other", "one_way", "right", "left"),
    ),
    SignedCase(
        "farm-track-on-its-crown",
        "On the grass strip of a crowned track nobody is tilted.",
        *("AU", "left", _FARM_TRACK, 1, "other", "crowned", "level"),
    ),
    SignedCase(
        "path-in-a-hollow",
        "A worn path is lowest in its middle, where one runs: level.",
        *("GB", "left", _PATH, -1, "other", "inverted", "level"),
    ),
    SignedCase(
        "us-service-crowned",
        "A service road with a crown: on its left edge the left leg.",
        *("US", "right", _SERVICE, 1, "left_edge", "crowned", "left"),
        traffic="facing",
    ),
    SignedCase(
        "gb-service-drains-to-the-middle",
        "A service road that drains to its middle: on the right edge the middle is to the left.",
        *("GB", "left", _SERVICE, 1, "right_edge", "inverted", "left"),
        traffic="facing",
    ),
    SignedCase(
        "it-living-street-drains-to-the-middle",
        "An old lane with a channel in its middle, run on the left edge: the channel is right.",
        *("IT", "right", _LIVING, 1, "left_edge", "inverted", "right"),
        traffic="facing",
    ),
    SignedCase(
        "gb-alley-left",
        "A British alley drains to its middle: on its left edge the right leg.",
        *("GB", "left", _ALLEY, -1, "left_edge", "inverted", "right"),
        traffic="with",
    ),
    SignedCase(
        "mall-falls-right-against",
        "A pedestrian street that is one plane falling to the drawn right; against it the left leg.",
        *("FR", "right", _MALL, -1, "other", "one_way", "left", "right"),
    ),
    SignedCase(
        "au-roundabout-with-the-flow",
        "Australian traffic circulates clockwise; the ring falls outwards, left of its flow.",
        *("AU", "left", _ROUNDABOUT, 1, "centre", "outward", "left", "left"),
    ),
    SignedCase(
        "us-roundabout-against-the-flow",
        "Against American traffic, clockwise, the outside is to the left.",
        *("US", "right", _ROUNDABOUT, -1, "right_edge", "outward", "left", "right"),
    ),
    SignedCase(
        "fr-roundabout-sidewalk",
        "The sidewalk around the ring is right of its flow and falls to the road, to the left.",
        *("FR", "right", _RING_WALKS, 1, "right_sidewalk", "to_road", "left"),
    ),
    SignedCase(
        "jp-oval-clockwise-drawn-and-run",
        "A track drawn clockwise and run so: the inside is to the right.",
        *("JP", "left", _OVAL, 1, "other", "to_inside", "right", "right"),
    ),
    SignedCase(
        "tagged-path-along",
        "incline:across=2% on a path: along it the right leg.",
        *("CH", "right", _TAGGED_PATH, 1, "other", "tagged", "right", "right"),
    ),
    SignedCase(
        "tagged-path-against",
        "Against the drawing the same path lowers the left leg.",
        *("CH", "right", _TAGGED_PATH, -1, "other", "tagged", "left", "right"),
    ),
    SignedCase(
        "tagged-sidewalk-falls-from-the-road",
        "A mapped sidewalk tagged to fall to its drawn left, away from the road: the tag knows better.",
        *("DE", "right", _TAGGED_WALK, 1, "left_sidewalk", "tagged", "left", "left"),
    ),
    SignedCase(
        "us-residential-plane-back",
        "One plane that falls to the drawn right, run against: the left leg, on the right edge too.",
        *("US", "right", _RESIDENTIAL, -1, "right_edge", "one_way", "left", "right"),
        traffic="with",
    ),
)
