"""What is known of the built-in data sets before they are opened: the shape of an image, the images of each class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from netspec.ir.recipe import DataOptions

Shape = tuple[int, ...]

USUAL_COUNT = 2000
"""Images of a generated set to train on, where `count` is left out."""
MOST_NOISE = 1_000_000
"""The largest deviation of points and pixels; far beyond what is of use, far below what float32 holds."""
LEAST_PICTURE, MOST_BYTES = 4, 1 << 32
"""Of `shapes`: height and width, and all pictures together."""

DIGITS = tuple("0123456789")
MNIST_TEST = (980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009)
CLOTHES = ("t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot")
CIFAR10 = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
CIFAR100_WORDS = """
apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can castle
caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin elephant
flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man
maple_tree motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree
plain plate poppy porcupine possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper snail
snake spider squirrel streetcar sunflower sweet_pepper table tank telephone television tiger tractor train trout
tulip turtle wardrobe whale willow_tree wolf woman worm
"""
CIFAR100 = tuple(CIFAR100_WORDS.split())


@dataclass(frozen=True, slots=True)
class Known:
    """The `shape` (C, H, W) of an image, the classes, and the images of each in the training and in the test part."""

    shape: tuple[int, int, int]
    names: tuple[str, ...]
    counts: tuple[int, ...]
    test_counts: tuple[int, ...] = ()


STORED: dict[str, Known] = {
    "digits": Known((1, 8, 8), DIGITS, (178, 182, 177, 183, 181, 182, 181, 179, 174, 180)),
    "mnist": Known((1, 28, 28), DIGITS, (5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949), MNIST_TEST),
    "fashion_mnist": Known((1, 28, 28), CLOTHES, (6000,) * 10, (1000,) * 10),
    "cifar10": Known((3, 32, 32), CIFAR10, (5000,) * 10, (1000,) * 10),
    "cifar100": Known((3, 32, 32), CIFAR100, (500,) * 100, (100,) * 100),
}
"""Sets that are read from files."""

GENERATED_CLASSES: dict[str, tuple[str, ...]] = {
    "spirals": ("first", "second"),
    "circles": ("inner", "outer"),
    "shapes": ("disc", "ring", "square", "triangle", "cross", "bars"),
}
"""Classes of the sets that are made."""
POINT = (2, 1, 1)
"""Shape of a point in the plane, an image of two channels and one pixel."""


def known(options: DataOptions, net: Shape | None) -> Known | None:
    """The whole set that the options name, before any is chosen; None for files. `net` is the net's input, if any:
    pictures of `shapes` have its size unless another is asked for."""
    if options.is_path:
        return None
    if options.source in STORED:
        return STORED[options.source]
    counts, tests = made_counts(options.source, options.extra), made_counts(options.source, options.extra, test=True)
    shape = picture_shape(options.extra, net) if options.source == "shapes" else POINT
    return Known(shape, GENERATED_CLASSES[options.source], counts, tests)


def made_test_count(count: int) -> int:
    """Images to test on beside `count` to train on: a quarter as many more."""
    return -(-count // 4)


def made_counts(name: str, extra: Mapping[str, object], *, test: bool = False) -> tuple[int, ...]:
    """Images of each class in the training or the test part of a generated set: classes take turns."""
    count, classes = int(str(extra.get("count", USUAL_COUNT))), len(GENERATED_CLASSES[name])
    count = made_test_count(count) if test else count
    return tuple(len(range(label, count, classes)) for label in range(classes))


def picture_shape(extra: Mapping[str, object], net: Shape | None) -> tuple[int, int, int]:
    """Channels, height and width of a picture of `shapes`: as asked for, else the net's."""
    usual = net if net is not None and len(net) == 3 else (3, 32, 32)
    channels, height, width = (
        int(str(extra.get(name, size))) for name, size in zip(("channels", "height", "width"), usual, strict=True)
    )
    return channels, height, width


def picture_fault(count: int, shape: Shape) -> str | None:
    """Why so many pictures of `shapes` cannot be drawn, if they cannot."""
    channels, height, width = shape
    if channels not in (1, 3):
        return f"`shapes` with {channels} channels: they are drawn with 1, grey, or 3, colour"
    if min(height, width) < LEAST_PICTURE:
        return f"`shapes` of {height}x{width} pixels: they are at least {LEAST_PICTURE}x{LEAST_PICTURE}"
    if count * channels * height * width > MOST_BYTES:
        return f"{count:,} images of {channels}x{height}x{width} take more than 4 GiB"
    return None
