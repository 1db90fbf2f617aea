"""Commands that report errors in one line: the nearest names of a mistyped one, the remedy for a missing file.

    @command("leaderboard")
    def main(config: Config) -> None: ...

Errors that this project raises on purpose (a ValueError or OSError from a `raise` in its code), and those of hydra
while it composes the configuration, become one line on stderr and exit status 2. Other errors keep their traceback;
with HYDRA_FULL_ERROR=1 all do. In a sweep (`-m`) the other jobs go on, and hydra says which one failed.
"""

from __future__ import annotations

import functools
import os
import re
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, NoReturn
from unittest import mock

import hydra
from hydra import compose, initialize_config_dir
from hydra._internal.utils import get_args_parser
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from metanp.nearest import nearest

ROOT = Path(__file__).parent.parent
CONFIGS = ROOT / "configs"
OURS = tuple(ROOT / name for name in ("metanp", "data", "tasks", "scripts"))


class Refused(Exception):
    """A job of a sweep was refused; the message is the line to print."""


def command(name: str) -> Callable[[Callable[[Any], None]], Callable[[], None]]:
    """`hydra.main` with the configuration `configs/<name>.yaml`, and one line for errors."""

    def decorate(work: Callable[[Any], None]) -> Callable[[], None]:
        @functools.wraps(work)
        def job(raw: DictConfig) -> None:
            try:
                config = OmegaConf.to_object(raw)
                _check_added(config)
                work(config)
            except Exception as error:
                if not _is_expected(error):
                    raise
                if HydraConfig.get().mode == RunMode.RUN:
                    refuse(name, line_of(error, name))
                raise Refused(line_of(error, name)) from None

        main = hydra.main(version_base="1.3", config_path=str(CONFIGS), config_name=name)(job)

        def started() -> None:
            parser = get_args_parser()
            parser.error = functools.partial(_refuse_flag, name)  # type: ignore[method-assign]
            parser.parse_args()
            # run_and_report would print errors itself, and end with status 1
            with one_line(name), mock.patch("hydra._internal.utils.run_and_report", lambda run: run()):
                main()

        return functools.wraps(work)(started)

    return decorate


@contextmanager
def one_line(name: str, download: str = "download=true") -> Iterator[None]:
    """Expected errors within become one line and exit status 2. `download`: the option that downloads files."""
    try:
        yield
    except Refused as error:
        refuse(name, str(error), download)
    except Exception as error:
        if not _is_expected(error):
            raise
        refuse(name, line_of(error, name), download)


def say(name: str, text: str, download: str = "download=true") -> None:
    """Print one line on stderr; `download=True` in it is replaced by the command's option."""
    print(f"{name}: {' '.join(text.split())}".replace("download=True", download), file=sys.stderr)


def refuse(name: str, text: str, download: str = "download=true") -> NoReturn:
    """Print one line, and end with status 2."""
    say(name, text, download)
    raise SystemExit(2)


def _refuse_flag(name: str, said: str) -> NoReturn:
    """Report an error of argparse; an unknown flag was most often meant as name=value."""
    if unknown := re.match(r"unrecognized arguments: -*([^\s=]+)", said):
        said += f"; options are name=value; {nearest(unknown[1], _options(name))}"
    refuse(name, said)


def line_of(error: Exception, name: str) -> str:
    """The line for an error of the command `name`."""
    said, cause = _first_line(error), error.__cause__
    if isinstance(error, MissingConfigException) and "/" in (error.missing_cfg_file or ""):
        group, choice = _split(str(error.missing_cfg_file), error.options or [])
        return f"no {group} {choice!r}; {nearest(choice, _choices(group) or error.options or [])}"
    if isinstance(error, OverrideParseException):
        return f"cannot read the option {error.override!r}, expected name=value"
    if isinstance(error, HydraException):
        if unknown := re.match(r"Could not override '(.+?)'", said):
            return f"unknown option {unknown[1]!r}; {nearest(unknown[1], _options(name))}"
        said = re.sub(r"^Error merging override ", "", said)
        return f"{said}: {_first_line(cause)}" if isinstance(cause, OmegaConfBaseException) else said
    return str(error)


def _check_added(config: Any, before: str = "") -> None:
    """Raise a ValueError where `+name=value` added an option that no dataclass has, as nothing would read it."""
    known = [field.name for field in fields(config)] if is_dataclass(config) else []
    for key, value in (config if isinstance(config, dict) else getattr(config, "__dict__", {})).items():
        if known and key not in known:
            near = nearest(before + key, [before + name for name in known])
            raise ValueError(f"unknown option {f'+{before}{key}'!r}; {near}")
        _check_added(value, f"{before}{key}.")


def _first_line(error: BaseException | None) -> str:
    return next(iter(str(error).splitlines()), "")


def _split(place: str, options: Iterable[str]) -> tuple[str, str]:
    """'protocol/published/pinatt' -> the group of configurations, and the name in it."""
    group, choice = place.split("/", 1)
    return (group, choice) if (CONFIGS / group).is_dir() else tuple(place.rsplit("/", 1))  # type: ignore[return-value]


def _choices(group: str) -> list[str]:
    folder = CONFIGS / group
    return sorted(path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("*.yaml"))


def _options(name: str) -> list[str]:
    """All keys of the command's configuration, with dots."""
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        return list(_keys(OmegaConf.to_container(compose(name), resolve=False)))


def _keys(node: Any, before: str = "") -> Iterator[str]:
    for key, value in node.items() if isinstance(node, dict) else ():
        yield f"{before}{key}"
        yield from _keys(value, f"{before}{key}.")


def _is_expected(error: Exception) -> bool:
    """Whether the message is meant for the user: an error of hydra, or of a `raise` in this project."""
    if os.environ.get("HYDRA_FULL_ERROR") == "1":
        return False
    if isinstance(error, HydraException | OmegaConfBaseException):
        return True
    if not isinstance(error, ValueError | OSError) or not (frames := traceback.extract_tb(error.__traceback__)):
        return False
    place = Path(frames[-1].filename)
    return any(place.is_relative_to(ours) for ours in OURS) and (frames[-1].line or "").startswith("raise")
