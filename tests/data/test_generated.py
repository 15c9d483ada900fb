import numpy as np
import pytest

from netspec.data.generated import GENERATED, generate
from tests.data.samples import refuses


@pytest.mark.parametrize("name", GENERATED)
def test_a_generated_set_has_a_quarter_more_to_test_on(name: str):
    found = generate(name, {"count": 50}, 1, None)
    assert found.test is not None
    assert (len(found.train), len(found.test)) == (50, 13)
    assert not (found.train.images[:13] == found.test.images).all()
    assert len(found.class_names) == found.train.labels.max() + 1


@pytest.mark.parametrize("name", GENERATED)
def test_the_seed_alone_decides(name: str):
    one, again, other = (generate(name, {"count": 30}, seed, (1, 8, 8)).train.images for seed in (7, 7, 8))
    assert (one == again).all()
    assert (one != other).any()


@pytest.mark.parametrize(
    ("extra", "net", "expected"),
    [
        ({}, None, (3, 32, 32)),
        ({}, (1, 20, 24), (1, 20, 24)),
        ({"height": 6, "width": 7}, (1, 20, 24), (1, 6, 7)),
        ({"height": 9, "width": 9, "channels": 1}, None, (1, 9, 9)),
        ({"channels": 3}, (1, 5, 6), (3, 5, 6)),
    ],
)
def test_pictures_follow_the_options_and_else_the_net(extra: dict[str, object], net, expected: tuple[int, ...]):
    assert generate("shapes", {"count": 6, **extra}, 1, net).train.images.shape[1:] == expected


def test_noise_has_a_default_and_can_be_set():
    clean = generate("circles", {"count": 20, "noise": 0}, 1, None).train
    radius = np.hypot(*clean.images[:, :, 0, 0].T)
    np.testing.assert_allclose(radius, (clean.labels + 1) / 2, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "extra"),
    [
        ("spirals", {"count": 0}),
        ("spirals", {"count": 10**9}),
        ("spirals", {"count": 2.5}),
        ("spirals", {"noise": -1}),
        ("spirals", {"noise": float("nan")}),
        ("spirals", {"noise": "much"}),
        ("spirals", {"height": 8}),
        ("circles", {"arms": 3}),
        ("shapes", {"channels": 2}),
        ("shapes", {"height": 3}),
        ("shapes", {"width": "8"}),
        ("shapes", {"count": 10**6, "height": 1024, "width": 1024}),
    ],
)
def test_options_out_of_range_are_refused(name: str, extra: dict[str, object]):
    refuses("E519", lambda: generate(name, extra, 1, None))


def test_a_net_of_two_channels_gets_no_drawings():
    refuses("E519", lambda: generate("shapes", {}, 1, (2, 8, 8)))
