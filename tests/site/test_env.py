"""Reading the environment: typed, and loud where a value can't be used."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from restaurant_site import development, env

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "hunter2-is-secret"
PRODUCTION = {
    "SITE_ENV": "production",
    "SITE_URL": "https://book.example.org",
    "SECRET_KEY": f"{PASSWORD}-" + "x9" * 30,
    "ALLOWED_HOSTS": "book.example.org",
    "DATABASE_URL": f"postgresql://app:{PASSWORD}@127.0.0.1:1/restaurant",
    "REDIS_URL": f"redis://:{PASSWORD}@127.0.0.1:1/0",
    "EMAIL_URL": f"smtp+tls://book:{PASSWORD}@127.0.0.1:1",
    "EMAIL_FROM": "Tafel <book@example.org>",
}
Set = Callable[[str | None], None]


@pytest.fixture
def thing(monkeypatch: pytest.MonkeyPatch) -> Set:
    """Return what sets the variable THING, and unsets it for None."""
    monkeypatch.delenv("THING_FILE", raising=False)

    def put(value: str | None) -> None:
        if value is None:
            monkeypatch.delenv("THING", raising=False)
        else:
            monkeypatch.setenv("THING", value)

    return put


def run(*command: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run Python with nothing but the given variables and the paths."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "SYSTEMROOT") if name in os.environ}
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=kept | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


# --- Readers ----------------------------------------------------------------


@pytest.mark.parametrize(("value", "found"), [("word", "word"), ("  word \n", "word"), ("", "other"), (None, "other")])
def test_text_is_trimmed_and_empty_counts_as_unset(thing: Set, value: str | None, found: str) -> None:
    thing(value)
    assert env.text("THING", "other") == found


@pytest.mark.parametrize("value", [None, "", "   "])
def test_a_required_text_that_is_not_set_is_named(thing: Set, value: str | None) -> None:
    thing(value)
    with pytest.raises(ImproperlyConfigured, match=r"^THING is not set.*THING_FILE.*docs/settings\.md"):
        env.text("THING")


def test_a_secret_may_come_from_a_file(thing: Set, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    thing(None)
    file = tmp_path / "secret"
    file.write_text(" from the file \n", encoding="utf-8")
    monkeypatch.setenv("THING_FILE", str(file))
    assert env.text("THING", "other") == "from the file"
    thing("")
    assert env.text("THING", "other") == "from the file"
    thing("direct")
    with pytest.raises(ImproperlyConfigured, match="Set THING or THING_FILE, not both"):
        env.text("THING")


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_a_file_that_cannot_be_read_is_named(
    thing: Set, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes | None
) -> None:
    thing(None)
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setenv("THING_FILE", str(file))
    with pytest.raises(ImproperlyConfigured, match=r"THING_FILE=.*secret.* can't be read"):
        env.text("THING", "other")


@pytest.mark.parametrize(
    ("value", "found"),
    [
        *((word, True) for word in ("1", "TRUE", "yes", "On")),
        *((word, False) for word in ("0", "false", "NO", "off")),
        ("", None),
        (None, None),
    ],
)
def test_a_switch(thing: Set, value: str | None, found: bool | None) -> None:
    thing(value)
    for default in (True, False):
        assert env.boolean("THING", default) is (default if found is None else found)


@pytest.mark.parametrize("value", ["2", "ja", "truee", "none", "-"])
def test_an_unknown_word_for_a_switch_is_refused(thing: Set, value: str) -> None:
    thing(value)
    with pytest.raises(ImproperlyConfigured, match=f"^THING='{value}' is not a switch: use one of 1, true"):
        env.boolean("THING", False)


@pytest.mark.parametrize(("value", "found"), [("1", 1), (" 9 ", 9), (None, 5), ("", 5)])
def test_a_whole_number(thing: Set, value: str | None, found: int) -> None:
    thing(value)
    assert env.integer("THING", 5, low=1, high=9) == found


@pytest.mark.parametrize("value", ["0", "10", "-1", "1.5", "five", "1e1", "9" * 5000])
def test_a_number_out_of_range_is_refused(thing: Set, value: str) -> None:
    thing(value)
    with pytest.raises(ImproperlyConfigured, match=r"^THING='.*' is not a whole number from 1 to 9\.$"):
        env.integer("THING", 5, low=1, high=9)


def test_a_choice(thing: Set) -> None:
    thing(None)
    assert env.choice("THING", ("a", "b"), "b") == "b"
    thing("a")
    assert env.choice("THING", ("a", "b"), "b") == "a"
    thing("A")
    with pytest.raises(ImproperlyConfigured, match=r"^THING='A' is not allowed: use one of a, b"):
        env.choice("THING", ("a", "b"), "b")


def test_words(thing: Set) -> None:
    thing(" a.example, ,b.example,")
    assert env.words("THING") == ["a.example", "b.example"]
    thing(None)
    assert env.words("THING", ["c"]) == ["c"]
    assert env.words("THING", []) == []
    with pytest.raises(ImproperlyConfigured, match=r"^THING is not set"):
        env.words("THING")
    thing(" , ,")
    with pytest.raises(ImproperlyConfigured, match=r"^THING=.* names nothing"):
        env.words("THING")


@pytest.mark.parametrize("value", ["redis://h:6379/0", "redis://:p%2Fw@h/0", "rediss://[::1]:6380", "redis:///"])
def test_a_url(thing: Set, value: str) -> None:
    thing(value)
    assert env.url("THING", ("redis", "rediss")) == value


@pytest.mark.parametrize(
    "value",
    [
        f"http://u:{PASSWORD}@host/",
        f"redis:u:{PASSWORD}@host",
        f"u:{PASSWORD}@host",
        f"redis://u:{PASSWORD}/x@host/0",
        f"redis://u:{PASSWORD}?x@host/0",
        f"redis://u:{PASSWORD}@host:port/0",
        f"redis://u:{PASSWORD}@host:99999/0",
        f"redis://u:{PASSWORD}@[host/0",
    ],
)
def test_an_unusable_url_is_refused_without_being_shown(thing: Set, value: str) -> None:
    thing(value)
    with pytest.raises(ImproperlyConfigured, match=r"^THING ") as refused:
        env.url("THING", ("redis", "rediss"))
    shown: BaseException | None = refused.value
    assert PASSWORD not in str(shown)
    assert shown
    # The traceback of a cause would show a part of it.
    assert shown.__cause__ is None
    assert shown.__context__ is None


# --- .env -------------------------------------------------------------------


def test_what_is_set_wins_over_the_env_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("# a comment\nTHING=from the file\nOTHER_THING='quoted'\nNO_THING=\n", encoding="utf-8")
    monkeypatch.setenv("THING", "set before")
    for name in ("OTHER_THING", "NO_THING"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    env.read_env_file(file)
    assert env.text("THING") == "set before"
    assert env.text("OTHER_THING") == "quoted"
    assert env.text("NO_THING", "nothing") == "nothing"


def test_no_env_file_is_no_error(tmp_path: Path) -> None:
    env.read_env_file(tmp_path / "missing")


# --- Starting in production -------------------------------------------------


@pytest.mark.parametrize(
    ("missing", "given"),
    [*((name, None) for name in PRODUCTION if name != "SITE_ENV"), ("SECRET_KEY", " "), ("EMAIL_URL", " ")],
)
def test_production_does_not_start_without(missing: str, given: str | None) -> None:
    environment = {name: value for name, value in PRODUCTION.items() if name != missing}
    if given is not None:
        environment[missing] = given
    refused = run("manage.py", "check", environment=environment)
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"The settings are not usable: {missing} is not set.")
    assert len(refused.stderr.splitlines()) == 1
    assert PASSWORD not in refused.stderr + refused.stdout


def test_gunicorn_does_not_serve_without(tmp_path: Path) -> None:
    environment = {name: value for name, value in PRODUCTION.items() if name != "SECRET_KEY"}
    importing = run("-c", "import restaurant_site.wsgi", environment=environment)
    assert importing.returncode == 1
    assert (
        importing.stderr.rstrip()
        .splitlines()[-1]
        .endswith(
            "ImproperlyConfigured: SECRET_KEY is not set. Set it (or SECRET_KEY_FILE) in the environment; "
            "see docs/settings.md."
        )
    )
    served = run("-m", "gunicorn", "restaurant_site.wsgi:application", environment=environment | {"PORT": "0"})
    assert served.returncode != 0
    assert "SECRET_KEY is not set" in served.stderr
    assert PASSWORD not in served.stderr + importing.stderr


def test_production_is_what_a_deployment_gets_that_says_nothing() -> None:
    # The .env file of a checkout says development: a deployment has none.
    environment = {"SITE_ENV": ""}
    refused = run("manage.py", "check", environment=environment)
    assert refused.returncode == 1
    assert "is not set" in refused.stderr


def test_production_starts_with_all_of_them() -> None:
    started = run("manage.py", "check", environment=PRODUCTION)
    assert started.returncode == 0, started.stderr
    assert PASSWORD not in started.stderr + started.stdout


def test_production_takes_its_secrets_from_files(tmp_path: Path) -> None:
    environment = {"SITE_ENV": "production"}
    for name, value in PRODUCTION.items():
        if name != "SITE_ENV":
            (tmp_path / name).write_text(value + "\n", encoding="utf-8")
            environment[f"{name}_FILE"] = str(tmp_path / name)
    started = run("manage.py", "check", environment=environment)
    assert started.returncode == 0, started.stderr
    refused = run("manage.py", "check", environment=environment | {"SECRET_KEY": PASSWORD})
    assert refused.returncode == 1
    assert refused.stderr == "The settings are not usable: Set SECRET_KEY or SECRET_KEY_FILE, not both.\n"


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("SITE_ENV", "staging", "SITE_ENV='staging' is not allowed: use one of production, development."),
        ("REDIS_URL", "none", "REDIS_URL does not begin with one of redis://, rediss://, unix://, redis+sentinel"),
        ("DATABASE_URL", f"mysql://u:{PASSWORD}@h/n", "DATABASE_URL does not begin with one of postgresql://"),
        ("DATABASE_URL", f"postgresql://u:{PASSWORD}/1@h/n", "DATABASE_URL can't be read as a URL."),
        ("DATABASE_URL", f"postgresql://u:{PASSWORD}@h", "DATABASE_URL names no database"),
        ("REDIS_URL", f"redis://:{PASSWORD}/1@h:6379/0", "REDIS_URL can't be read as a URL."),
        (
            "EMAIL_URL",
            "consolemail://",
            "EMAIL_URL does not begin with one of smtp://, smtp+tls://, smtps://, smtp+ssl",
        ),
        ("EMAIL_URL", f"smtps://u:{PASSWORD}/1@h", "EMAIL_URL can't be read as a URL."),
        ("EMAIL_FROM", "Tafel", "EMAIL_FROM='Tafel' is not a sender: use Name <name@example.org>."),
    ],
)
def test_production_does_not_start_with(name: str, value: str, says: str) -> None:
    refused = run("manage.py", "check", environment=PRODUCTION | {name: value})
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"The settings are not usable: {says}")
    assert len(refused.stderr.splitlines()) == 1
    assert PASSWORD not in refused.stderr


def test_production_is_never_in_debug_mode() -> None:
    show = "import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'restaurant_site.settings'\n"
    show += "from django.conf import settings; print(settings.DEBUG, settings.SESSION_COOKIE_SECURE)"
    assert run("-c", show, environment=PRODUCTION | {"DEBUG": "true"}).stdout == "False True\n"


# --- Starting in development ------------------------------------------------


@pytest.mark.parametrize("name", ["DATABASE_URL", "REDIS_URL"])
def test_a_url_from_a_file_starts_no_server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    for variable, value in PRODUCTION.items():
        monkeypatch.setenv(variable, value)
        monkeypatch.delenv(f"{variable}_FILE", raising=False)
    (tmp_path / "url").write_text(PRODUCTION[name], encoding="utf-8")
    monkeypatch.setenv("SITE_ENV", "development")
    monkeypatch.setenv(f"{name}_FILE", str(tmp_path / "url"))
    monkeypatch.delenv(name)
    development.start_servers(tmp_path, ["migrate"])
    assert name not in os.environ
    assert env.text(name) == PRODUCTION[name]


@pytest.mark.parametrize("arguments", [[], ["help"], ["--version"]])
def test_commands_without_a_database_start_no_server(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, arguments: list[str]
) -> None:
    monkeypatch.setenv("SITE_ENV", "development")
    for variable in ("DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(f"{variable}_FILE", raising=False)
        monkeypatch.setenv(variable, "")
    development.start_servers(tmp_path, arguments)
    assert env.text("DATABASE_URL").startswith("postgresql://")
    assert env.text("REDIS_URL") == "none"
    assert not list(tmp_path.iterdir())


# --- A database that is not there -------------------------------------------


def test_a_command_without_its_database_says_so_in_one_line() -> None:
    failed = run("manage.py", "audit_reservations", environment=PRODUCTION)
    assert failed.returncode == 1
    assert failed.stderr.startswith("The database restaurant at 127.0.0.1 can't be reached: ")
    assert "refused" in failed.stderr
    assert len(failed.stderr.splitlines()) == 1
    assert PASSWORD not in failed.stderr + failed.stdout


def test_the_release_step_says_what_to_do_about_a_database_that_is_not_there() -> None:
    failed = run("manage.py", "migrate", environment=PRODUCTION)
    assert failed.returncode == 1
    assert "The database 'default' can't be asked: " in failed.stderr
    assert "refused" in failed.stderr
    assert "HINT: Is the server there" in failed.stderr
    assert PASSWORD not in failed.stderr + failed.stdout


def test_the_traceback_is_there_for_whoever_asks() -> None:
    failed = run("manage.py", "migrate", "--traceback", environment=PRODUCTION)
    assert failed.returncode == 1
    assert "Traceback (most recent call last)" in failed.stderr
    assert PASSWORD not in failed.stderr
