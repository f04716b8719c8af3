"""Windows and macOS, as far as Linux can show: what is not there is guarded, or done without."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from dsdmsr import _atomic
from dsdmsr.data.prepare.options import PrepareOptions
from dsdmsr.data.sources import rendered

SOURCE = Path(__file__).parents[1] / "src" / "dsdmsr"

MODULES = {"fcntl", "grp", "posix", "pty", "pwd", "resource", "syslog", "termios", "tty"}
"""Modules that Windows has not."""
NAMES = {
    "os": """
        O_CLOEXEC O_DIRECT O_DIRECTORY O_NOFOLLOW O_NONBLOCK O_SYNC O_TMPFILE chown fchmod fchown
        copy_file_range fork forkpty getgid getloadavg getpgid getuid kill killpg lchown mkfifo
        memfd_create nice openpty posix_fadvise posix_fallocate pread preadv pwrite sendfile setsid
        register_at_fork sched_getaffinity sched_setaffinity statvfs sync sysconf uname wait wait3
        wait4
    """,
    "signal": """
        SIGALRM SIGCHLD SIGCONT SIGHUP SIGKILL SIGPIPE SIGQUIT SIGSTOP SIGTSTP SIGUSR1 SIGUSR2
        SIGWINCH alarm pause pthread_kill pthread_sigmask set_wakeup_fd setitimer sigwait
    """,
    "ctypes": "CDLL",
}
"""Functions and constants that Windows or macOS has not, or that do something else there."""
GUARDED_ELSEWHERE = {
    ("_atomic.py", "kill"): "_remove_left returns before, where there is no POSIX",
    ("app/stopping.py", "kill"): "it runs in forked processes alone",
}
"""Uses that a condition in another place guards."""
FOLDERS = {
    "_processors.py": "/sys is read if it is there",
    "_provenance.py": "/proc is read if it is there",
    "upscaling/backends.py": "files by sys.platform",
}
"""Modules that name folders of Linux."""


def sources() -> dict[str, str]:
    return {
        path.relative_to(SOURCE).as_posix(): path.read_text(encoding="utf-8")
        for path in SOURCE.rglob("*.py")
    }


def names_of(module: str | None) -> set[str]:
    return set(NAMES.get(module or "", "").split())


def walked(node: ast.AST, above: tuple[ast.AST, ...] = ()) -> Iterator[tuple[ast.AST, tuple]]:
    """Yield all nodes, each with those that it is in."""
    yield node, above
    for child in ast.iter_child_nodes(node):
        yield from walked(child, (*above, node))


def is_guarded(above: tuple[ast.AST, ...]) -> bool:
    """Return whether a use is in a condition on the platform, or where its lack is caught."""
    for node in above:
        if isinstance(node, ast.If | ast.IfExp):
            if re.search(r"sys\.platform|os\.name|hasattr\(", ast.unparse(node.test)):
                return True
        elif isinstance(node, ast.Try):
            caught = [ast.unparse(handler.type) for handler in node.handlers if handler.type]
            if any(re.search(r"AttributeError|ImportError", each) for each in caught):
                return True
    return False


def foreign_uses(source: str, module: str = "") -> list[str]:
    """Return what a module uses that not every platform has."""
    found = []
    for node, above in walked(ast.parse(source)):
        names: set[str] = set()
        if isinstance(node, ast.Import):
            names = {alias.name for alias in node.names} & MODULES
        elif isinstance(node, ast.ImportFrom):
            taken = {alias.name for alias in node.names}
            names = {node.module} & MODULES | taken & names_of(node.module)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            names = {node.attr} & names_of(node.value.id)
        if not is_guarded(above):
            found += [n for n in sorted(names) if (module, n) not in GUARDED_ELSEWHERE]
    return found


def unclear_texts(source: str) -> list[str]:
    """Return the calls that read or write text in what is a platform's own form.

    That is its encoding; and, for files that are written, its end of a line.
    """
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
        given = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
        modes = [a.value for a in node.args if isinstance(a, ast.Constant)]
        modes = [m for m in modes if isinstance(m, str) and re.fullmatch("[rwaxt+]+", m)]
        if name == "read_text":
            bad = not node.args and "encoding" not in given  # not of importlib.metadata
        elif name == "write_text":
            bad = not {"encoding", "newline"} <= given.keys()
        elif name == "open" and (modes or {"encoding", "newline"} & given.keys()):
            wanted = {"encoding", "newline"} if re.search("[wax]", "".join(modes)) else {"encoding"}
            bad = not wanted <= given.keys()
        else:
            bad = False
        if bad:
            found.append(ast.unparse(node))
    return found


def test_what_not_every_platform_has_is_guarded():
    found = {module: foreign_uses(source, module) for module, source in sources().items()}
    assert {module: uses for module, uses in found.items() if uses} == {}


def test_folders_of_linux_are_named_where_that_is_known_alone():
    folder = re.compile(r"[\"']/(proc|dev|sys|etc|tmp|usr|var)\b")
    assert {module for module, source in sources().items() if folder.search(source)} == {*FOLDERS}


def test_text_is_utf_8_and_has_the_same_ends_of_lines_on_every_platform():
    found = {module: unclear_texts(source) for module, source in sources().items()}
    assert {module: calls for module, calls in found.items() if calls} == {}


def test_exceptions_are_still_there():
    for module, name in GUARDED_ELSEWHERE:
        assert f"os.{name}(" in (SOURCE / module).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import fcntl", ["fcntl"]),
        ("from os import fork, replace", ["fork"]),
        ("n = len(os.sched_getaffinity(0))", ["sched_getaffinity"]),
        ("signal.signal(signal.SIGHUP, stop)", ["SIGHUP"]),
        ("try:\n    import resource\nexcept ImportError:\n    pass", []),
        ("try:\n    os.fork()\nexcept OSError:\n    pass", ["fork"]),
        ("if sys.platform == 'linux':\n    ctypes.CDLL(None)", []),
        ("name = os.uname() if hasattr(os, 'uname') else ''", []),
        ("os.replace(a, b)", []),
    ],
)
def test_uses_are_found(source, found):
    assert foreign_uses(source) == found


@pytest.mark.parametrize(
    ("source", "is_found"),
    [
        ("path.read_text()", True),
        ("path.read_text(encoding='utf-8')", False),
        ("path.write_text(text, encoding='utf-8')", True),
        ("path.write_text(text, encoding='utf-8', newline='')", False),
        ("path.open('w', encoding='utf-8')", True),
        ("system.open(path, 'rt')", True),
        ("open(path, 'rb')", False),
        ("Image.open(path)", False),
    ],
)
def test_texts_are_found(source, is_found):
    assert bool(unclear_texts(source)) == is_found


ELSEWHERE = """
import os, pathlib, signal, subprocess, sys, tempfile
import cyclopts, numpy, onnxruntime, PIL.Image

platform, names, modules, folder = sys.argv[1], sys.argv[2], sys.argv[3], pathlib.Path(sys.argv[4])
for name in names.split():
    for module in (os, signal):
        if hasattr(module, name):
            delattr(module, name)
for module in modules.split():
    sys.modules[module] = None
def link(*given):
    raise OSError("no hard links")
os.link = link
sys.platform = platform

import dsdmsr
from dsdmsr.app.cli import main
from dsdmsr.upscaling.memory import give_memory_back

dsdmsr.keep_memory()
give_memory_back()
small, large = folder / "lr_depth.png", folder / "large.npy"
ask = ["upscale", str(small), "-o", str(large), "--scale", "2", "--model", "dsdmsr-fast"]
codes = [
    main(["sample", str(folder)]),
    main(["info", str(small)]),
    main(ask),
    main(ask),
    main([*ask, "--overwrite"]),
]
print(codes)
"""


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_maps_are_upscaled_where_functions_of_linux_are_missing(tmp_path, platform):
    # Python's own modules, which are loaded, need these.
    names = (names_of("os") | names_of("signal")) - {"kill", "register_at_fork"}
    given = [platform, " ".join(names), " ".join(MODULES), str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, *given], capture_output=True, text=True, timeout=120
    )
    assert done.stdout.endswith("[0, 0, 0, 2, 0]\n"), done.stderr
    assert np.load(tmp_path / "large.npy").shape == (240, 320)
    assert not [path for path in tmp_path.iterdir() if path.suffix == ".part"]


def test_a_set_is_prepared_where_there_are_no_affinities(tmp_path, monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    asked = []
    monkeypatch.setattr(
        "dsdmsr.data.prepare.run.prepare", lambda *given, workers, **more: asked.append(workers)
    )
    PrepareOptions().prepare(rendered, tmp_path / "set")  # type: ignore[arg-type]
    assert 1 <= asked[0] <= 3


def test_no_process_is_asked_whether_it_lives_where_that_would_end_it(tmp_path, monkeypatch):
    """On Windows, os.kill(process, 0) is Ctrl-C."""
    left = tmp_path / f".a.png.{_atomic._HOST}-1-0.part"
    left.touch()
    monkeypatch.setattr(os, "name", "nt")
    monkeypatch.setattr(os, "kill", lambda *given: pytest.fail("a process was sent a signal"))
    _atomic._remove_left(tmp_path)
    monkeypatch.undo()
    assert left.exists()
