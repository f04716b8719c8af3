from __future__ import annotations

import os
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True, scope="session")
def _packages() -> None:
    """What the extra brings; these tests skip where it is missing."""
    for module in ("ray", "pyarrow", "fsspec"):
        pytest.importorskip(module)


@pytest.fixture(scope="session")
def nodes() -> Iterator[object]:
    """A Ray cluster of a head and two nodes with a processor each, in processes of this machine."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    from benchmarks.common.ray_nodes import Nodes

    started = Nodes(2)
    yield started
    started.stop()


@pytest.fixture(scope="session")
def object_storage() -> Iterator[str]:
    """The address of an S3 server on this machine, with a bucket; clients find it by themselves."""
    for module in ("moto.server", "s3fs"):
        pytest.importorskip(module)
    import s3fs
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        s3fs.S3FileSystem().mkdir("bucket")
        yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def table():
    """A table of sources, as a worker is given it."""
    import pyarrow

    def build(sources: list[object]) -> object:
        rows = [{"number": k, **each._asdict()} for k, each in enumerate(sources)]
        return pyarrow.Table.from_pylist(rows)

    return build
