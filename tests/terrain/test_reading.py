"""Terrain models in every form give the same points, in metres, each once; and inventories their ways."""

import struct
import zipfile

import geopandas as gpd
import laspy
import numpy as np
import pytest
import rasterio
import shapely
from pyproj import CRS

from camber.errors import TerrainError
from camber.terrain.agencies import tiles_at
from camber.terrain.headers import read_header, terrain_files
from camber.terrain.inventories import SlopeLines, surveyed_on
from camber.terrain.mapped_ways import MappedWay
from camber.terrain.nearby import Opened
from camber.terrain.sources import fault_of, seam_m
from tests.terrain_streets import degrees

WEST, NORTH, CELLS = 476_000.0, 5_472_100.0, 40
HEIGHTS = (110.0 + np.random.default_rng(7).standard_normal((CELLS, CELLS))).round(3).astype(np.float32)
AROUND = (WEST + 5.2, NORTH - 30.7, WEST + 21.9, NORTH - 3.1)


def tif(path, heights=HEIGHTS, crs="EPSG:25832", unit=1.0, scale=(1.0, 0.0), **given):
    place = rasterio.Affine(1.0 / unit, 0.0, WEST / unit, 0.0, -1.0 / unit, NORTH / unit)
    profile = {"driver": "GTiff", "count": 1, "dtype": heights.dtype, "nodata": -9999.0, "transform": place}
    profile |= {"height": len(heights), "width": len(heights[0]), "crs": crs} | given
    with rasterio.open(path, "w", **profile) as out:
        out.write(heights, 1)
        if scale != (1.0, 0.0):
            out.scales, out.offsets = (scale[:1], scale[1:])
    return path


def places():
    east, north = np.meshgrid(WEST + np.arange(CELLS) + 0.5, NORTH - np.arange(CELLS) - 0.5)
    return np.column_stack([east.ravel(), north.ravel(), HEIGHTS.ravel().astype(float)])


def ascii_grid(path):
    head = f"ncols {CELLS}\nnrows {CELLS}\nxllcorner {WEST}\nyllcorner {NORTH - CELLS}\ncellsize 1\n"
    rows = "\n".join(" ".join(f"{value:.3f}" for value in row) for row in HEIGHTS)
    path.write_text(f"{head}NODATA_value -9999\n{rows}\n")
    return path


def xyz(path):
    path.write_text("".join(f"{x:.1f} {y:.1f} {z:.3f}\n" for x, y, z in places()))
    return path


def zipped(path, inner):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(inner, f"tiles/{inner.name}")
        archive.writestr("readme.pdf", b"")
    return path


def cloud(path, **given):
    """Write the cells as ground returns, and beside each a roof of class 6."""
    header = laspy.LasHeader(point_format=6, version="1.4")
    header.scales, header.offsets = [0.001] * 3, [WEST, NORTH, 0.0]
    header.add_crs(CRS.from_epsg(25832))
    points = laspy.ScaleAwarePointRecord.zeros(2 * CELLS**2, header=header)
    ground = places()
    points.x, points.y, points.z = np.concatenate([ground, ground + np.array([0.25, 0.0, 5.0])]).T
    points.classification = np.repeat([given.get("ground", 2), 6], CELLS**2)
    points.gps_time = np.full(2 * CELLS**2, 2.6e8)  # 1.26e9 s after 1980-01-06: in 2019
    header.global_encoding.gps_time_type = laspy.header.GpsTimeType.STANDARD
    data = laspy.LasData(header, points)
    data.write(path)
    return path


def near(file, around=AROUND):
    line = np.array([[around[0], around[1]], [around[2], around[3]]])
    with Opened([line]) as opened:
        found = opened.points([file], around)
    inside = (found[:, :2] >= around[:2]).all(axis=1) & (found[:, :2] <= around[2:]).all(axis=1)
    return found[inside][np.lexsort(found[inside].T[::-1])]


def expected(around=AROUND):
    whole = places()
    inside = (whole[:, :2] >= around[:2]).all(axis=1) & (whole[:, :2] <= around[2:]).all(axis=1)
    return whole[inside][np.lexsort(whole[inside].T[::-1])]


FORMS = {
    "tif": lambda folder: tif(folder / "a.tif"),
    "cog": lambda folder: tif(folder / "a.tif", driver="COG"),
    "asc": lambda folder: ascii_grid(folder / "a.asc"),
    "xyz": lambda folder: xyz(folder / "a.xyz"),
    "zip of tif": lambda folder: zipped(folder / "a.zip", tif(folder / "a.tif")),
    "zip of xyz": lambda folder: zipped(folder / "a.zip", xyz(folder / "a.xyz")),
    "las": lambda folder: cloud(folder / "a.las"),
    "laz": lambda folder: cloud(folder / "a.laz"),
    "tif without an end": lambda folder: tif(folder / "a.tif").rename(folder / "LHD_FXX_0770_6278_MNT"),
    "zip of laz": lambda folder: zipped(folder / "a.zip", cloud(folder / "a.laz")),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_points(form, tmp_path):
    path = FORMS[form](tmp_path)
    # Alone or in its folder, beside what is none.
    (tmp_path / "LICENCE").write_text("Licence Ouverte")
    ((path, member),) = terrain_files([path])
    if "zip" not in form:
        assert list(terrain_files([tmp_path])) == [(path, member)]
    file = read_header(path, member, crs="EPSG:25832")
    assert file.cell_m == pytest.approx(1.0, rel=0.03)
    assert np.allclose(near(file), expected(), atol=1e-3)
    assert file.year == (2019 if "la" in form else None)


def test_a_virtual_raster_is_read_where_its_tiles_lie(tmp_path):
    tif(tmp_path / "a.tif")
    (tmp_path / "all.vrt").write_text(
        f'<VRTDataset rasterXSize="{CELLS}" rasterYSize="{CELLS}"><SRS>EPSG:25832</SRS>'
        f"<GeoTransform>{WEST}, 1, 0, {NORTH}, 0, -1</GeoTransform>"
        '<VRTRasterBand dataType="Float32" band="1"><SimpleSource>'
        '<SourceFilename relativeToVRT="1">a.tif</SourceFilename><SourceBand>1</SourceBand>'
        "</SimpleSource></VRTRasterBand></VRTDataset>"
    )
    assert np.allclose(near(read_header(tmp_path / "all.vrt")), expected(), atol=1e-3)


def test_an_indexed_cloud_is_asked_for_what_is_near_alone(tmp_path):
    """A COPC file of one node: a LAZ file of one chunk, with the index that the format asks for."""
    import lazrs  # noqa: PLC0415 - what writes the chunk

    assert lazrs
    header = laspy.LasHeader(point_format=6, version="1.4")
    header.scales, header.offsets = [0.001] * 3, [WEST, NORTH, 0.0]
    info = laspy.VLR("copc", 1, "copc info", bytes(160))
    header.vlrs.append(info)
    header.add_crs(CRS.from_epsg(25832))
    path = tmp_path / "a.copc.laz"
    points = laspy.ScaleAwarePointRecord.zeros(CELLS**2, header=header)
    points.x, points.y, points.z = places().T
    points.classification[:] = 2
    data = laspy.LasData(header, points)
    data.evlrs = laspy.vlrs.vlrlist.VLRList([laspy.VLR("copc", 1000, "", bytes(32))])
    data.write(path, do_compress=True)
    content = bytearray(path.read_bytes())
    first = struct.unpack_from("<I", content, 96)[0]
    table = struct.unpack_from("<q", content, first)[0]
    evlrs = struct.unpack_from("<Q", content, 235)[0] + 60
    head = struct.pack("<5d2Q2d", WEST + 20.0, NORTH - 20.0, 110.0, 30.0, 1.0, evlrs, 32, 0.0, 0.0)
    at = content.index(b"copc\0") - 2 + 54
    content[at : at + len(head)] = head
    struct.pack_into("<4iQ2i", content, evlrs, 0, 0, 0, 0, first + 8, table - first - 8, CELLS**2)
    path.write_bytes(content)
    assert np.allclose(near(read_header(path)), expected(), atol=1e-3)


def test_feet_are_metres_in_the_end(tmp_path):
    foot = 1200.0 / 3937.0
    path = tif(
        tmp_path / "a.tif", (HEIGHTS / foot).astype(np.float64), "+proj=utm +zone=32 +units=us-ft", unit=foot
    )
    file = read_header(path)
    assert (file.metres, file.height_metres) == pytest.approx((foot, foot))
    assert np.allclose(near(file), expected(), atol=1e-3)


def test_only_the_horizontal_part_of_a_system_counts(tmp_path):
    file = read_header(tif(tmp_path / "a.tif", crs="EPSG:25832+7837"))
    assert CRS(file.crs).to_epsg() == 25832
    assert np.allclose(near(file), expected(), atol=1e-3)


def test_whole_numbers_with_a_scale_are_heights(tmp_path):
    whole = np.round((HEIGHTS - 100.0) * 1000.0).astype(np.int32)
    file = read_header(tif(tmp_path / "a.tif", whole, scale=(0.001, 100.0)))
    assert np.allclose(near(file), expected(), atol=1e-3)


def test_metres_of_web_maps_are_none(tmp_path):
    with pytest.raises(TerrainError, match="to a metre on the ground") as refused:
        read_header(tif(tmp_path / "a.tif", crs="EPSG:3857"))
    assert refused.value.code == "stretched"


def test_a_cloud_without_ground_is_refused(tmp_path):
    with pytest.raises(TerrainError, match="no returns that are classified as ground") as refused:
        read_header(cloud(tmp_path / "a.laz", ground=1))
    assert refused.value.code == "no_ground"


@pytest.mark.parametrize(
    ("name", "year"),
    [
        ("swissalti3d_2019_2683-1247_0.5_2056_5728.tif", 2019),
        ("dgm1_32_476_5472_1_nw_2021.tif", 2021),
        ("USGS_1M_17_x40y352_NC_Phase5_2018_A18.tif", 2018),
        ("LHD_FXX_0770_6278_MNT_O_0M50_LAMB93_IGN69.tif", None),
        ("DTM_1km_6176_724.tif", None),
        ("dgm_2012_2019.tif", None),
    ],
)
def test_the_year_is_that_of_the_name_where_there_is_one(tmp_path, name, year):
    assert read_header(tif(tmp_path / name)).year == year
    assert read_header(tmp_path / name, flown=2015).year == 2015


def test_where_tiles_overlap_each_place_counts_once(tmp_path):
    one, other = (read_header(tif(tmp_path / f"{name}.tif")) for name in "ab")
    with Opened([]) as opened:
        assert len(opened.points([one, other], AROUND)) == len(opened.points([one], AROUND))
    assert seam_m(one, other) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ({"": 5, "rough": 3}, ""),
        ({"bend": 9}, ""),
        ({"interpolated": 3, "smoothed": 4, "": 1}, "smoothed or interpolated"),
        ({"surface": 9, "": 2}, "roofs and trees"),
        ({"too few cells": 9}, "no heights on your ways"),
        ({"rough": 9, "": 1}, "in the wrong place"),
        ({"displaced": 9, "bend": 1}, "beside those of the map"),
        ({}, ""),
    ],
)
def test_what_is_wrong_with_most_windows_is_wrong_with_the_file(counts, words):
    assert words in fault_of(counts)
    assert bool(words) == bool(fault_of(counts))


# -- Names ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("longitude", "latitude", "name"),
    [
        (3.8731, 43.5936, "LHD_FXX_0770_6278_MNT_O_0M50_LAMB93_IGN69.tif"),  # IGN: the tile of the test data
        (-0.1246, 51.5007, "TQ37nw_DTM_1m.tif"),  # Big Ben, TQ 302 796
        (-4.1425, 50.3656, "SX45se_DTM_1m.tif"),  # Plymouth Hoe, SX 477 538 lies east of 475
        (7.0, 51.45, "dgm1_32_361_5701_1_*.tif"),
        (13.4, 52.5, "dgm1_33_391_5817_1_*.tif"),
        (-80.8, 35.2, "USGS_1M_17_x51y390_*.tif"),
        (7.4451, 46.9465, "swissalti3d_*_2600-1199_0.5_2056_5728.tif"),  # of data.geo.admin.ch
        (12.5509, 55.6713, "DTM_1km_6175_723.tif"),  # Vesterbro
        (4.36, 52.01, ""),
    ],
)
def test_tiles_are_named_as_agencies_do(longitude, latitude, name):
    (tile,) = tiles_at(np.array([longitude]), np.array([latitude]))
    assert tile.name == name
    assert tile.page.startswith("https://")


def test_where_no_agency_is_known_nothing_is_named():
    assert tiles_at(np.array([151.2]), np.array([-33.9])) == []


# -- Inventories ----------------------------------------------------------------------------------------

LINE = np.array([[WEST, NORTH], [WEST + 100.0, NORTH]])


def way(line=LINE):
    length = shapely.LineString(line).length
    there = degrees(line, 25832)
    return MappedWay(1, length, there, 6.0, 1.0, is_road=True, paved=True, covered=False)


def lines(folder, geometry, suffix="gpkg", **columns):
    path = folder / f"slopes.{suffix}"
    gpd.GeoDataFrame(columns, geometry=geometry, crs="EPSG:25832").to_file(path)
    return path


def given(path, slope="fall", left="", right="", unit="pct", unsigned=False):  # noqa: FBT002 - as the option
    return SlopeLines(str(path), slope, left, right, unit, unsigned, 2020)


@pytest.mark.parametrize("suffix", ["gpkg", "geojson", "shp"])
def test_a_line_beside_a_way_is_taken_and_one_across_is_not(tmp_path, suffix):
    along = shapely.LineString(LINE[::-1] + np.array([0.0, 2.0]))
    across = shapely.LineString([(WEST + 50.0, NORTH - 50.0), (WEST + 50.0, NORTH + 50.0)])
    away = shapely.LineString(LINE + np.array([0.0, 8.0]))
    (found,) = surveyed_on(way(), given(lines(tmp_path, [along, across, away], suffix, fall=[3.0, 9.0, 9.0])))
    # Drawn the other way round: what falls to the right of the line falls to the left of the way.
    assert (found.left_pct, found.right_pct) == pytest.approx((-3.0, -3.0))
    assert (found.from_m, found.to_m) == pytest.approx((0.0, 100.0), abs=0.5)
    assert (found.source, found.year, found.unsigned) == ("inventory", 2020, False)


def test_halves_change_sides_with_the_line(tmp_path):
    path = lines(tmp_path, [shapely.LineString(LINE[::-1])], left_fall=[-2.0], right_fall=[3.0])
    (found,) = surveyed_on(way(), given(path, "", "left_fall", "right_fall"))
    assert (found.left_pct, found.right_pct) == pytest.approx((-3.0, 2.0))


def test_degrees_and_amounts(tmp_path):
    path = lines(tmp_path, [shapely.LineString(LINE[::-1])], fall=[-2.0])
    (found,) = surveyed_on(way(), given(path, unit="deg", unsigned=True))
    assert found.left_pct == pytest.approx(100.0 * np.tan(np.radians(2.0)))
    assert found.unsigned


@pytest.mark.parametrize(
    ("columns", "code"), [({"other": [1.0]}, "no_column"), ({"fall": ["steep"]}, "no_lines")]
)
def test_lines_without_numbers_are_refused_in_a_sentence(tmp_path, columns, code):
    path = lines(tmp_path, [shapely.LineString(LINE)], **columns)
    with pytest.raises(TerrainError) as refused:
        surveyed_on(way(), given(path))
    assert refused.value.code == code
