"""Colour profiles: sRGB changes nothing, others change as Little CMS says, broken ones are told in one line."""

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from imaging.colour_profile import ColourTable, colour_table
from imaging.errors import ScanProblem

RANDOM = np.random.default_rng(3).integers(0, 256, (64, 80, 3)).astype(np.uint8)


def wide_profile() -> bytes:
    """A display profile of wide primaries and gamma 2.2 (Adobe RGB's), written out here."""

    def fixed(*values: float) -> bytes:
        return struct.pack(f">{len(values)}i", *(round(value * 65536) for value in values))

    def colour(*values: float) -> bytes:
        return b"XYZ " + bytes(4) + fixed(*values)

    curve = b"curv" + bytes(4) + struct.pack(">IHxx", 1, round(2.2 * 256))
    name = b"wide test colours\0"
    text = b"desc" + bytes(4) + struct.pack(">I", len(name)) + name + bytes(78 + 3)
    tags = {
        b"desc": text + bytes(-len(text) % 4),
        b"wtpt": colour(0.9642, 1.0, 0.8249),
        b"rXYZ": colour(0.60974, 0.31111, 0.01947),
        b"gXYZ": colour(0.20528, 0.62567, 0.06087),
        b"bXYZ": colour(0.14919, 0.06322, 0.74457),
        b"rTRC": curve,
        b"gTRC": curve,
        b"bTRC": curve,
    }
    table, body, at = struct.pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for tag, content in tags.items():
        table += tag + struct.pack(">II", at + len(body), len(content))
        body += content
    head = bytearray(128)
    struct.pack_into(">I4xI4s4s4s", head, 0, at + len(body), 0x02100000, b"mntr", b"RGB ", b"XYZ ")
    head[36:40] = b"acsp"
    head[68:80] = fixed(0.9642, 1.0, 0.8249)
    return bytes(head) + table + body


def exact(profile: bytes, pixels: np.ndarray) -> np.ndarray:
    """What Little CMS makes of each pixel."""
    opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    intent = ImageCms.Intent.RELATIVE_COLORIMETRIC
    transform = ImageCms.buildTransform(opened, ImageCms.createProfile("sRGB"), "RGB", "RGB", intent)
    shown = ImageCms.applyTransform(Image.fromarray(pixels), transform)
    assert shown is not None
    return np.asarray(shown)


def packed(pixels: np.ndarray) -> np.ndarray:
    """0xFFRRGGBB."""
    wide = pixels.astype(np.uint32)
    return np.uint32(0xFF000000) | wide[..., 0] << 16 | wide[..., 1] << 8 | wide[..., 2]


def test_the_screens_own_profile_leaves_every_pixel_as_it_is():
    table = colour_table(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    assert table.changes_nothing
    assert table.rgb(RANDOM) is RANDOM
    assert np.array_equal(table.screen(packed(RANDOM)), packed(RANDOM))


def test_the_profile_of_a_real_file_is_that_of_screens_by_another_name_and_changes_nothing(data: Path):
    table = colour_table((data / "dicom/pydicom/crayons.icc").read_bytes())
    assert table.name == "Crayon Colours"
    assert table.changes_nothing


def test_another_profile_gives_what_little_cms_gives_within_the_tables_step():
    profile = wide_profile()
    table, wanted = colour_table(profile), exact(profile, RANDOM)
    assert table.name == "wide test colours"
    assert not table.changes_nothing
    assert np.abs(wanted.astype(int) - RANDOM).max() > 20  # it does change something
    apart = np.abs(table.rgb(RANDOM).astype(int) - wanted)
    assert np.percentile(apart, 99) <= 2
    assert np.array_equal(table.screen(packed(RANDOM)), packed(table.rgb(RANDOM)))


def test_white_and_black_are_exactly_what_the_profile_says():
    profile = wide_profile()
    ends = np.array([[[255, 255, 255], [0, 0, 0]]], np.uint8)
    assert np.array_equal(colour_table(profile).rgb(ends), exact(profile, ends))


@pytest.mark.parametrize("content", [b"", b"no profile", bytes(600), b"\xff" * 5000])
def test_a_broken_profile_is_one_line(content: bytes):
    with pytest.raises(ScanProblem) as caught:
        colour_table(content, "a.svs")
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("a.svs: has a colour profile")


def test_a_profile_cut_short_or_damaged_is_one_line_or_a_table():
    whole = wide_profile()
    random = np.random.default_rng(0)
    refused, said = 0, ""
    for turn in range(24):
        damaged = bytearray(whole[: len(whole) * (turn + 1) // 24])
        for at in random.integers(0, len(damaged), turn % 5):
            damaged[at] = int(random.integers(0, 256))
        try:
            table = colour_table(bytes(damaged))
        except ScanProblem as problem:
            refused += 1
            said = str(problem)
        else:
            assert isinstance(table, ColourTable)
            assert table.rgb(RANDOM).shape == RANDOM.shape
        assert "\n" not in said
    assert refused > 12


def test_a_profile_for_another_kind_of_colour_is_refused():
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    with pytest.raises(ScanProblem, match="for Lab"):
        colour_table(lab)
