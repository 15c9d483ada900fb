"""The picture of activations and gradients: a PNG of modest size, whatever the numbers."""

import io

from PIL import Image

from netspec.train.draw.scales_plot import MOST_NAMES, draw_scales
from netspec.train.use.scales import FUNCTIONS, LayerScale, Trial


def trials(layers: int) -> list[Trial]:
    rows = (LayerScale("input", 1.0, None), *(LayerScale(f"dense{k}", 2.0**-k, 4.0**-k) for k in range(1, layers)))
    still = tuple(LayerScale(row.layer, 0.0, 0.0) for row in rows)
    return [Trial(function, scale, rows if scale == 1 else still) for function in FUNCTIONS for scale in (0.1, 1.0)]


def test_the_picture_is_small_and_has_its_lines() -> None:
    content = draw_scales("a net, on noise", trials(6))
    assert len(content) < 100_000
    pixels = Image.open(io.BytesIO(content)).convert("RGB")
    assert pixels.size == (1200, 650)
    assert len(pixels.getcolors(1 << 20) or ()) > 20
    assert draw_scales("a net, on noise", trials(6)) == content


def test_deep_nets_have_room() -> None:
    assert len(draw_scales("a deep net", trials(3 * MOST_NAMES))) < 100_000
