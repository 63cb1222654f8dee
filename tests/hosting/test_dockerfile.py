"""What the Dockerfile must be, read from it; test_image.py builds what it says."""

from __future__ import annotations

import ast
import re

import pytest

from tests.conftest import ROOT
from tests.hosting.dockerfile import FILE, Stage, ignored, stages

TEXT = FILE.read_text(encoding="utf-8")


@pytest.fixture
def last() -> Stage:
    """Return the stage that becomes the image."""
    return stages(TEXT)[-1]


def test_the_base_is_one_tag_which_an_argument_replaces() -> None:
    read = stages(TEXT)
    assert len(read) > 1
    assert re.findall(r"^FROM (\S+)", TEXT, re.MULTILINE) == ["python:${PYTHON_TAG}"] * len(read)
    assert {stage.base for stage in read} == {"python:3.11-slim-bookworm"}
    assert "latest" not in TEXT
    # A line `# syntax=` would be fetched from a registry of images.
    assert not re.search(r"^#\s*syntax\s*=", TEXT, re.MULTILINE)


def test_only_locked_wheels_are_installed_and_none_of_development() -> None:
    installs = [step.told for stage in stages(TEXT) for step in stage.of("RUN") if "pip" in step.told]
    assert installs
    for told in installs:
        assert "--require-hashes" in told
        assert "--only-binary :all:" in told
        assert "-r requirements.txt" in told
    assert "requirements-dev" not in TEXT
    assert "ADD" not in {step.word for stage in stages(TEXT) for step in stage.steps}


def test_it_does_not_run_as_root(last: Stage) -> None:
    words = [step.word for step in last.steps]
    (user,) = last.of("USER")
    assert int(user.told) > 0
    assert words.index("USER") < words.index("CMD")
    # What it may not change, it may not own: nothing is copied after it became that user.
    assert "COPY" not in words[words.index("USER") :]


def test_it_gets_the_signals_and_says_how_it_is(last: Stage) -> None:
    assert last.of("CMD")[-1].command[0] == "gunicorn"
    (health,) = last.of("HEALTHCHECK")
    script = health.command[-1]
    ast.parse(script)
    assert "os.environ['PORT']" in script
    assert "/healthz" in script
    assert last.of("ENV")[0].variables["PORT"] == "8000"


def test_all_that_is_served_is_copied_and_nothing_that_is_kept_out(last: Stage) -> None:
    taken = [ROOT / source for step in last.of("COPY") if step.copied[0] is None for source in step.copied[1]]
    assert all(path.exists() and not ignored(path) for path in taken)
    needed = {"manage.py", "gunicorn.conf.py", "restaurant_site", "reservations", "menus", "templates", "static"}
    assert {path.name for path in taken} == needed


@pytest.mark.parametrize(
    ("path", "out"),
    [
        (".env", True),
        (".env.production", True),
        (".git/config", True),
        ("var/test/redis.log", True),
        ("menus/__pycache__/models.cpython-311.pyc", True),
        ("tests/conftest.py", True),
        ("manage.py", False),
        ("restaurant_site/settings.py", False),
        ("restaurant_site/locale/de/LC_MESSAGES/django.mo", False),
        ("static/css/site.css", False),
        ("requirements.txt", False),
    ],
)
def test_what_is_sent_to_the_builder(path: str, out: bool) -> None:
    assert ignored(ROOT / path) is out


def test_the_build_names_every_variable_that_production_requires(last: Stage) -> None:
    """So that a new one that is required is noticed here, and not by whoever builds."""
    document = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    required = set(re.findall(r"^\| `([A-Z_]+)` \|.*\| required \|$", document, re.MULTILINE))
    (collecting,) = (step.told for step in last.of("RUN") if "collectstatic" in step.told)
    assert required == set(re.findall(r"\b([A-Z_]+)=", collecting))
