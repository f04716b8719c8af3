from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError
from types import SimpleNamespace

import pytest

from dsdmsr import DepthMap, Upscaler
from dsdmsr.errors import (
    ConfigError,
    DepthError,
    FileError,
    ModelError,
    install_command,
    suggestion,
)


@pytest.fixture
def installed(monkeypatch):
    """Returns a function that lets the package be one that was installed in some way."""

    def from_(origin: object) -> None:
        text = origin if isinstance(origin, str | None) else json.dumps(origin)
        found = SimpleNamespace(read_text=lambda name: text)
        monkeypatch.setattr("importlib.metadata.distribution", lambda name: found)

    return from_


def test_an_extra_comes_from_where_the_package_came_from(installed, tmp_path, monkeypatch):
    url = tmp_path.as_uri()
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "dsdmsr-1-py3-none-any.whl").touch()
    for origin, command in (
        (None, "dsdmsr[io]"),
        ("{cut", "dsdmsr[io]"),
        ("[]", "dsdmsr[io]"),
        ({"url": url, "dir_info": {}}, f"{tmp_path}[io]"),
        ({"url": url, "dir_info": {"editable": True}}, f"-e {tmp_path}[io]"),
        ({"url": f"{url}/gone", "dir_info": {}}, "dsdmsr[io]"),
        (
            {"url": f"{url}/dsdmsr-1-py3-none-any.whl", "archive_info": {}},
            f"{tmp_path}/dsdmsr-1-py3-none-any.whl[io]",
        ),
        (
            {"url": "https://example.org/a.git", "vcs_info": {"vcs": "git"}},
            "dsdmsr[io] @ git+https://example.org/a.git",
        ),
        (
            {"url": "https://example.org/a.whl", "archive_info": {}},
            "dsdmsr[io] @ https://example.org/a.whl",
        ),
    ):
        installed(origin)
        flag = "-e " if command.startswith("-e ") else ""
        assert install_command("io") == f"pip install {flag}'{command.removeprefix('-e ')}'"
    installed({"url": url, "dir_info": {"editable": True}})
    monkeypatch.chdir(tmp_path)
    assert install_command("hub") == "pip install -e '.[hub]'"
    monkeypatch.setattr("sys.platform", "win32")
    assert install_command("hub") == 'pip install -e ".[hub]"'


def test_a_package_that_was_never_installed_has_an_extra_too(monkeypatch):
    def missing(name: str) -> None:
        raise PackageNotFoundError(name)

    monkeypatch.setattr("importlib.metadata.distribution", missing)
    assert install_command("io") == "pip install 'dsdmsr[io]'"


def test_close_names_are_suggested_and_others_not():
    assert suggestion("kiti", ["kitti", "tum"]) == " (did you mean kitti?)"
    assert suggestion("KITTI", ["kitti"]) == " (did you mean kitti?)"
    assert suggestion("xyz", ["kitti", "tum"]) == ""
    assert suggestion(3, []) == ""


def test_errors_of_names_suggest_one():
    with pytest.raises(ModelError, match=r"'dsdmsr-rubust' not found \(did you mean dsdmsr-robust"):
        Upscaler.from_pretrained("dsdmsr-rubust", scale=2)
    with pytest.raises(ConfigError, match=r"backend is 'onx' \(did you mean onnx\?\)"):
        Upscaler.from_pretrained(scale=2, backend="onx")
    with pytest.raises(ConfigError, match=r"degradation is 'bicubik' \(did you mean bicubic"):
        Upscaler.from_pretrained(scale=2, degradation="bicubik")
    with pytest.raises(DepthError, match=r"kind is 'dispariy' \(did you mean disparity\?\)"):
        DepthMap([[1.0]], kind="dispariy")


def test_errors_are_a_line_though_they_name_a_file_of_two():
    assert str(FileError("a\nb.png is\r\nnot there")) == "a\\nb.png is\\r\\nnot there"
