from __future__ import annotations

import subprocess

import pytest

from dsdmsr import _provenance as provenance


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """Return the root of a checkout with a commit, which the package seems to run from."""
    files = {
        "src/dsdmsr/_provenance.py": "code",
        "benchmarks/speed.py": "code",
        "benchmarks/results/speed.json": "{}",
        "docs/size.png": "picture",
        "src/dsdmsr/zoo/README.md": "card",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)

    def git(*arguments):
        who = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
        subprocess.run(["git", *who, *arguments], cwd=tmp_path, check=True, capture_output=True)

    git("init")
    git("add", ".")
    git("commit", "-m", "Begin")
    monkeypatch.setattr(provenance, "__file__", str(tmp_path / "src/dsdmsr/_provenance.py"))
    return tmp_path


def commit():
    return provenance.provenance()["commit"]


def test_results_pictures_and_documents_do_not_make_a_checkout_dirty(checkout):
    clean = commit()
    (checkout / "benchmarks/results/speed.json").write_text("{1}")
    (checkout / "docs/size.png").write_text("another")
    (checkout / "src/dsdmsr/zoo/README.md").write_text("another card")
    assert commit() == clean
    assert not clean.endswith("-dirty")


@pytest.mark.parametrize("name", ["src/dsdmsr/_provenance.py", "benchmarks/speed.py"])
def test_changed_code_does(checkout, name):
    clean = commit()
    (checkout / name).write_text("other code")
    assert commit() == f"{clean}-dirty"


def test_outside_of_a_checkout_there_is_no_commit(checkout, tmp_path, monkeypatch):
    monkeypatch.setattr(provenance, "__file__", str(tmp_path / "src/dsdmsr/elsewhere.py"))
    assert commit() is None


def test_a_gpu_is_named_before_the_processor_beside_it(monkeypatch):
    monkeypatch.setattr("torch.cuda.get_device_name", lambda: "Some GPU")
    with_gpu, without = (provenance.provenance(device)["machine"] for device in ("cuda", "cpu"))
    assert provenance.named(with_gpu) == f"Some GPU with {provenance.named(without)}"
    assert "on Some GPU with" in provenance.where_and_when(provenance.provenance("cuda"))
