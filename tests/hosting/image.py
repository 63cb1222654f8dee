"""Makes the image without a builder of images, and becomes its process.

Every step of the Dockerfile runs as it stands there, in a root of its own: an overlay, in
memory, on this machine's root, which stands for the base image with its interpreter at
``/usr/local/bin``. What this machine has besides (home folders, the checkout, /tmp) is hidden.
Served, the root is read-only, and the process has the image's user and no capability.

What this can't show is said in docs/hosting.md: the base image itself is another one.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

from tests.hosting.dockerfile import FILE, ROOT, Stage, Step, ignored, stages

TEMPORARY = "/tmp"  # noqa: S108 - a folder of the image, not of this machine
HIDDEN = ("/root", "/home", "/work", TEMPORARY, "/run", "/var/lib/restaurant-site")
SIZE = "4g"


def mount(*arguments: str) -> None:
    """Mount something, in this namespace alone."""
    subprocess.run(["mount", *arguments], check=True)


def make_root(folder: Path, name: str) -> Path:
    """Return a root that looks like the base image and can be written to."""
    root = folder / name / "root"
    for part in ("upper", "work", "root"):
        (folder / name / part).mkdir(parents=True)
    layers = f"lowerdir=/,upperdir={folder / name / 'upper'},workdir={folder / name / 'work'}"
    mount("-t", "overlay", "overlay", "-o", layers, str(root))
    for hidden in HIDDEN:
        if (root / hidden[1:]).is_dir():
            mount(
                "-t", "tmpfs", "-o", "mode=1777" if hidden == TEMPORARY else "mode=755", "none", str(root / hidden[1:])
            )
    mount("-t", "proc", "proc", str(root / "proc"))
    mount("--rbind", "/dev", str(root / "dev"))
    _interpreter(root)
    return root


def _interpreter(root: Path) -> None:
    """Put this machine's Python where the base image has its own, with its pip and nothing else."""
    name = f"python3.{sys.version_info.minor}"
    library, programs = root / "usr/local/lib" / name, root / "usr/local/bin"
    library.mkdir(parents=True, exist_ok=True)
    mount("--bind", str(Path(sys.base_prefix) / "lib" / name), str(library))
    mount("-o", "remount,ro,bind", str(library))
    mount("-t", "tmpfs", "-o", "mode=755", "none", str(library / "site-packages"))
    for old in (*programs.glob("python*"), *programs.glob("pip*")):
        old.unlink()
    shutil.copy(Path(sys.base_prefix) / "bin" / name, programs / name)
    for alias in ("python", "python3"):
        (programs / alias).symlink_to(name)
    for shared in (Path(sys.base_prefix) / "lib").glob("libpython*.so*"):
        shutil.copy(shared, root / "usr/local/lib" / shared.name)
    prepare = "ldconfig && /usr/local/bin/python -m ensurepip --default-pip"
    subprocess.run(["chroot", str(root), "sh", "-c", prepare], check=True, stdout=subprocess.DEVNULL)


class Build:
    """One stage while it is made."""

    def __init__(self, stage: Stage, root: Path, others: dict[str, Path]) -> None:
        self.stage, self.root, self.others = stage, root, others
        self.folder = "/"
        self.user = "0"
        self.variables = {"PATH": "/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin"}

    def make(self) -> None:
        """Do every step."""
        for step in self.stage.steps:
            print(f"{step.word} {step.told[:100]}", flush=True)  # noqa: T201
            getattr(self, f"_{step.word.lower()}", self._nothing)(step)

    def _nothing(self, step: Step) -> None:
        assert step.word in {"EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "CMD"}, step.word

    def _workdir(self, step: Step) -> None:
        self.folder = step.told
        (self.root / self.folder[1:]).mkdir(parents=True, exist_ok=True)

    def _env(self, step: Step) -> None:
        for name, value in step.variables.items():
            self.variables[name] = value.replace("$PATH", self.variables["PATH"])

    def _user(self, step: Step) -> None:
        self.user = step.told

    def _run(self, step: Step) -> None:
        # Where packages come from, as a builder hands it in.
        outside = {
            name: value for name, value in os.environ.items() if name.startswith("PIP_") or "proxy" in name.lower()
        }
        command = ["chroot", str(self.root), "sh", "-c", f"cd {self.folder} && {step.told}"]
        subprocess.run(command, env=outside | {"DEBIAN_FRONTEND": "noninteractive"} | self.variables, check=True)

    def _copy(self, step: Step) -> None:
        stage, sources, target = step.copied
        to = self.root / (target if target.startswith("/") else f"{self.folder}/{target}").lstrip("/")
        for source in sources:
            if stage is not None:
                shutil.copytree(self.others[stage] / source.lstrip("/"), to, symlinks=True)
                continue
            path = ROOT / source
            goal = to / path.name if len(sources) > 1 or target.endswith((".", "/")) else to
            if path.is_dir():
                shutil.copytree(path, goal, ignore=_left_out)
            else:
                goal.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, goal)


def _left_out(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if ignored(Path(folder) / name)]


def build(folder: Path) -> Build:
    """Make all stages and return the last, whose root is the image."""
    mount("-t", "tmpfs", "-o", f"size={SIZE}", "none", str(folder))
    roots: dict[str, Path] = {}
    for number, stage in enumerate(stages(FILE.read_text(encoding="utf-8"))):
        made = Build(stage, make_root(folder, str(number)), roots)
        made.make()
        roots[stage.name or str(number)] = made.root
    return made


def become(image: Build, variables: dict[str, str], command: list[str] | None) -> None:
    """Become the container's process, with a read-only root and /tmp in memory."""
    # As from a registry: nothing of the interpreter is anybody's to write.
    mount("-o", "remount,ro", str(image.root))
    account = ["--reuid", image.user, "--regid", image.user, "--clear-groups"]
    locked = ["--no-new-privs", "--inh-caps=-all", "--bounding-set=-all"]
    told = [f"{name}={value}" for name, value in (image.variables | variables).items()]
    run = ["chroot", str(image.root), "setpriv", *account, *locked, "env", "-i", "-C", image.folder, *told]
    os.execvp("chroot", [*run, *(command or image.stage.of("CMD")[-1].command)])  # noqa: S606


def size_of(root: Path) -> int:
    """Return the bytes of the files below a folder."""
    found = (path.lstat() for path in root.rglob("*"))
    return sum(one.st_size for one in found if stat.S_ISREG(one.st_mode))


if __name__ == "__main__":
    os.umask(0o022)
    image = build(Path(sys.argv[1]))
    print(f"built: /venv has {size_of(image.root / 'venv') // 1_000_000} MB", flush=True)  # noqa: T201
    become(image, json.loads(sys.argv[2]), None)
