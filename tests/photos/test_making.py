"""What becomes of an uploaded file: a plain upright photo, or a refusal before anything is decoded."""

from __future__ import annotations

import io
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from PIL import Image, ImageCms

from restaurant_site.photos import making
from restaurant_site.photos.making import Made, Refusal, RefusedError, make
from restaurant_site.photos.photo import EDGE, Photo
from tests.photos import pictures
from tests.photos.pictures import BOTTOM, GPS, SCRIPT, SIZE, TOP, halves, jpeg, saved

ROOT = Path(__file__).resolve().parents[2]


def made(data: bytes) -> Made:
    return make(io.BytesIO(data), len(data))


def largest(photo: Made) -> Image.Image:
    return Image.open(io.BytesIO(photo.copies[-1][1])).convert("RGB")


def is_near(found: object, wanted: tuple[int, int, int], most: int = 12) -> bool:
    assert isinstance(found, tuple)
    return all(abs(one - other) <= most for one, other in zip(found, wanted, strict=True))


def moving(kind: str) -> bytes:
    frames = [Image.new("RGB", SIZE, colour) for colour in ("green", "white")]
    return saved(halves(), kind, save_all=True, append_images=frames, duration=100)


def in_palette() -> bytes:
    image = Image.new("P", SIZE, 0)
    image.putpalette([*TOP, *BOTTOM, 0, 0, 0])
    image.paste(1, (0, SIZE[1] // 2, *SIZE))
    image.paste(2, (0, 0, 50, 50))
    return saved(image, "PNG", transparency=2)


def halves_with_alpha() -> Image.Image:
    image = halves(mode="RGBA")
    image.paste((0, 0, 0, 0), (0, 0, 50, 50))
    return image


GOOD = {
    "JPEG": jpeg(),
    "progressive JPEG": saved(halves(), progressive=True),
    "CMYK": saved(halves(mode="CMYK")),
    "PNG": saved(halves(), "PNG"),
    "palette with transparency": in_palette(),
    "PNG with transparency": saved(halves_with_alpha(), "PNG"),
    "WebP with transparency": saved(halves_with_alpha(), "WEBP", lossless=True),
    "WebP": saved(halves(), "WEBP"),
    "moving PNG": moving("PNG"),
    "moving WebP": moving("WEBP"),
    "a phone's JPEG with a second picture": moving("MPO"),
    "JPEG and page": jpeg() + SCRIPT,
    "JPEG and archive": jpeg() + pictures.zipped(),
    "large JPEG": jpeg((6000, 3750)),
    "large PNG": saved(halves((4800, 3000)), "PNG", compress_level=1),
}


@pytest.mark.parametrize("kind", GOOD)
def test_a_photo_of_any_kind_is_a_plain_upright_one_in_webp(kind: str) -> None:
    photo = made(GOOD[kind])
    for width, data in photo.copies:
        assert pictures.webp_chunks(data) == [b"VP8 "], "a picture, and nothing else"
        assert SCRIPT not in data
        image = Image.open(io.BytesIO(data))
        assert (image.format, image.mode, image.width) == ("WEBP", "RGB", width)
        assert image.height == pytest.approx(width * 400 / 640, abs=1)
    shown = largest(photo)
    assert shown.size == (photo.width, photo.height)
    assert is_near(shown.getpixel((shown.width // 2, 20)), TOP, 40 if kind == "CMYK" else 12)
    assert is_near(shown.getpixel((shown.width // 2, shown.height - 20)), BOTTOM, 40 if kind == "CMYK" else 12)
    if "transparency" in kind:
        assert is_near(shown.getpixel((20, 20)), (255, 255, 255))


def test_sixteen_bits_keep_their_greys() -> None:
    row = b"".join((value * 65535 // 639).to_bytes(2, "big") for value in range(640))
    shown = largest(made(pictures.png(640, 400, bits=16, colour=0, row=row)))
    assert is_near(shown.getpixel((320, 200)), (128, 128, 128))
    assert is_near(shown.getpixel((100, 200)), (40, 40, 40))


@pytest.mark.parametrize(("turned", "size", "red"), [(1, SIZE, "top"), (3, SIZE, "bottom"), (6, SIZE[::-1], "right")])
def test_a_photo_is_turned_as_the_camera_was_held(turned: int, size: tuple[int, int], red: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = turned
    shown = largest(made(saved(halves(), exif=exif)))
    assert shown.size == size
    places = {"top": (200, 20), "bottom": (200, size[1] - 20), "right": (size[0] - 20, 200)}
    assert is_near(shown.getpixel(places[red]), TOP)


def test_where_it_was_taken_is_gone() -> None:
    original = pictures.located()
    assert GPS in original
    for _width, data in made(original).copies:
        assert GPS not in data
        assert not Image.open(io.BytesIO(data)).info.keys() & {"exif", "icc_profile", "xmp", "comment"}


def test_colours_of_another_profile_are_converted() -> None:
    lab_like = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    broken = b"no profile at all"
    plain = made(saved(halves(), "PNG"))
    for profile in (lab_like, broken):
        assert made(saved(halves(), "PNG", icc_profile=profile)).width == plain.width


def test_copies_are_never_wider_than_the_photo_came() -> None:
    def widths(size: tuple[int, int]) -> list[int]:
        return [width for width, _data in made(jpeg(size)).copies]

    assert widths((300, 300)) == [300]
    assert widths((480, 300)) == [480]
    assert widths((1000, 300)) == [480, 960, 1000]
    assert widths((4000, 3000)) == [480, 960, 1600]
    # The longer side counts.
    assert widths((3000, 4000)) == [480, 960, 1200]


def test_names_are_random_and_tell_what_is_shown_apart() -> None:
    one, same, other = made(jpeg()), made(jpeg()), made(jpeg((641, 400)))
    assert len({one.name, same.name, other.name}) == 3
    assert one.name[16:] == same.name[16:] != other.name[16:]
    photo = Photo(one.name, one.width, one.height, "")
    assert photo.srcset == f"/photos/{one.name}-480.webp 480w, /photos/{one.name}-640.webp 640w"


BAD = {
    "nothing but a signature": (b"\x89PNG\r\n\x1a\n", {Refusal.NO_PHOTO, Refusal.BROKEN}),
    "text": (b"hello", {Refusal.NO_PHOTO}),
    "SVG": (b'<svg xmlns="http://www.w3.org/2000/svg" width="900" height="900"><script/></svg>', {Refusal.NO_PHOTO}),
    "page with the head of a GIF": (b"GIF89a" + SCRIPT, {Refusal.NO_PHOTO}),
    "GIF": (saved(halves(), "GIF"), {Refusal.NO_PHOTO}),
    "TIFF": (saved(halves(), "TIFF"), {Refusal.NO_PHOTO}),
    "BMP": (saved(halves(), "BMP"), {Refusal.NO_PHOTO}),
    "archive": (pictures.zipped(), {Refusal.NO_PHOTO}),
    "half a JPEG": (jpeg()[: len(jpeg()) // 2], {Refusal.BROKEN}),
    "half a PNG": (GOOD["PNG"][: len(GOOD["PNG"]) // 2], {Refusal.BROKEN}),
    "half a WebP": (GOOD["WebP"][: len(GOOD["WebP"]) // 2], {Refusal.BROKEN, Refusal.NO_PHOTO}),
    "tiny": (jpeg((900, 199)), {Refusal.TOO_SMALL}),
}


@pytest.mark.parametrize("kind", BAD)
def test_what_is_no_whole_photo_is_refused(kind: str) -> None:
    data, reasons = BAD[kind]
    with pytest.raises(RefusedError) as refused:
        made(data)
    assert refused.value.reason in reasons


def test_no_byte_that_is_changed_or_missing_raises_anything_else() -> None:
    for data in (
        saved(halves((220, 210)), "JPEG"),
        saved(halves((220, 210)), "PNG"),
        saved(halves((220, 210)), "WEBP"),
    ):
        step = max(1, len(data) // 60)
        for at in range(0, len(data), step):
            for hurt in (data[:at], data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]):
                try:
                    assert made(hurt).width <= EDGE
                except RefusedError:
                    continue


def test_a_hundred_megapixels_are_refused_at_once_in_little_memory() -> None:
    """In a process of its own, whose memory no other picture has used."""
    program = """if True:
        import io, resource, sys, time
        from restaurant_site.photos.making import RefusedError, make
        from tests.photos.pictures import jpeg, png
        make(io.BytesIO(jpeg()), 1)
        huge = [png(10_000, 10_000), png(30_000, 30_000, row=b"")]
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        begun = time.perf_counter()
        for data in huge:
            try:
                make(io.BytesIO(data), len(data))
            except RefusedError as error:
                print(error)
        print(time.perf_counter() - begun, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
    """
    run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    *told, figures = run.stdout.splitlines()
    seconds, megabytes = map(float, figures.split())
    assert told == ["too many pixels"] * 2
    assert seconds < 1
    assert megabytes < 8


def test_a_webp_may_have_fewer_pixels_since_decoding_it_takes_more_memory() -> None:
    large = saved(Image.new("RGB", (5000, 3300)), "WEBP", method=0)
    with pytest.raises(RefusedError) as refused:
        made(large)
    assert (refused.value.reason, refused.value.megapixels) == (Refusal.TOO_MANY_PIXELS, 16)


def test_one_photo_is_decoded_at_a_time_and_who_waits_too_long_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "WAIT_SECONDS", 0.05)
    assert making._turn.acquire()
    try:
        with pytest.raises(RefusedError) as refused:
            made(jpeg())
        assert refused.value.reason is Refusal.BUSY
    finally:
        making._turn.release()
    threads = [threading.Thread(target=made, args=(jpeg(),)) for _ in range(3)]
    monkeypatch.setattr(making, "WAIT_SECONDS", 10)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    # After a refusal too, the turn is free for the next.
    with pytest.raises(RefusedError):
        made(BAD["half a JPEG"][0])
    assert made(jpeg()).width == SIZE[0]
