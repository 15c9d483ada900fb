import hashlib

import numpy as np
import pytest

from netspec.data.figures import FIGURES, figures


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 32, 32), (1, 5, 40), (3, 40, 5), (3, 4, 4)])
def test_pictures_have_the_size_and_colour_asked_for(shape: tuple[int, int, int]):
    part = figures(1, 20, 0.1, shape, stream=0)
    assert part.images.shape == (20, *shape)
    assert part.images.dtype == np.uint8
    assert sorted(set(part.labels.tolist())) == list(range(len(FIGURES)))


def test_equal_options_give_equal_bytes_on_every_platform():
    part = figures(1, 300, 0.05, (3, 16, 16), stream=0)
    assert hashlib.sha256(part.images.tobytes()).hexdigest()[:16] == "589d377ea3cde131"


def test_the_first_pictures_do_not_depend_on_how_many_there_are():
    few, many = (figures(1, count, 0.05, (1, 9, 9), stream=0).images for count in (256, 300))
    assert (many[:256] == few).all()


def test_seed_and_stream_give_other_pictures():
    one, seed, stream = (figures(s, 9, 0.0, (1, 9, 9), stream=t).images for s, t in ((1, 0), (2, 0), (1, 1)))
    assert (one != seed).any(axis=(1, 2, 3)).all()
    assert (one != stream).any(axis=(1, 2, 3)).all()


def test_a_figure_stands_out_from_its_ground():
    part = figures(3, 120, 0.0, (1, 32, 32), stream=0)
    span = part.images.max(axis=(1, 2, 3)).astype(int) - part.images.min(axis=(1, 2, 3))
    assert span.min() > 20


def test_classes_cover_their_share_of_the_picture():
    """A disc of radius r covers pi times (0.85 r)**2; the bars cover two thin strips, far less."""
    part = figures(3, 600, 0.0, (1, 32, 32), stream=0)
    corner = part.images[:, :, 0, 0][:, :, None, None].astype(int)
    covered = (np.abs(part.images.astype(int) - corner) > 10).mean(axis=(1, 2, 3))
    share = {name: covered[part.labels == label].mean() for label, name in enumerate(FIGURES)}
    assert share["ring"] < share["disc"]
    assert share["cross"] < share["square"]
    assert share["bars"] < share["square"]
    assert 0.05 < share["disc"] < 0.5


def test_noise_is_a_fraction_of_the_range():
    clean, noisy = (figures(3, 60, noise, (1, 24, 24), stream=0).images.astype(float) for noise in (0.0, 0.1))
    inner = (clean > 60) & (clean < 195)
    assert (noisy - clean)[inner].std() / 255 == pytest.approx(0.1, rel=0.1)
