"""Sample scans that may be given away: real ones from inside installed packages, and synthetic ones drawn here.

Files whose names begin with `synthetic` show nobody; they only look enough like a scan to try the program on.
"""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imaging.errors import Problem

REAL = (
    ("skimage", "data/ihc.png", "histology-ihc.png"),
    ("pydicom", "data/test_files/CT_small.dcm", "ct-small.dcm"),
    ("pydicom", "data/test_files/MR_small.dcm", "mr-small.dcm"),
)
"""Package, file inside it, and the name given here. Both packages are open source and ship these files."""

LUMBAR = "synthetic-lumbar-mr.mha"
CHEST = "synthetic-chest-radiograph.png"

Grey = NDArray[np.floating]


def write_samples(folder: Path) -> list[Path]:
    """Write the sample scans into a folder (made if needed); the same files each time. Returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for package, inside, name in REAL:
        spec = find_spec(package)
        source = Path(spec.origin).parent / inside if spec and spec.origin else None
        if source is None or not source.is_file():
            raise Problem(f"lacks its sample {inside}", f"package {package}", "Install the pinned version")
        shutil.copyfile(source, folder / name)
        written.append(folder / name)
    write_lumbar(folder / LUMBAR)
    write_chest(folder / CHEST)
    return [*written, folder / LUMBAR, folder / CHEST]


# The lumbar spine as a sagittal T2 shows it: (x, y) of each disc's centre in mm, and the tangent of its tilt.
DISCS = (
    (117.0, 7.0, 0.05),
    (109.0, 44.0, 0.10),
    (101.0, 82.0, 0.08),
    (94.0, 121.0, 0.0),
    (90.0, 161.0, -0.16),
    (97.0, 201.0, -0.52),
)
"""T12-L1 first, then L1-L2 … L5-S1."""

LUMBAR_SHAPE = (45, 221, 221)


def lumbar_volume() -> NDArray[np.int16]:
    """A synthetic lumbar spine: sagittal planes of 1 mm voxels, (planes, rows, columns)."""
    planes, rows, columns = LUMBAR_SHAPE
    noise = np.random.default_rng(7)
    y, x = (np.mgrid[0:rows, 0:columns] + 0.5).astype(np.float32)
    texture = _smooth(noise.standard_normal((rows, columns)), 6) * 22
    volume = np.empty(LUMBAR_SHAPE, np.int16)
    for plane in range((planes + 1) // 2):
        still = _sagittal(x, y, 1 - (2 * plane + 1) / planes) + texture
        for side in {plane, planes - 1 - plane}:
            grain = noise.standard_normal((rows, columns), np.float32) * 7
            volume[side] = np.clip(still + grain, 1, 1500)
    return volume


def _sagittal(x: Grey, y: Grey, beside: float) -> Grey:
    """One sagittal plane; `beside` is 0 in the middle of the body and 1 at the volume's edge."""
    centres = np.array(DISCS)
    middle = np.interp(y, [*centres[:, 1], 245.0], [*centres[:, 0], 118.0])
    across = x - middle
    grey = 105 + 40 * _inside(across, 60, 110, 25)
    narrow = 1 - 0.35 * beside**2
    body = _inside(across, -19 * narrow, 18 * narrow, 1.2) * (1 - 0.5 * beside**4)
    grey = _blend(grey, 25, _inside(across, -22 * narrow, 20 * narrow, 1.5))
    grey = _blend(grey, 180, body)
    for disc_x, disc_y, tilt in DISCS:
        along, height = x - disc_x, (y - disc_y) - tilt * (x - disc_x)
        half = 6.2 - 1.4 * (along / 19) ** 2
        inside = _inside(along, -19 * narrow, 18.5 * narrow, 1) * _inside(height / half, -1, 1, 0.15)
        marrow = _inside(along, -18 * narrow, 17 * narrow, 2) * np.exp(-(((np.abs(height) - half - 6) / 4) ** 2))
        grey = _blend(grey, 225, marrow * 0.7)
        grey = _blend(grey, 45, _inside(along, -20, 19, 1) * _inside(height / (half + 1.2), -1, 1, 0.12))
        core = np.exp(-((along / 12) ** 4) - (height / (half * 0.55)) ** 4)
        grey = _blend(grey, 85 + 95 * core * (1 - 0.5 * beside), inside)
    canal = _inside(across, 21, 34, 1.5) * max(0.0, 1 - (beside * 2.2) ** 4)
    grey = _blend(grey, 560, canal)
    grey = _blend(grey, 330, canal * _inside(across, 25, 30, 2) * _inside(y, -10, 70, 10))
    spinous = _inside(across, 42, 72, 3) * (0.5 + 0.5 * np.cos((y - 25) / 39 * 2 * np.pi)) * (1 - beside**2)
    grey = _blend(grey, 200, spinous * 0.8)
    skin = 172 + 14 * np.sin((y - 40) / 90)
    grey = _blend(grey, 640, _inside(x - skin, 0, 9, 1.5))
    return _blend(grey, 25, _inside(x - skin, 9, 200, 1.5))


def write_lumbar(path: Path) -> None:
    """The synthetic spine as MetaImage: i runs to the back, j to the feet, k to the right."""
    volume = lumbar_volume()
    planes, rows, columns = volume.shape
    header = {
        "ObjectType": "Image",
        "NDims": "3",
        "BinaryData": "True",
        "BinaryDataByteOrderMSB": "False",
        "CompressedData": "False",
        "TransformMatrix": "0 1 0 0 0 -1 -1 0 0",
        "Offset": "22 -110 110",
        "CenterOfRotation": "0 0 0",
        "ElementSpacing": "1 1 1",
        "DimSize": f"{columns} {rows} {planes}",
        "ElementType": "MET_SHORT",
        "ElementDataFile": "LOCAL",
    }
    text = "".join(f"{key} = {value}\n" for key, value in header.items())
    path.write_bytes(text.encode() + volume.astype("<i2").tobytes())


def chest_radiograph(size: int = 512) -> NDArray[np.uint8]:
    """A synthetic chest, front view, bright bone."""
    y, x = np.mgrid[0:size, 0:size] / size
    noise = np.random.default_rng(11)
    side = np.abs(x - 0.5)
    grey = 35 + 130 * _inside(side, -1, 0.44 - 0.05 * np.cos(y * 6), 0.02)
    grey = _blend(grey, 185, _inside(side, -1, 0.06, 0.03))
    for centre in (0.3, 0.7):
        lung = (((x - centre) / 0.155) ** 2 + ((y - 0.45) / 0.31) ** 2) ** 2
        field = 1 / (1 + lung**4) * _inside(y + 0.25 * (x - centre) ** 2, -1, 0.72, 0.012)
        grey = _blend(grey, 55 + 25 * y, field)
    heart = ((x - 0.55) / 0.13) ** 2 + ((y - 0.62) / 0.15) ** 2
    grey = _blend(grey, 190, 1 / (1 + heart**6) * 0.9)
    for rib in range(9):
        height = 0.16 + rib * 0.066 + 0.5 * (side - 0.05) ** 2 * (1 + 0.3 * rib)
        grey += 20 * np.exp(-(((y - height) / 0.009) ** 2)) * _inside(side, 0.06, 0.36, 0.02)
    for shift in (-1, 1):
        bone = 0.13 + 0.06 * shift * (x - 0.5)
        grey += 35 * np.exp(-(((y - bone + 0.02 * np.sin(x * 9)) / 0.012) ** 2)) * _inside(side, 0.06, 0.33, 0.02) / 2
    vessels = _smooth(noise.standard_normal((size, size)), 5) * 8 * np.exp(-(((side - 0.12) / 0.12) ** 2))
    grain = noise.standard_normal((size, size)) * 2.5
    return np.clip(grey + vessels + grain, 0, 255).astype(np.uint8)


def write_chest(path: Path) -> None:
    """The synthetic chest as an 8-bit grey PNG."""
    from PIL import Image

    Image.fromarray(chest_radiograph()).save(path)


def _inside(value: Grey, low: Any, high: Any, soft: float) -> Grey:
    """1 between two borders, 0 outside, with soft edges of about `soft`."""
    rising = 1 / (1 + np.exp(-np.clip((value - low) / (soft / 2), -40, 40)))
    falling = 1 / (1 + np.exp(-np.clip((high - value) / (soft / 2), -40, 40)))
    return np.asarray(rising * falling)


def _blend(below: Grey, above: Any, share: Grey) -> Grey:
    return np.asarray(below * (1 - share) + above * share)


def _smooth(noise: Grey, radius: float) -> Grey:
    """Noise blurred by a Gaussian that wraps round, scaled to a spread of one."""
    down, across = np.fft.fftfreq(noise.shape[0])[:, None], np.fft.rfftfreq(noise.shape[1])
    weight = np.exp(-2 * (np.pi * radius) ** 2 * (down**2 + across**2))
    blurred = np.fft.irfft2(np.fft.rfft2(noise) * weight, s=noise.shape)
    return np.asarray(blurred / blurred.std())
