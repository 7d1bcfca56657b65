"""Small slides in the layouts of makers that only OpenSlide reads, made for tests."""

import io
import struct
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image

_TO_YCBCR = np.array([[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]])


def picture(pixels: np.ndarray, **how: int) -> bytes:
    """A JPEG of a picture, of full colour resolution."""
    stream = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(stream, "JPEG", quality=95, subsampling=0, **how)
    return stream.getvalue()


def scn(path: Path, pixels: np.ndarray, levels: int = 2, objective: str = "20", nanometres: float = 500.0) -> Path:
    """A Leica slide: a BigTIFF whose description places the levels on the glass."""
    height, width = pixels.shape[:2]
    parts = [pixels[:: 2**number, :: 2**number] for number in range(levels)]
    sizes = [f'<dimension sizeX="{p.shape[1]}" sizeY="{p.shape[0]}" r="{n}" ifd="{n}"/>' for n, p in enumerate(parts)]
    across, down = round(width * nanometres), round(height * nanometres)
    text = f"""<?xml version="1.0" encoding="utf-8"?>
<scn xmlns="http://www.leica-microsystems.com/scn/2010/10/01" uuid="urn:uuid:1">
<collection name="c" uuid="urn:uuid:2" sizeX="{across * 2}" sizeY="{down * 2}"><barcode></barcode>
<image name="i" uuid="urn:uuid:3"><creationDate>2020</creationDate><device model="Made up" version="1"/>
<pixels sizeX="{width}" sizeY="{height}">{"".join(sizes)}</pixels>
<view sizeX="{across}" sizeY="{down}" offsetX="0" offsetY="0"/>
<scanSettings><objectiveSettings><objective>{objective}</objective></objectiveSettings><illuminationSettings>
<numericalAperture>0.7</numericalAperture><illuminationSource>brightfield</illuminationSource></illuminationSettings>
</scanSettings></image></collection></scn>"""
    with tifffile.TiffWriter(path, bigtiff=True) as writer:
        for number, part in enumerate(parts):
            described = text if not number else None
            writer.write(
                np.ascontiguousarray(part),
                tile=(128, 128),
                compression="jpeg",
                photometric="rgb",
                description=described,
                metadata=None,
                resolution=(1e7 / nanometres / 2**number, 1e7 / nanometres / 2**number),
                resolutionunit="CENTIMETER",
                subfiletype=1 if number else 0,
            )
    return path


def svs_jpeg_2000(path: Path, pixels: np.ndarray) -> Path:
    """An Aperio slide whose tiles are JPEG 2000 of YCbCr (compression 33003), which only OpenSlide reads right."""
    import imagecodecs

    whole = np.rint(pixels @ _TO_YCBCR.T + np.array([0, 128, 128]))
    colours = np.clip(whole, 0, 255).astype(np.uint8)
    height, width = pixels.shape[:2]
    tiles = [colours[y : y + 128, x : x + 128] for y in range(0, height, 128) for x in range(0, width, 128)]
    filled = [np.pad(one, ((0, 128 - one.shape[0]), (0, 128 - one.shape[1]), (0, 0)), "edge") for one in tiles]
    packed = [bytes(imagecodecs.jpeg2k_encode(one, codecformat="j2k", reversible=True, mct=False)) for one in filled]
    text = (
        f"Aperio Image Library v1\r\n{width}x{height} [0,0 {width}x{height}] (128x128) J2K/YUV16|AppMag = 20|MPP = 0.5"
    )
    with tifffile.TiffWriter(path) as writer:
        writer.write(
            iter(packed),
            shape=pixels.shape,
            dtype=np.uint8,
            tile=(128, 128),
            compression=34712,
            photometric="rgb",
            description=text,
            metadata=None,
        )
    with tifffile.TiffFile(path) as file:
        at = file.pages.first.tags["Compression"].valueoffset
    content = bytearray(path.read_bytes())
    struct.pack_into("<H", content, at, 33003)
    path.write_bytes(content)
    return path


def mrxs(path: Path, pixels: np.ndarray, levels: int = 3, side: int = 128, missing: tuple[int, ...] = ()) -> Path:
    """A MIRAX slide: a picture, and a folder with settings, an index and pictures; `missing` are tiles left out."""
    folder = path.with_suffix("")
    folder.mkdir(parents=True)
    path.write_bytes(picture(pixels[::8, ::8]))
    down, across = pixels.shape[0] // side, pixels.shape[1] // side
    sections = ["[GENERAL]", "SLIDE_ID=ABCDEF0123456789ABCDEF0123456789", f"IMAGENUMBER_X={across}"]
    sections += [f"IMAGENUMBER_Y={down}", "OBJECTIVE_MAGNIFICATION=20", "CameraImageDivisionsPerSide=1"]
    sections += ["[HIERARCHICAL]", "HIER_COUNT=1", "NONHIER_COUNT=0", "INDEXFILE=Index.dat"]
    sections += ["HIER_0_NAME=Slide zoom level", f"HIER_0_COUNT={levels}"]
    sections += [f"HIER_0_VAL_{n}=ZoomLevel_{n}\nHIER_0_VAL_{n}_SECTION=LAYER_0_LEVEL_{n}" for n in range(levels)]
    sections += ["[DATAFILE]", "FILE_COUNT=1", "FILE_0=Data0000.dat"]
    index = data = b"01.02ABCDEF0123456789ABCDEF0123456789"
    records: list[list[tuple[int, int, int]]] = []
    for number in range(levels):
        step = 2**number
        sections += [f"[LAYER_0_LEVEL_{number}]", "OVERLAP_X=0", "OVERLAP_Y=0"]
        sections += [f"MICROMETER_PER_PIXEL_X={0.25 * step}", f"MICROMETER_PER_PIXEL_Y={0.25 * step}"]
        sections += ["IMAGE_FILL_COLOR_BGR=16777215", f"DIGITIZER_WIDTH={side}", f"DIGITIZER_HEIGHT={side}"]
        sections += [f"IMAGE_CONCAT_FACTOR={1 if number else 0}", "IMAGE_FORMAT=JPEG"]
        level = pixels[::step, ::step]
        found = []
        for row in range(0, down, step):
            for column in range(0, across, step):
                place = row * across + column
                y, x = row // step * side, column // step * side
                if place in missing and not number:
                    continue
                tile = np.full((side, side, 3), 255, np.uint8)
                part = level[y : y + side, x : x + side]
                tile[: part.shape[0], : part.shape[1]] = part
                packed = picture(tile)
                found.append((place, len(data), len(packed)))
                data += packed
        records.append(found)
    index += _index(index, records)
    (folder / "Slidedat.ini").write_text("\r\n".join(sections) + "\r\n")
    (folder / "Index.dat").write_bytes(index)
    (folder / "Data0000.dat").write_bytes(data)
    return path


def _index(head: bytes, levels: list[list[tuple[int, int, int]]]) -> bytes:
    """What follows the head of a MIRAX index: pointers to lists of pages of (tile, offset, length, file)."""
    roots = len(head)
    table = roots + 8
    pages = table + 4 * len(levels)
    pointers, body = b"", b""
    for found in levels:
        start = pages + len(body)
        pointers += struct.pack("<i", start)
        body += struct.pack("<ii", 0, start + 8)
        body += struct.pack("<ii", len(found), 0)
        body += b"".join(struct.pack("<iiii", *one, 0) for one in found)
    return struct.pack("<ii", table, table) + pointers + body


def vms(path: Path, pixels: np.ndarray) -> Path:
    """A Hamamatsu slide of one picture with restart markers, a map and a macro picture."""
    height, width = pixels.shape[:2]
    (path.parent / "image.jpg").write_bytes(picture(pixels, restart_marker_blocks=width // 8))
    (path.parent / "map.jpg").write_bytes(picture(pixels[::8, ::8], restart_marker_blocks=width // 64))
    (path.parent / "macro.jpg").write_bytes(picture(pixels[::4, ::4]))
    lines = ["[Virtual Microscope Specimen]", "NoLayers=1", "NoJpegColumns=1", "NoJpegRows=1"]
    lines += ["ImageFile=image.jpg", "MapFile=map.jpg", "MacroImage=macro.jpg", "SourceLens=20"]
    lines += [f"PhysicalWidth={width * 500}", f"PhysicalHeight={height * 500}", "OptimisationFile=", "LayerSpacing=0"]
    path.write_text("\r\n".join(lines) + "\r\n")
    return path


def vmu(path: Path, pixels: np.ndarray) -> Path:
    """A Hamamatsu slide without compression: columns of 12-bit values in files of its own."""
    height, width = pixels.shape[:2]
    _ngr(path.parent / "image.ngr", pixels, 256)
    _ngr(path.parent / "map.ngr", pixels[::8, ::8], 64)
    (path.parent / "macro.jpg").write_bytes(picture(pixels[::4, ::4]))
    lines = ["[Uncompressed Virtual Microscope Specimen]", "NoLayers=1", "ImageFile=image.ngr", "MapFile=map.ngr"]
    lines += ["MacroImage=macro.jpg", "SourceLens=20", "BitsPerPixel=36", "PixelOrder=RGB"]
    lines += [f"PhysicalWidth={width * 500}", f"PhysicalHeight={height * 500}"]
    path.write_text("\r\n".join(lines) + "\r\n")
    return path


def _ngr(path: Path, pixels: np.ndarray, width: int) -> None:
    """One picture of a VMU slide, in columns of a width."""
    head = bytearray(48)
    head[:2] = b"GN"
    struct.pack_into("<iii", head, 4, pixels.shape[1], pixels.shape[0], width)
    struct.pack_into("<i", head, 24, len(head))
    columns = [pixels[:, x : x + width].astype("<u2") << 4 for x in range(0, pixels.shape[1], width)]
    path.write_bytes(bytes(head) + b"".join(column.tobytes() for column in columns))


def trestle(path: Path, pixels: np.ndarray) -> Path:
    """A Trestle slide: a TIFF of one directory for each level, its resolution in µm per pixel."""
    text = "Background Color=FFFFFF;White Balance=FFFFFF;Objective Power=20;JPEG Quality=80;OverlapsXY= 0 0 0 0;"
    with tifffile.TiffWriter(path) as writer:
        for step in (1, 2):
            writer.write(
                np.ascontiguousarray(pixels[::step, ::step]),
                tile=(128, 128),
                compression="jpeg",
                photometric="rgb",
                description=text,
                software="MedScan 1",
                metadata=None,
                resolution=(0.5, 0.5),
            )
    return path
