#!/usr/bin/env python3
"""Compares what the client measures with what independent tools say, over generated files.

    judge.py <probe> [files] [seed]

<probe> is the example `probe` of the tests: `cargo build -p runcomfy-tests --example probe`, then
target/debug/examples/probe. The files are the samples and sizes beside this script, rearranged:
boxes, chunks, segments and elements in another order or with others between, tracks and items of
every kind, and every turn. A file fails if the client gives a size that no judge gives, or none
without a reason. Judges: exiftool and ImageMagick for pictures, ffprobe and mediainfo for films.
"""

import copy
import json
import random
import struct
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
SAMPLES = HERE.parent.parent / "crates/runcomfy-simulator/assets/samples"
SIZES = HERE / "sizes"
BOXES = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"iprp", b"ipco", b"meta", b"edts", b"dinf"}
TURNS = {0: (1, 0, 0, 1), 90: (0, 1, -1, 0), 180: (-1, 0, 0, -1), 270: (0, -1, 1, 0)}


# Boxes of MP4, QuickTime and HEIF.

def parse(data):
    boxes, at = [], 0
    while at + 8 <= len(data):
        length, name = struct.unpack(">I4s", data[at:at + 8])
        head = 8
        if length == 1:
            length, head = struct.unpack(">Q", data[at + 8:at + 16])[0], 16
        if length == 0:
            length = len(data) - at
        body = data[at + head:at + length]
        own = body[:4] if name == b"meta" else b""
        boxes.append([name, own, parse(body[len(own):]) if name in BOXES else body])
        at += length
    return boxes


def write(boxes):
    parts = []
    for name, own, inner in boxes:
        body = own + (write(inner) if isinstance(inner, list) else inner)
        parts.append(struct.pack(">I4s", len(body) + 8, name) + body)
    return b"".join(parts)


def find(boxes, *path):
    found = [boxes]
    for name in path:
        found = [box[2] for inner in found for box in inner if box[0] == name]
    return found


def boxed(data, dice):
    boxes = parse(data)
    is_picture = any(box[0] == b"meta" for box in boxes)
    for inner in [*find(boxes, b"moov"), *find(boxes, b"moov", b"trak"), *find(boxes, b"moov", b"trak", b"mdia"),
                  *find(boxes, b"moov", b"trak", b"mdia", b"minf")]:
        if dice.random() < 0.4:
            dice.shuffle(inner)
        if dice.random() < 0.2:
            inner.insert(dice.randrange(len(inner) + 1), [b"free", b"", bytes(dice.randrange(40))])
    if is_picture:
        picture(boxes, dice)
    else:
        film(boxes, dice)
    if dice.random() < 0.4:
        # Sample offsets no longer hold, which no header says.
        rest = boxes[1:]
        if not is_picture:
            dice.shuffle(rest)
        rest.insert(dice.randrange(len(rest) + 1), [b"free", b"", bytes(dice.randrange(9))])
        boxes = boxes[:1] + rest
    return write(boxes)


def film(boxes, dice):
    moov = find(boxes, b"moov")[0]
    tracks = [box for box in moov if box[0] == b"trak"]
    if dice.random() < 0.5:
        for box in moov:
            if box[0] == b"mvhd" and dice.random() < 0.3:
                box[2] = with_matrix(box[2], 36 if box[2][0] == 0 else 48, dice)
        for track in tracks:
            for box in track[2]:
                if box[0] == b"tkhd":
                    box[2] = with_matrix(box[2], 40 if box[2][0] == 0 else 52, dice)
    if dice.random() < 0.3:
        other = copy.deepcopy(tracks[0])
        for box in other[2]:
            if box[0] == b"tkhd":
                body = bytearray(box[2])
                body[3] = dice.choice([0, 2, 3, 1])
                body[12:16] = struct.pack(">I", 99)
                box[2] = bytes(body)
        moov.insert(dice.randrange(len(moov) + 1), other)


def with_matrix(body, at, dice):
    a, b, c, d = TURNS[dice.choice(list(TURNS))]
    one = 0x10000
    body = bytearray(body)
    for value, offset in zip((a, b, c, d), (0, 4, 12, 16)):
        body[at + offset:at + offset + 4] = struct.pack(">i", value * one)
    return bytes(body)


def picture(boxes, dice):
    """Properties in another order, with others between, turned and cropped."""
    meta = find(boxes, b"meta")[0]
    head, rest = meta[:1], meta[1:]
    dice.shuffle(rest)
    meta[:] = head + rest
    ipco = find(boxes, b"meta", b"iprp", b"ipco")[0]
    ipma = next(box for box in find(boxes, b"meta", b"iprp")[0] if box[0] == b"ipma")
    data = ipma[2]
    if data[:4] != b"\0\0\0\0":
        return
    pitm = next(box for box in meta if box[0] == b"pitm")[2]
    primary = struct.unpack(">H", pitm[4:6])[0]
    entries, at = [], 8
    for _ in range(struct.unpack(">I", data[4:8])[0]):
        item, count = struct.unpack(">HB", data[at:at + 3])
        entries.append([item, list(data[at + 3:at + 3 + count])])
        at += 3 + count
    own = next(numbers for item, numbers in entries if item == primary)
    if dice.random() < 0.6:
        ipco.append([b"irot", b"", bytes([dice.randrange(4)])])
        own.append(0x80 | len(ipco))
    if dice.random() < 0.2:
        ipco.append([b"imir", b"", bytes([dice.randrange(2)])])
        own.append(0x80 | len(ipco))
    if dice.random() < 0.7:
        own[:] = shuffled(own, dice)
    dice.shuffle(entries)
    data = data[:4] + struct.pack(">I", len(entries))
    for item, numbers in entries:
        data += struct.pack(">HB", item, len(numbers)) + bytes(numbers)
    ipma[2] = data
    move_items(boxes, meta)


def shuffled(numbers, dice):
    numbers = list(numbers)
    dice.shuffle(numbers)
    return numbers


def move_items(boxes, meta):
    """Corrects where `iloc` says that the data of items is: all of it is in `mdat`."""
    iloc = next((box for box in meta if box[0] == b"iloc"), None)
    if iloc is None or iloc[2][0] > 1:
        return
    at = 0
    for box in boxes:
        length = len(write([box]))
        if box[0] == b"mdat":
            break
        at += length
    body = bytearray(iloc[2])
    sizes, version = body[4] << 8 | body[5], body[0]
    offset, length, base, index = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15, sizes & 15
    place, starts = 8, []
    for _ in range(struct.unpack(">H", body[6:8])[0]):
        place += 2 + (2 if version else 0) + 2 + base
        count = struct.unpack(">H", body[place:place + 2])[0]
        place += 2
        for _ in range(count):
            place += index if version else 0
            starts.append(place)
            place += offset + length
    if offset != 4 or not starts:
        return
    first = min(struct.unpack(">I", body[start:start + 4])[0] for start in starts)
    for start in starts:
        old = struct.unpack(">I", body[start:start + 4])[0]
        body[start:start + 4] = struct.pack(">I", at + 8 + old - first)
    iloc[2] = bytes(body)


# Pictures of segments and chunks.

def exif(dice, little=None):
    order = "<" if (dice.random() < 0.5 if little is None else little) else ">"
    value = dice.randrange(1, 9)
    rows = [(0x100, 4, 7), (0x112, 3, value), (0x128, 3, 2)][dice.randrange(2):]
    data = (b"II" if order == "<" else b"MM") + struct.pack(order + "HIH", 42, 8, len(rows))
    for tag, kind, number in rows:
        data += struct.pack(order + "HHI", tag, kind, 1)
        data += struct.pack(order + ("I" if kind == 4 else "HH"), *([number] if kind == 4 else [number, 0]))
    return data + bytes(4)


def jpeg(data, dice):
    segments, at = [], 2
    while data[at + 1] != 0xda:
        length = struct.unpack(">H", data[at + 2:at + 4])[0]
        segments.append(data[at:at + 2 + length])
        at += 2 + length
    segments = [segment for segment in segments if segment[1] not in (0xe1,)]
    count = dice.randrange(5)
    for _ in range(count):
        marker = dice.choice([0xe2, 0xe5, 0xed, 0xfe])
        body = bytes(dice.randrange(1, 256) for _ in range(dice.randrange(600)))
        segments.insert(0, bytes([0xff, marker]) + struct.pack(">H", len(body) + 2) + body)
    if dice.random() < 0.6:
        body = b"Exif\0\0" + exif(dice)
        place = 0 if dice.random() < 0.7 else dice.randrange(len(segments) + 1)
        segments.insert(place, b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body)
    parts = [data[:2]]
    for segment in segments:
        if dice.random() < 0.1:
            parts.append(b"\xff" * dice.randrange(1, 4))
        parts.append(segment)
    return b"".join(parts) + data[at:]


def png(data, dice):
    import zlib
    chunk = lambda name, body: struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
    extra = [chunk(b"tEXt", b"a\0" + bytes(dice.randrange(1, 99) for _ in range(dice.randrange(300)))),
             chunk(b"prVt", bytes(dice.randrange(90)))][:dice.randrange(3)]
    if dice.random() < 0.6:
        extra.insert(dice.randrange(len(extra) + 1), chunk(b"eXIf", exif(dice)))
    return data[:33] + b"".join(extra) + data[33:]


def webp(data, dice):
    chunk = lambda name, body: name + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)
    if data[12:16] == b"VP8X" or dice.random() < 0.3:
        return data
    name, width, height = data[12:16], 0, 0
    if name == b"VP8 ":
        width, height = struct.unpack("<HH", data[26:30])
    else:
        bits = struct.unpack("<I", data[21:25])[0]
        width, height = (bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1
    has = dice.random() < 0.7
    head = bytes([8 if has else 0, 0, 0, 0]) + struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
    body = b"WEBP" + chunk(b"VP8X", head) + data[12:]
    if has:
        body += chunk(b"EXIF", exif(dice))
    return b"RIFF" + struct.pack("<I", len(body)) + body


def tiff(data, dice):
    order = "<" if data[:2] == b"II" else ">"
    at = struct.unpack(order + "I", data[4:8])[0]
    count = struct.unpack(order + "H", data[at:at + 2])[0]
    rows = [data[at + 2 + 12 * index:at + 14 + 12 * index] for index in range(count)]
    rows = [row for row in rows if struct.unpack(order + "H", row[:2])[0] != 0x112]
    if dice.random() < 0.7:
        rows.append(struct.pack(order + "HHIHH", 0x112, 3, 1, dice.randrange(1, 9), 0))
    rows.sort(key=lambda row: struct.unpack(order + "H", row[:2])[0])
    data += bytes(len(data) % 2)
    new = struct.pack(order + "H", len(rows)) + b"".join(rows) + bytes(4)
    return data[:4] + struct.pack(order + "I", len(data)) + data[8:] + new


# Elements of Matroska.

def elements(data):
    found, at = [], 0
    while at < len(data):
        length = 9 - data[at].bit_length()
        name = data[at:at + length]
        at += length
        length = 9 - data[at].bit_length()
        size = int.from_bytes(data[at:at + length], "big") & ((1 << 7 * length) - 1)
        if size == (1 << 7 * length) - 1:
            size = len(data)
        at += length
        body = data[at:at + size]
        inner = name in (b"\x18\x53\x80\x67", b"\x16\x54\xae\x6b", b"\xae", b"\xe0")
        found.append([name, elements(body) if inner else body])
        at += size
    return found


def element(name, inner):
    body = b"".join(element(*one) for one in inner) if isinstance(inner, list) else inner
    return name + (1 << 56 | len(body)).to_bytes(8, "big") + body


def matroska(data, dice):
    top = elements(data)
    segment = next(body for name, body in top if name == b"\x18\x53\x80\x67")
    # The index says where parts were.
    segment[:] = [one for one in segment if one[0] not in (b"\x11\x4d\x9b\x74", b"\x1c\x53\xbb\x6b", b"\xbf")]
    clusters = [one for one in segment if one[0] == b"\x1f\x43\xb6\x75"]
    rest = [one for one in segment if one[0] != b"\x1f\x43\xb6\x75"]
    dice.shuffle(rest)
    rest.insert(dice.randrange(len(rest) + 1), [b"\xec", bytes(dice.randrange(200))])
    for name, tracks in rest:
        if name != b"\x16\x54\xae\x6b":
            continue
        tracks[:] = [one for one in tracks if one[0] == b"\xae"]
        for _, entry in tracks:
            dice.shuffle(entry)
            entry.insert(dice.randrange(len(entry) + 1), [b"\xec", bytes(dice.randrange(9))])
            for inner_name, inner in entry:
                if inner_name == b"\xe0":
                    dice.shuffle(inner)
    segment[:] = rest + clusters
    return b"".join(element(*one) for one in top)


CHANGES = {".mp4": boxed, ".mov": boxed, ".heic": boxed, ".avif": boxed, ".jpg": jpeg, ".png": png,
           ".webp": webp, ".tiff": tiff, ".mkv": matroska, ".webm": matroska}


# Judges.

def run(*command):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True).stdout


def turned(size, degrees):
    return (size[1], size[0]) if int(degrees) % 180 == 90 else size


def of_exiftool(entry, path):
    if "ImageWidth" not in entry or "ImageHeight" not in entry:
        return None
    size = int(entry["ImageWidth"]), int(entry["ImageHeight"])
    if path.suffix in (".heic", ".avif"):
        return turned(size, entry.get("Rotation", 0))
    return turned(size, 90 if entry.get("Orientation", 1) in (5, 6, 7, 8) else 0)


def of_identify(path):
    said = run("identify", "-format", "%w %h %[orientation]\n", f"{path}[0]").split()
    if len(said) < 2:
        return None
    size = int(said[0]), int(said[1])
    sideways = ("LeftTop", "RightTop", "RightBottom", "LeftBottom")
    is_heif = path.suffix in (".heic", ".avif")
    return turned(size, 90 if said[2:3] and said[2] in sideways and not is_heif else 0)


def of_ffprobe(path):
    try:
        streams = json.loads(run("ffprobe", "-v", "quiet", "-show_streams", "-of", "json", path)).get("streams", [])
    except ValueError:
        return []
    sizes = []
    for stream in streams:
        if stream.get("codec_type") != "video" or not stream.get("width"):
            continue
        turns = [side.get("rotation", 0) for side in stream.get("side_data_list", [])]
        is_default = stream.get("disposition", {}).get("default", 0)
        sizes.append((is_default, turned((stream["width"], stream["height"]), round(sum(turns)))))
    best = max((default for default, _ in sizes), default=0)
    return [size for default, size in sizes if default == best]


def of_mediainfo(path):
    try:
        tracks = json.loads(run("mediainfo", "--Output=JSON", path))["media"]["track"]
    except (ValueError, KeyError, TypeError):
        return []
    return [turned((int(track["Width"]), int(track["Height"])), float(track.get("Rotation", 0)))
            for track in tracks if track["@type"] == "Video" and "Width" in track]


def judged(path, entry):
    if path.suffix in (".mp4", ".mov", ".mkv", ".webm"):
        return of_ffprobe(path) + of_mediainfo(path)
    return [size for size in (of_exiftool(entry, path), of_identify(path)) if size]


def main():
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    probe, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 400
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    dice = random.Random(seed)
    sources = sorted(path for folder in (SAMPLES, SIZES) for path in folder.iterdir() if path.suffix in CHANGES)
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for index in range(count):
            source = dice.choice(sources)
            path = Path(folder) / f"{index:05}-{source.stem}{source.suffix}"
            path.write_bytes(CHANGES[source.suffix](source.read_bytes(), dice))
            paths.append(path)
        said = subprocess.run([probe], input="\n".join(map(str, paths)), capture_output=True, text=True, check=True)
        ours = [json.loads(line) for line in said.stdout.splitlines()]
        listing = Path(folder) / "list"
        listing.write_text("\n".join(map(str, paths)))
        fields = ["-ImageWidth", "-ImageHeight", "-IFD0:Orientation", "-Rotation"]
        entries = json.loads(run("exiftool", "-n", "-json", *fields, "-@", listing))
        entries = {entry["SourceFile"]: entry for entry in entries}
        with ThreadPoolExecutor(2) as pool:
            theirs = list(pool.map(lambda path: judged(path, entries.get(str(path), {})), paths))
        totals, failed = Counter(), []
        for path, mine, sizes in zip(paths, ours, theirs):
            size = (mine["width"], mine["height"]) if mine["width"] else None
            if not sizes:
                verdict = "no judge"
            elif size in sizes:
                verdict = "agreed" if len(set(sizes)) == 1 else "judges differ"
            elif size is None and mine["problem"]:
                verdict = "reported"
            else:
                verdict = "FAILED"
                failed.append((path, mine, sizes))
            totals[path.suffix[1:], verdict] += 1
        for (suffix, verdict), number in sorted(totals.items()):
            print(f"{suffix}: {number} {verdict}")
        keep = Path(tempfile.gettempdir()) / "runcomfy-judged"
        for path, mine, sizes in failed:
            keep.mkdir(exist_ok=True)
            (keep / path.name).write_bytes(path.read_bytes())
            print(f"{keep / path.name}: {mine['width']} x {mine['height']} ({mine['problem']}), judges say {sizes}")
        if failed:
            raise SystemExit(f"seed {seed}: {len(failed)} of {count} files are measured differently without a notice")


if __name__ == "__main__":
    main()
