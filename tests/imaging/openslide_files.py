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


def czi(path: Path, pixels: np.ndarray, side: int = 256) -> Path:
    """A Zeiss slide: uncompressed tiles of two levels, each a segment, then their directory and the settings."""
    height, width = pixels.shape[:2]
    settings = f"""<ImageDocument><Metadata><Information><Image><SizeX>{width}</SizeX><SizeY>{height}</SizeY>
<SizeC>1</SizeC><SizeS>1</SizeS><ObjectiveSettings><ObjectiveRef Id="Objective:1"/></ObjectiveSettings></Image>
<Instrument><Objectives><Objective Id="Objective:1"><NominalMagnification>20</NominalMagnification></Objective>
</Objectives></Instrument></Information><Scaling><Items><Distance Id="X"><Value>5e-07</Value></Distance>
<Distance Id="Y"><Value>5e-07</Value></Distance></Items></Scaling></Metadata></ImageDocument>""".encode()
    out, entries = bytearray(32 + 512), list[bytes]()
    for step in (1, 2):
        part = pixels[::step, ::step]
        for y in range(0, part.shape[0], side):
            for x in range(0, part.shape[1], side):
                tile = np.ascontiguousarray(part[y : y + side, x : x + side, ::-1])
                entries.append(_czi_entry(len(out), (x, y), tile.shape[1::-1], step))
                head = struct.pack("<iiq", 0, 0, tile.nbytes) + entries[-1]
                out += _czi_segment("ZISRAWSUBBLOCK", head.ljust(256, b"\0") + tile.tobytes())
    directory = len(out)
    out += _czi_segment("ZISRAWDIRECTORY", struct.pack("<i", len(entries)).ljust(128, b"\0") + b"".join(entries))
    described = len(out)
    out += _czi_segment("ZISRAWMETADATA", struct.pack("<ii", len(settings), 0).ljust(256, b"\0") + settings)
    attached = len(out)
    out += _czi_segment("ZISRAWATTDIR", bytes(256))
    places = struct.pack("<iqqiq", 0, directory, described, 0, attached)
    out[: 32 + 512] = _czi_segment(
        "ZISRAWFILE", (struct.pack("<iiii", 1, 0, 0, 0) + bytes(32) + places).ljust(512, b"\0")
    )
    path.write_bytes(out)
    return path


def _czi_segment(name: str, body: bytes) -> bytes:
    """A segment of a CZI file."""
    held = body + bytes(-len(body) % 32)
    return name.encode().ljust(16, b"\0") + struct.pack("<qq", len(held), len(body)) + held


def _czi_entry(at: int, place: tuple[int, int], size: tuple[int, ...], step: int) -> bytes:
    """What the directory of a CZI file says of one tile."""
    sides = [(name, p * step, s * step, s) for name, p, s in zip((b"X", b"Y"), place, size, strict=True)]
    sides += [(name, 0, 1, 1) for name in ((b"C", b"S", b"M") if step == 1 else (b"C", b"S"))]
    head = b"DV" + struct.pack("<iqiiBBii", 3, at, 0, 0, 0 if step == 1 else 2, 0, 0, len(sides))
    return head + b"".join(name.ljust(4, b"\0") + struct.pack("<iifi", p, s, p, n) for name, p, s, n in sides)


def bif(path: Path, pixels: np.ndarray, side: int = 256) -> Path:
    """A Ventana slide: a BigTIFF whose XMP says how the tiles of its finest level join."""
    across, down = pixels.shape[1] // side, pixels.shape[0] // side
    scanned = (
        '<Metadata><iScan Magnification="20" ScanRes="0.5" ScanWhitePoint="235" Z-layers="1"><AOI0/></iScan></Metadata>'
    )
    joints = ""
    for row in range(down):
        for column in range(across):
            here = _bif_tile(column, row, across, down)
            if column + 1 < across:
                joints += _bif_joint("RIGHT", here, _bif_tile(column + 1, row, across, down))
            if row + 1 < down:
                joints += _bif_joint("UP", _bif_tile(column, row + 1, across, down), here)
    joined = f"""<EncodeInfo Ver="2"><SlideInfo/><AoiInfo XIMAGESIZE="{side}" YIMAGESIZE="{side}"/><SlideStitchInfo>
<ImageInfo AOIScanned="1" AOIIndex="0" Width="{side}" Height="{side}" NumRows="{down}" NumCols="{across}" Pos-X="0"
Pos-Y="0">{joints}</ImageInfo></SlideStitchInfo><AoiOrigin><AOI0 OriginX="0" OriginY="0"/></AoiOrigin></EncodeInfo>"""
    with tifffile.TiffWriter(path, bigtiff=True) as writer:
        tags = [(700, "B", len(scanned), scanned.encode(), True)]
        label = np.ascontiguousarray(pixels[::8, ::8])
        writer.write(label, photometric="rgb", description="Label Image", metadata=None, extratags=tags)
        for number in range(2):
            writer.write(
                np.ascontiguousarray(pixels[:: 2**number, :: 2**number]),
                tile=(side, side),
                compression="jpeg",
                photometric="rgb",
                description=f"level={number} mag={20 / 2**number:g} quality=95",
                metadata=None,
                extratags=[] if number else [(700, "B", len(joined), joined.encode(), True)],
            )
    return path


def _bif_tile(column: int, row: int, across: int, down: int) -> int:
    """The number of a tile: from 1, from the bottom up, to and fro."""
    turn = down - 1 - row
    return turn * across + (across - 1 - column if turn % 2 else column) + 1


def _bif_joint(direction: str, one: int, other: int) -> str:
    """How two tiles join."""
    how = 'FlagJoined="1" Confidence="100" OverlapX="0" OverlapY="0"'
    return f'<TileJointInfo {how} Direction="{direction}" Tile1="{one}" Tile2="{other}"/>'
