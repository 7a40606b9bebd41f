#!/usr/bin/env python3
"""Makes the small media files that measuring is tested with, and the lists of their facts.

The files come from ImageMagick, libheif's heif-enc, libwebp's tools and ffmpeg; the facts
from identify, exiftool, ffprobe and mediainfo. Where two of those judge one fact they have
to agree. Nothing of this workspace takes part.

    make.py          makes every file and both lists again
    make.py --check  judges the committed files by the committed lists, and makes every file
                     again in a temporary place to compare all facts but the number of bytes,
                     which another version of an encoder may change
    make.py --served http://127.0.0.1:8787
                     judges what a running simulator makes to measure: its size, its weight,
                     and that ImageMagick and ffmpeg read it to the end without a complaint

Packages of Debian: imagemagick, ffmpeg, libheif-examples, webp, libimage-exiftool-perl,
mediainfo.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
SAMPLES = HERE.parent.parent / "crates/runcomfy-simulator/assets/samples"
SIZES = HERE / "sizes"

# One file of every format and of what is special in it, every picture and film of this size,
# which is within the bounds of known rules, upright and turned.
SAMPLE = (400, 304)
COLOUR = "#408060"
STILL = ["-define", "png:exclude-chunks=date,time", "-strip"]
FILM = ["-map_metadata", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact"]
X264 = ["-c:v", "libx264", "-preset", "veryslow", "-crf", "40", "-threads", "1"]
TONE = ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=8000:duration=1"]

# Sizes at the bounds of known rules (over 300 pixels; over 2:5; under 5:2), one pixel to
# either side of them, and a few beyond. No side is under 16, the least that x265 takes.
BOUNDS = [
    *[(w, h) for w in (299, 300, 301) for h in (299, 300, 301)],
    (300, 400), (301, 400), (299, 400), (400, 300), (400, 301), (400, 299),
    (400, 1000), (401, 1000), (399, 1000), (400, 999), (400, 1001),
    (302, 755), (303, 755), (301, 755), (302, 754), (302, 756),
    (1000, 400), (1001, 400), (999, 400), (1000, 401), (1000, 399),
    (755, 302), (756, 302), (754, 302), (755, 303), (755, 301),
    (17, 31), (16, 1025), (1025, 16), (1920, 1080), (1080, 1920),
]
FORMATS = ["png", "jpg", "webp", "gif", "bmp", "tiff", "avif", "heic", "mp4", "mov", "webm", "mkv"]

TOOLS = ["convert", "cwebp", "exiftool", "ffmpeg", "ffprobe", "gif2webp", "heif-enc", "identify",
         "mediainfo"]
KINDS = {
    "image": ["png", "jpg", "webp", "gif", "bmp", "tiff", "avif", "heic"],
    "video": ["mp4", "mov", "webm", "mkv"],
    "audio": ["mp3", "wav", "flac", "ogg", "m4a"],
}
# What EXIF calls its turned orientations, in degrees clockwise; mirrored ones are not made.
ORIENTATIONS = {1: 0, 3: 180, 6: 90, 8: 270}


def run(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))}\n{done.stderr}")
    return done.stdout


def convert(*arguments):
    run("convert", *arguments)


def ffmpeg(*arguments):
    run("ffmpeg", "-v", "error", "-y", *arguments)


def still(path, size, *options, source=None):
    """A picture of one colour, or of a source such as a gradient."""
    width, height = size
    convert("-size", f"{width}x{height}", source or f"xc:{COLOUR}", *STILL, *options, path)


def film(path, size, *options, sound=False):
    """A film of one colour, of one second, two frames."""
    png = path.with_name(path.name + ".frame.png")
    still(f"png24:{png}", size)
    ffmpeg("-loop", "1", "-framerate", "2", "-t", "1", "-i", png, *(TONE if sound else []), *FILM,
           *options, path)
    png.unlink()


def heif(path, size, *options, source=None):
    # With a depth of 8: heif-enc makes of a picture with fewer colours one with 10 bits a channel.
    png = path.with_name(path.name + ".frame.png")
    still(f"png24:{png}", size, source=source)
    run("heif-enc", "-q", "30", *options, png, "-o", path)
    png.unlink()


def make_samples(folder):
    to = lambda name: folder / name
    gradient = "gradient:#204060-#c0a080"

    still(to("png.png"), SAMPLE)
    still(to("png-interlaced.png"), SAMPLE, "-interlace", "PNG")
    still(to("png-alpha.png"), SAMPLE, "-depth", "8", source="xc:#40806080")
    still(to("png-16-bit.png"), SAMPLE, "-depth", "16", "-define", "png:bit-depth=16")

    still(to("jpeg.jpg"), SAMPLE, "-quality", "40", source=gradient)
    still(to("jpeg-progressive.jpg"), SAMPLE, "-quality", "40", "-interlace", "JPEG", source=gradient)
    still(to("jpeg-grey.jpg"), SAMPLE, "-quality", "40", "-colorspace", "Gray", source=gradient)
    still(to("jpeg-turned.jpg"), SAMPLE, "-quality", "40", source=gradient)
    run("exiftool", "-q", "-overwrite_original", "-n", "-Orientation=6", to("jpeg-turned.jpg"))
    # Its EXIF holds a smaller JPEG, whose own frame header stands before the picture's.
    still(to("jpeg-thumbnail.jpg"), SAMPLE, "-quality", "40", source=gradient)
    still(to("small.jpg"), (80, 61), "-quality", "40", source=gradient)
    run("exiftool", "-q", "-overwrite_original", f"-ThumbnailImage<={to('small.jpg')}",
        to("jpeg-thumbnail.jpg"))
    to("small.jpg").unlink()

    still(to("png.tmp.png"), SAMPLE)
    still(to("alpha.tmp.png"), SAMPLE, source="xc:#40806080")
    run("cwebp", "-quiet", "-q", "30", to("png.tmp.png"), "-o", to("webp-lossy.webp"))
    run("cwebp", "-quiet", "-lossless", to("png.tmp.png"), "-o", to("webp-lossless.webp"))
    run("cwebp", "-quiet", "-q", "30", to("alpha.tmp.png"), "-o", to("webp-alpha.webp"))

    still(to("gif.gif"), SAMPLE)
    convert("-delay", "50", "-size", f"{SAMPLE[0]}x{SAMPLE[1]}", f"xc:{COLOUR}", "xc:#804060",
            *STILL, to("gif-animated.gif"))
    run("gif2webp", "-quiet", to("gif-animated.gif"), "-o", to("webp-animated.webp"))
    to("png.tmp.png").unlink()
    to("alpha.tmp.png").unlink()

    still(to("bmp.bmp"), SAMPLE, "-type", "Palette", "-compress", "RLE")
    still(to("bmp-os2.bmp"), SAMPLE, "-monochrome", "-compress", "None", "-define", "bmp:format=bmp2")

    still(to("tiff-little-endian.tiff"), SAMPLE, "-compress", "Zip", "-define", "tiff:endian=lsb")
    still(to("tiff-big-endian.tiff"), SAMPLE, "-compress", "Zip", "-define", "tiff:endian=msb")

    heif(to("avif.avif"), SAMPLE)
    heif(to("avif-gradient.avif"), SAMPLE, source=gradient)
    heif(to("heic.heic"), SAMPLE)
    heif(to("heic-thumbnail.heic"), SAMPLE, "-t", "80", source=gradient)
    # heif-enc keeps an EXIF orientation and writes no `irot`: HEIF has viewers ignore it.
    still(to("turned.tmp.jpg"), SAMPLE, "-quality", "80")
    run("exiftool", "-q", "-overwrite_original", "-n", "-Orientation=6", to("turned.tmp.jpg"))
    run("heif-enc", "-q", "30", to("turned.tmp.jpg"), "-o", to("heic-turned.heic"))
    to("turned.tmp.jpg").unlink()

    h264 = [*X264, "-pix_fmt", "yuv420p"]
    aac = ["-c:a", "aac", "-b:a", "16k", "-ac", "1"]
    film(to("mp4.mp4"), SAMPLE, *h264, *aac, "-movflags", "+faststart", sound=True)
    film(to("mp4-index-last.mp4"), SAMPLE, *h264, *aac, sound=True)
    film(to("mp4-sound-first.mp4"), SAMPLE, "-map", "1:a", "-map", "0:v", *h264, *aac,
         "-movflags", "+faststart", sound=True)
    film(to("mp4-fragmented.mp4"), SAMPLE, *h264, "-movflags", "+frag_keyframe+empty_moov")
    film(to("mp4-hevc.mp4"), SAMPLE, "-c:v", "libx265", "-x265-params", "log-level=none:info=0:pools=1",
         "-pix_fmt", "yuv420p", "-tag:v", "hvc1", "-movflags", "+faststart")
    film(to("turned.tmp.mp4"), SAMPLE, *h264)
    ffmpeg("-i", to("turned.tmp.mp4"), "-c", "copy", "-metadata:s:v", "rotate=90", "-fflags",
           "+bitexact", "-movflags", "+faststart", to("mp4-turned.mp4"))
    to("turned.tmp.mp4").unlink()
    film(to("mov.mov"), SAMPLE, *h264)
    film(to("webm-vp8.webm"), SAMPLE, "-c:v", "libvpx", "-b:v", "20k", "-threads", "1")
    film(to("webm-vp9.webm"), SAMPLE, "-c:v", "libvpx-vp9", "-b:v", "20k", "-threads", "1",
         "-c:a", "libopus", "-b:a", "16k", sound=True)
    film(to("mkv.mkv"), SAMPLE, *h264, *aac, sound=True)

    sound = lambda name, *options: ffmpeg(*TONE, *FILM, *options, to(name))
    sound("mp3.mp3", "-c:a", "libmp3lame", "-b:a", "8k", "-ac", "1", "-id3v2_version", "3")
    sound("mp3-without-tag.mp3", "-c:a", "libmp3lame", "-b:a", "8k", "-id3v2_version", "0",
          "-write_xing", "0")
    sound("wav.wav", "-c:a", "pcm_u8")
    sound("flac.flac", "-c:a", "flac")
    sound("ogg-vorbis.ogg", "-c:a", "libvorbis", "-q:a", "0", "-ar", "8000")
    sound("ogg-opus.ogg", "-c:a", "libopus", "-b:a", "8k")
    sound("m4a.m4a", "-c:a", "aac", "-b:a", "16k", "-movflags", "+faststart")

    # What every simulated job answers with.
    ffmpeg("-f", "lavfi", "-i", "testsrc=size=320x180:rate=12:duration=1", "-c:v", "libx264",
           "-preset", "veryslow", "-crf", "34", "-pix_fmt", "yuv420p", "-threads", "1",
           "-movflags", "+faststart", *FILM, to("test-card.mp4"))


def make_size(folder, name, size):
    path = folder / name
    match path.suffix[1:]:
        case "png" | "gif":
            still(path, size)
        case "jpg":
            still(path, size, "-quality", "30")
        case "webp":
            still(path, size, "-quality", "30")
        case "bmp":
            still(path, size, "-type", "Palette", "-compress", "RLE")
        case "tiff":
            still(path, size, "-monochrome", "-compress", "Group4")
        case "avif" | "heic":
            heif(path, size)
        case "webm":
            film(path, size, "-c:v", "libvpx", "-b:v", "10k", "-threads", "1")
        case "mp4" | "mov" | "mkv":
            # 4:4:4, since sides that are odd are not to be cut to even ones.
            fast = ["-movflags", "+faststart"] if path.suffix == ".mp4" else []
            film(path, size, *X264, "-pix_fmt", "yuv444p", *fast)


def make_sizes(folder):
    assert len(set(BOUNDS)) == 40, len(set(BOUNDS))
    jobs = [(f"{w}x{h}.{end}", (w, h)) for end in FORMATS for w, h in BOUNDS]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda job: make_size(folder, *job), jobs))


def kind_of(path):
    return next(kind for kind, ends in KINDS.items() if path.suffix[1:] in ends)


def agree(path, what, *values):
    if len(set(values)) != 1:
        raise SystemExit(f"{path.name}: the judges do not agree on its {what}: {values}")
    return values[0]


def judge(path, exif):
    """The facts of one file. Width and height are as stored; `rotation` is by how many degrees
    clockwise it is turned to be shown."""
    kind = kind_of(path)
    facts = {"name": path.name, "kind": kind, "bytes": path.stat().st_size}
    match kind:
        case "image":
            shown = run("identify", "-format", "%w %h\n", f"{path}[0]").split()
            width, height = (int(side) for side in shown)
            turned = ORIENTATIONS[exif.get("Orientation", 1)]
            # In HEIF the box `irot` alone turns a picture, whatever EXIF says.
            if path.suffix in (".heic", ".avif"):
                turned = -exif.get("Rotation", 0) % 360
                # identify shows HEIC as its box `irot` turns it; exiftool says what is stored.
                if turned in (90, 270):
                    width, height = height, width
        case "video":
            probe = json.loads(run("ffprobe", "-v", "error", "-select_streams", "v:0", "-show_streams",
                                   "-show_format", "-of", "json", path))
            stream = probe["streams"][0]
            width, height = stream["width"], stream["height"]
            sides = [side.get("rotation", 0) for side in stream.get("side_data_list", [])]
            turned = agree(path, "rotation", -sum(sides) % 360, exif.get("Rotation", 0))
            facts["seconds"] = round(float(probe["format"]["duration"]), 3)
        case "audio":
            probe = json.loads(run("ffprobe", "-v", "error", "-show_format", "-of", "json", path))
            facts["seconds"] = round(float(probe["format"]["duration"]), 3)
            info = run("mediainfo", "--Inform=General;%Duration%", path).strip()
            if abs(float(info) / 1000 - facts["seconds"]) > 0.2:
                raise SystemExit(f"{path.name}: {info} ms or {facts['seconds']} s?")
            return facts
    facts["width"] = agree(path, "width", width, exif["ImageWidth"])
    facts["height"] = agree(path, "height", height, exif["ImageHeight"])
    if turned:
        facts["rotation"] = turned
    return facts


def judge_all(folder):
    paths = sorted(path for path in folder.iterdir() if path.suffix not in (".json", ".md"))
    fields = ["-ImageWidth", "-ImageHeight", "-IFD0:Orientation", "-Rotation"]
    exif = json.loads(run("exiftool", "-n", "-json", *fields, *paths))
    exif = {Path(entry["SourceFile"]).name: entry for entry in exif}
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda path: judge(path, exif[path.name]), paths))


def write_list(path, facts):
    lines = ",\n".join(f"  {json.dumps(entry)}" for entry in facts)
    path.write_text(f"[\n{lines}\n]\n")


def without_bytes(facts):
    return [{key: value for key, value in entry.items() if key != "bytes"} for entry in facts]


def compare(what, expected, found):
    if expected != found:
        different = [pair for pair in zip(expected, found) if pair[0] != pair[1]]
        raise SystemExit(f"{what}: {len(expected)} listed, {len(found)} found; {different[:3]}")
    print(f"{what}: {len(found)} files are as listed")


def complaints(path):
    """What reading a file to its end brings up."""
    kind = kind_of(path)
    if kind == "image":
        command = ["convert", path, "null:"]
    else:
        command = ["ffmpeg", "-v", "warning", "-i", path, "-f", "null", "-"]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    # The `image` crate writes the predictor even where nothing is compressed.
    said = [line for line in done.stderr.splitlines() if "Unknown field with tag 317" not in line]
    return "\n".join(said) or done.returncode


def judge_served(origin):
    sizes = [(1, 1), (1, 700), (700, 1), (300, 301), (17, 31)]
    ends = ["png", "jpg", "webp", "gif", "bmp", "tiff"]
    cases = [(f"{w}x{h}.{end}", (w, h)) for end in ends for w, h in sizes]
    for _ in range(50):
        try:
            urllib.request.urlopen(f"{origin}/media/1x1.png").read()
            break
        except OSError:
            time.sleep(0.2)
    cases += [(f"samples/{name}", SAMPLE) for name in ("mp4.mp4", "mp4-sound-first.mp4", "mov.mov")]
    judged = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, size in cases:
            path = Path(folder) / name.split("/")[-1]
            get = lambda query: path.write_bytes(
                urllib.request.urlopen(f"{origin}/media/{name}{query}").read())
            least = get("")
            headers = ["", "&header=last"] if path.suffix in (".jpg", ".tiff", ".mp4", ".mov") else [""]
            weights = [least + more for more in (1, 2, 3, 4, 11, 12, 25, 27, 259, 65_541, 300_000)]
            for query in [f"?bytes={bytes}{header}" for bytes in weights for header in headers]:
                if path.suffix == ".tiff" and "last" in query and int(query[7:].split("&")[0]) < least + 300:
                    continue
                get(query)
                exif = json.loads(run("exiftool", "-n", "-json", "-ImageWidth", "-ImageHeight", path))
                facts = judge(path, exif[0])
                found = (facts["width"], facts["height"], f"?bytes={facts['bytes']}")
                if found != (*size, query.split("&")[0]):
                    raise SystemExit(f"{name}{query}: {found}")
                if said := complaints(path):
                    raise SystemExit(f"{name}{query}: {said}")
                judged += 1
    print(f"served: {judged} files are as asked for")


def main():
    # A wrapper of the same name would change what is made.
    os.environ["PATH"] = f"/usr/bin:{os.environ['PATH']}"
    if missing := [tool for tool in TOOLS if shutil.which(tool) is None]:
        raise SystemExit(f"these tools are missing: {', '.join(missing)}\n{__doc__}")
    if sys.argv[1:2] == ["--served"] and len(sys.argv) == 3:
        return judge_served(sys.argv[2])
    check = sys.argv[1:] == ["--check"]
    if sys.argv[1:] and not check:
        raise SystemExit(__doc__)
    sets = [(SAMPLES, SAMPLES / "facts.json", make_samples), (SIZES, HERE / "sizes.json", make_sizes)]
    for folder, listed, make in sets:
        if check:
            expected = json.loads(listed.read_text())
            compare(f"committed {folder.name}", expected, judge_all(folder))
            with tempfile.TemporaryDirectory() as made:
                make(Path(made))
                again = judge_all(Path(made))
            compare(f"{folder.name} made again", without_bytes(expected), without_bytes(again))
        else:
            folder.mkdir(parents=True, exist_ok=True)
            for old in folder.iterdir():
                if old.suffix[1:] in sum(KINDS.values(), []):
                    old.unlink()
            make(folder)
            facts = judge_all(folder)
            write_list(listed, facts)
            print(f"{folder.name}: {len(facts)} files, {sum(f['bytes'] for f in facts)} bytes")


if __name__ == "__main__":
    main()
