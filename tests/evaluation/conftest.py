from __future__ import annotations

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def map_folder(tmp_path):
    (tmp_path / "maps").mkdir()
    truth = np.full((5, 7), 20, np.uint8)
    truth[0, 0] = 9
    Image.fromarray(truth).save(tmp_path / "maps" / "one.png")
    return tmp_path
