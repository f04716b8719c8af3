"""What every network must do: tests that small forms and packaged networks inherit."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from dsdmsr.errors import ScaleError
from dsdmsr.nn import DSDMSR, Prediction, deep_supervision_loss
from dsdmsr.nn.symmetry import is_symmetric, transformed
from dsdmsr.scales import SCALES
from dsdmsr.upscaling.blocks import Block
from dsdmsr.upscaling.torch_backend import TorchStages
from dsdmsr.upscaling.window import Window
from dsdmsr.zoo.torch_networks import from_pretrained, save_pretrained


class NetworkTests:
    """Tests of a network in float32, which subclasses give as the fixture `model`.

    No test changes it, so that it may be loaded once for all of them.
    """

    tile_map = (26, 22)
    """Height and width of the map that is predicted tile by tile."""
    tile_scales: tuple[int, ...] = (2, 4, 8)
    rounding = 1e-7
    """How far weights in `double` are off symmetry."""

    @pytest.fixture(autouse=True)
    def same_maps(self) -> None:
        torch.manual_seed(0)

    @pytest.fixture
    def model(self) -> DSDMSR:
        raise NotImplementedError("give the network")

    @pytest.fixture
    def double(self, model) -> DSDMSR:
        """The network in double precision."""
        return copy.deepcopy(model).double()

    @pytest.mark.parametrize("size", [(1, 1), (3, 5)])
    def test_every_served_scale_gives_finite_float32_maps_of_its_size(self, model, size):
        assert model.scales == tuple(s for s in SCALES if s <= model.config.scale)
        for scale in model.scales:
            with torch.no_grad():
                prediction = model(torch.rand(2, 1, *size), scale)
            factors = [f for f in SCALES if f <= scale]
            maps = [*prediction.stages, *([] if model.fusion is None else [prediction.fused])]
            expected = [(2, 1, f * size[0], f * size[1]) for f in factors]
            stages = [tuple(stage.shape) for stage in prediction.stages]
            assert stages == expected
            assert tuple(prediction.fused.shape) == expected[-1]
            if model.config.confidence:
                assert prediction.log_error.shape == prediction.fused.shape
                maps.append(prediction.log_error)
            for each in maps:
                assert each.dtype == torch.float32
                assert each.isfinite().all()
        for other in (1, 3, *(s for s in (*SCALES, 32) if s > model.config.scale)):
            with pytest.raises(ScaleError, match="allowed are 2"):
                model(torch.rand(1, 1, 2, 2), other)

    def test_every_parameter_learns_from_the_supervised_outputs(self, double):
        total = torch.zeros((), dtype=torch.float64)
        for scale in double.scales:
            prediction = double(torch.rand(1, 1, 4, 4, dtype=torch.float64), scale)
            total = total + supervised_loss(prediction)
            if prediction.log_error is not None:
                total = total + prediction.log_error.square().sum()
        total.backward()
        silent = [n for n, p in double.named_parameters() if p.grad is None or not p.grad.any()]
        # The first stage of a supersampled network never predicts.
        heads = [n for n, _ in double.named_parameters() if n.startswith("stages.0.unit.head.")]
        assert silent == (heads if double.config.supersampled else [])

    def test_every_stage_is_supervised(self, double):
        """The loss of a stage's own output moves that stage, and none that follows."""
        scale = min(double.config.scale, 8)
        prediction = double(torch.rand(1, 1, 4, 4, dtype=torch.float64), scale)
        for k, stage in enumerate(prediction.stages):
            parameters = dict(double.stages.named_parameters())
            found = torch.autograd.grad(
                stage.square().sum(), parameters.values(), retain_graph=True, allow_unused=True
            )
            pairs = zip(parameters, found, strict=True)
            moved = {int(name.partition(".")[0]) for name, g in pairs if g is not None and g.any()}
            assert moved == set(range(k + 1))

    def test_nothing_reaches_further_than_declared(self, double):
        scale = 4
        radius = double.receptive_radius(scale)
        length, width = 2 * radius + 5, 9
        depth = torch.rand(1, 1, length, width, dtype=torch.float64)
        changed = depth.clone()
        changed[..., length // 2, width // 2] += 1
        middle = length // 2 * scale + (scale - 1) / 2
        # Kernels are square, so that strips show their reach as squares do.
        for one, other in ((depth, changed), (depth.mT, changed.mT)):
            with torch.no_grad():
                moved = double(one, scale).fused != double(other, scale).fused
            along = moved[0, 0].any(int(one is depth)).nonzero()
            assert len(along)
            assert (along - middle).abs().max() <= (radius + 0.5) * scale

    def test_one_that_sees_differences_commutes_with_a_z_plus_b(self, double):
        if not double.config.differences:
            pytest.skip("it sees more than differences")
        depth = torch.rand(1, 1, 6, 9, dtype=torch.float64)
        for scale in {2, double.config.scale}:
            with torch.no_grad():
                plain = double(depth, scale).fused
                found = double(3.5 * depth - 2, scale).fused
            repeated = functional.interpolate(depth, scale_factor=scale)
            assert (plain - repeated).abs().max() > 0.01
            torch.testing.assert_close(found, 3.5 * plain - 2, rtol=1e-4, atol=1e-4)

    def test_one_predicts_the_turned_map_of_a_turned_one_if_it_says_so(self, model, double):
        symmetric = double.config.symmetric
        # The weights as they are stored; in others' channels there may be no groups to compare.
        assert not symmetric or is_symmetric(model)
        depth = torch.rand(2, 1, 6, 9, dtype=torch.float64)
        for scale in (s for s in (2, 4, 8) if s <= double.config.scale):
            with torch.no_grad():
                plain = double(depth, scale)
                turns = range(1, 8) if symmetric else (1,)
                found = {element: double(transformed(depth, element), scale) for element in turns}
            if not symmetric:
                assert (found[1].fused - transformed(plain.fused, 1)).abs().max() > 1e-3
                continue
            assert all(each.std() > 0.02 for each in maps_of(plain))
            for element, prediction in found.items():
                for one, other in zip(maps_of(prediction), maps_of(plain), strict=True):
                    expected = transformed(other, element)
                    close = {"rtol": self.rounding, "atol": self.rounding}
                    torch.testing.assert_close(one, expected, **close)

    def test_a_tile_is_as_the_whole_has_it_whatever_its_block(self, double):
        height, width = self.tile_map
        depth = torch.rand(2, 1, height, width, dtype=torch.float64)
        windows = [
            Window(0, 7, 0, 5),
            Window(height // 2 - 3, height // 2, width // 3, width // 3 + 7),
            Window(height - 1, height, width - 3, width),
            Window(0, height, width // 2 - 2, width // 2 - 1),
        ]
        everything = Window(0, height, 0, width)
        for scale in (s for s in self.tile_scales if s <= double.config.scale):
            with torch.no_grad():
                prediction = double(depth, scale)
                whole = prediction.fused
                if prediction.log_error is not None:
                    whole = torch.cat([whole, prediction.log_error.exp()], 1)
                    assert whole[:, 1].std() > 1e-3
                assert whole.std() > 1e-3
                # Corrections are made in single precision.
                close = {"rtol": 1e-5, "atol": 1e-5 * float(whole.std())}
                stages = TorchStages(double)
                of_all = Block(stages, depth, scale, everything)
                for window in windows:
                    # Alone, beside what is around it, and of the whole.
                    beside = Block(stages, depth, scale, window.grown(3, height, width))
                    own = Block(stages, depth, scale, window)
                    found = own.predict(window, errors=True)
                    for block in (beside, of_all):
                        same = block.predict(window, errors=True)
                        torch.testing.assert_close(same, found, **close)
                    expected = window.scaled(scale).of(whole, everything.scaled(scale))
                    channels = [channel for channel in found if channel is not None]
                    torch.testing.assert_close(torch.cat(channels, 1), expected, **close)
                    alone, _ = own.predict(window)
                    torch.testing.assert_close(alone, found[0], rtol=0, atol=0)

    def test_it_survives_saving(self, tmp_path, model):
        save_pretrained(model, tmp_path, "card")
        loaded = from_pretrained(str(tmp_path))
        assert sorted(path.name for path in tmp_path.iterdir()) == [
            "README.md",
            "config.json",
            "model.safetensors",
        ]
        assert loaded.config == model.config
        assert not loaded.training
        # Weights are kept in half precision.
        half = copy.deepcopy(model).half().float()
        assert loaded.state_dict().keys() == half.state_dict().keys()
        for key, value in half.state_dict().items():
            assert torch.equal(loaded.state_dict()[key], value)
        depth = torch.rand(1, 1, 5, 5)
        with torch.no_grad():
            assert torch.equal(loaded(depth, 2).fused, half(depth, 2).fused)


def maps_of(prediction: Prediction) -> list[Tensor]:
    """Return all maps of a prediction."""
    log_errors = [] if prediction.log_error is None else [prediction.log_error]
    return [*prediction.stages, prediction.fused, *log_errors]


def supervised_loss(prediction: Prediction) -> Tensor:
    """Return the deeply supervised loss against maps of zeros."""
    targets = [torch.zeros_like(stage) for stage in prediction.stages]
    if prediction.fused.shape != targets[-1].shape:
        targets.append(torch.zeros_like(prediction.fused))
    return deep_supervision_loss(
        prediction,
        targets,
        [torch.ones_like(target, dtype=torch.bool) for target in targets],
        kind="mse",
        mse_weight=0,
        stage_weights=(1,),
    )
