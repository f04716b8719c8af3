from __future__ import annotations

import numpy as np
import pytest

from dsdmsr.pictures.panels import MaskedMap, Panel, PanelStage, plot_panel

SIZE = 32


def shown(values: np.ndarray, valid: np.ndarray | None = None) -> MaskedMap:
    whole = np.ones(values.shape, bool)
    return MaskedMap(values.astype(np.float32), whole if valid is None else valid)


@pytest.fixture
def truth() -> np.ndarray:
    values = np.full((SIZE, SIZE), 2.0)
    values[:, SIZE // 2 :] = 6.0
    return values


def cell(picture: np.ndarray, row: int, column: int) -> np.ndarray:
    """The inside of a picture in the panel."""
    top, left = 52 + 26 + row * (26 + 256 + 8), column * (256 + 8)
    return picture[top : top + 256, left : left + 256]


def test_a_panel_has_one_scale_of_grey_and_one_of_error(truth):
    valid = np.ones((SIZE, SIZE), bool)
    valid[:8] = False
    pred, bicubic = truth.copy(), truth.copy()
    pred[8:, :16] += 1
    bicubic[8:, :16] += 2
    panel = Panel(
        title="a map, ×4",
        unit="metres",
        lr_depth=shown(truth[::4, ::4]),
        stages=[
            PanelStage(2, shown(truth[::2, ::2] + 2), shown(truth[::2, ::2])),
            PanelStage(4, shown(pred, valid), shown(truth, valid)),
        ],
        pred=pred.astype(np.float32),
        bicubic=bicubic.astype(np.float32),
    )
    plotted = np.asarray(plot_panel(panel)).astype(int)
    assert plotted.shape == (52 + 5 * 290, 520, 3)
    # Two metres are black, six are white, wherever they are shown; what exceeds them is clipped.
    assert (cell(plotted, 0, 1)[:, :128] == 0).all()
    assert (cell(plotted, 0, 1)[:, 128:] == 255).all()
    assert abs(cell(plotted, 0, 0)[:, :128].mean() - 127.5) < 2
    assert (cell(plotted, 4, 1)[:, 128:] == 255).all()
    for row in (1, 2, 3):
        # A hole has a colour that is neither grey nor an error's.
        assert (cell(plotted, row, 0)[:64] == (190, 205, 225)).all()
    ours, theirs = cell(plotted, 3, 0)[64:], cell(plotted, 3, 1)[64:]
    assert (ours[:, 128:] == 255).all()
    assert theirs[:, :128].mean() < ours[:, :128].mean() < 255


def test_a_map_without_a_valid_pixel_is_plotted_too(truth):
    nothing = np.zeros((SIZE, SIZE), bool)
    panel = Panel(
        title="nothing",
        unit="metres",
        lr_depth=shown(truth[::2, ::2]),
        stages=[PanelStage(2, shown(truth, nothing), shown(truth, nothing))],
        pred=truth.astype(np.float32),
        bicubic=truth.astype(np.float32),
    )
    plotted = np.asarray(plot_panel(panel))
    assert (cell(plotted, 0, 1) == (190, 205, 225)).all()


def test_predictions_that_are_no_numbers_are_plotted_as_holes(truth):
    pred = truth.astype(np.float32)
    pred[:8], pred[8:16] = np.nan, np.inf
    panel = Panel(
        title="diverged",
        unit="metres",
        lr_depth=shown(truth[::2, ::2]),
        stages=[PanelStage(2, shown(pred), shown(truth))],
        pred=pred,
        bicubic=truth.astype(np.float32),
    )
    plotted = np.asarray(plot_panel(panel))
    assert (cell(plotted, 1, 0)[:64] == (190, 205, 225)).all()
    assert (cell(plotted, 1, 0)[64:128] == 255).all()
