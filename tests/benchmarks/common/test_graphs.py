from __future__ import annotations

import numpy as np
import pytest
from torch import nn

from benchmarks.common.graphs import export, onnxruntime_run, openvino_run, torch_run


@pytest.mark.parametrize("channels", [1, 8])
def test_all_runtimes_run_the_same_network_on_any_size(channels):
    network = nn.Sequential(nn.Conv2d(channels, 16, 3, padding=1), nn.PixelShuffle(4))
    graph = export(network, channels)
    runs = [torch_run(network), onnxruntime_run(graph, 1)]
    pytest.importorskip("openvino")
    runs.append(openvino_run(graph, 1))
    for size in ((24, 33), (61, 40)):
        maps = np.random.default_rng(0).random((1, channels, *size), dtype=np.float32)
        expected, *others = (run(maps) for run in runs)
        assert expected.shape == (1, 1, 4 * size[0], 4 * size[1])
        for found in others:
            np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)
