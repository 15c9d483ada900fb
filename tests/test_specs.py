"""Every bundled spec is right, and costs what its authors published."""

from statistics import fmean

import pytest

from netspec.api import load as load_network
from netspec.cli.commands.specs import about
from netspec.counting.table import count
from netspec.frontend import check_experiment, examine, read_source
from netspec.ir.recipe import Experiment
from netspec.resources import bundled_specs
from netspec.train.events import EpochDone, Event

SPECS = bundled_specs()

TOTALS = {  # spec: parameters, MACs (an exact number, or rounded by its source to three digits of a thousand million)
    "alexnet": (61_100_840, "0.714e9"),  # torchvision 0.29.2, models/alexnet.py: num_params, _ops
    "vgg16": (138_357_544, "15.470e9"),  # torchvision, models/vgg.py
    "vgg16_bn": (138_365_992, "15.470e9"),  # torchvision, models/vgg.py
    "resnet18": (11_689_512, "1.814e9"),  # torchvision, models/resnet.py
    "resnet50": (25_557_032, "4.089e9"),  # torchvision, models/resnet.py
    "squeezenet": (1_235_496, "0.349e9"),  # torchvision, models/squeezenet.py: squeezenet1_1
    "mobilenet_v2": (3_504_872, "0.301e9"),  # torchvision, models/mobilenetv2.py
    "lenet": (431_080, 2_293_000),  # derived from BVLC/caffe, examples/mnist/lenet.prototxt
    "cifar10_quick": (145_578, 12_354_176),  # derived from BVLC/caffe, examples/cifar10
    "cifar10_local": (1_901_386, 32_919_552),  # derived from cuda-convnet, layers-conv-local-13pct
    "convnetjs_cifar10": (22_466, None),  # ConvNetJS' own code, getParamsAndGrads
    "convnetjs_mnist": (5_994, None),  # ConvNetJS' own code
    "mnist_cnn": (1_199_882, None),  # Keras, examples/mnist_cnn.py
    "lenet5": (61_706, None),  # 6, 16, 120, 84, 10 on 32x32, all of C3's maps connected
    "tiny_vgg": (19_920, None),  # CNN Explainer, tiny-vgg.py
    "lecture": (573, None),  # the lecture: 21 * 25 + 3 * 4**2
    "lecture_mlp": (3_146_752, None),  # the lecture: 3 * 32**4 + 32**2
    "digits": (13_706, None),  # of netspec's own
    "digits_plateau": (13_706, None),  # the same net
    "mlp": (669_706, 668_672),  # 784 * 512 + 512 * 512 + 512 * 10, and 1,034 biases
    "mnist_augmented": (468_010, None),  # of netspec's own, as the next three
    "fashion_cnn": (870_826, None),
    "cifar10_vgg8": (814_570, 39_160_320),
    "cifar10_resnet9": (1_646_122, 95_259_136),  # after davidcpage/cifar10-fast, half as wide
    "vgg16_cifar": (14_982_474, 313_463_808),  # torchvision's vgg16().features, and 512 * 512 + 512 * 10 + 522
    "resnet18_cifar": (11_173_962, 555_422_720),  # resnet18, its stem 64 * 3 * 49 -> 64 * 3 * 9, its end 10 wide
    "mobilenet_v2_cifar": (2_236_682, 87_976_448),  # mobilenet_v2, its end 10 wide instead of 1000
}


def load(name: str) -> Experiment:
    return check_experiment(read_source(SPECS[name]))


def test_every_bundled_spec_has_its_totals():
    assert SPECS.keys() == TOTALS.keys()


@pytest.mark.parametrize("name", SPECS)
def test_a_bundled_spec_has_neither_mistakes_nor_warnings(name: str):
    _, report = examine(read_source(SPECS[name]))
    assert [(d.code, d.message, d.primary.span.line) for d in report.diagnostics] == []


@pytest.mark.parametrize("name", SPECS)
def test_a_bundled_spec_begins_with_what_it_is(name: str):
    assert about(SPECS[name])


@pytest.mark.parametrize("name", SPECS)
def test_the_net_is_called_like_its_file(name: str):
    assert load(name).graph.name == name


@pytest.mark.parametrize("name", TOTALS)
def test_a_bundled_spec_costs_what_was_published(name: str):
    parameters, macs = TOTALS[name]
    counted = count(load(name).graph)
    assert counted.parameters == parameters
    if isinstance(macs, str):
        assert f"{counted.macs / 1e9:.3f}e9" == macs
    elif macs is not None:
        assert counted.macs == macs


@pytest.mark.parametrize("name", TOTALS)
def test_the_comment_of_a_spec_tells_its_parameters(name: str):
    assert f"{TOTALS[name][0]:,}" in SPECS[name].read_text(encoding="utf-8") or name == "lecture"


def test_the_nets_for_small_images_cost_what_their_large_models_say():
    """The same weights but for the stem and the last layer."""
    large = {name: count(load(name).graph).parameters for name in ("vgg16_bn", "resnet18", "mobilenet_v2")}
    classifier = 25_088 * 4096 + 4096 + 4096 * 4096 + 4096 + 4096 * 1000 + 1000
    normalised = 2 * sum(width * times for width, times in ((64, 2), (128, 2), (256, 3), (512, 6)))
    small = {name: count(load(name).graph).parameters for name in TOTALS if name.endswith("_cifar")}
    assert small == {
        "vgg16_cifar": large["vgg16_bn"] - normalised - classifier + 512 * 513 + 10 * 513,
        "resnet18_cifar": large["resnet18"] - 64 * 3 * (49 - 9) - 513 * 990,
        "mobilenet_v2_cifar": large["mobilenet_v2"] - 1281 * 990,
    }


def epochs_of(name: str, seed: int) -> list[EpochDone]:
    events: list[Event] = []
    load_network(name, set_=[f"train.seed={seed}"]).train(watch=events.append)
    return [event for event in events if isinstance(event, EpochDone)]


def test_the_rate_of_the_plateau_spec_is_turned_down_and_that_helps():
    """Means over five epochs: the best single one at the first rate is a matter of luck, and of the last digits."""
    before, after = [], []
    for seed in range(1, 6):
        epochs = epochs_of("digits_plateau", seed)
        first = [epoch for epoch in epochs if epoch.rate == epochs[0].rate]
        assert len(first) < len(epochs)
        for losses, found in ((before, first), (after, epochs)):
            losses.append(fmean(epoch.validation.loss for epoch in found[-5:] if epoch.validation))
    assert all(later < earlier for earlier, later in zip(before, after, strict=True))
    assert sum(after) < 0.6 * sum(before)
