"""The published data sets that netspec knows by name: what they are, where they lie, where they come from.

MNIST and Fashion-MNIST are checked by their unpacked content, so that a copy that was packed anew (Debian's, for one)
counts as well; the archives of CIFAR are checked as they were published.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from netspec.ir.known_data import STORED

Layout = Literal["idx", "cifar10", "cifar100"]


@dataclass(frozen=True, slots=True)
class File:
    """A file of a data set. `md5` is of the unpacked content if `unpack`, else of the file as published."""

    name: str
    size_bytes: int
    md5: str
    unpack: bool


@dataclass(frozen=True, slots=True)
class Published:
    """A data set. `train_counts` are the images of each class in its training part; `folders` are where it is looked
    for within a folder of data sets; `mirrors` are asked in order."""

    name: str
    title: str
    layout: Layout
    shape: tuple[int, int, int]
    train_counts: tuple[int, ...]
    test: int
    class_names: tuple[str, ...]
    folders: tuple[str, ...]
    files: tuple[File, ...]
    mirrors: tuple[str, ...]
    terms: str

    @property
    def train(self) -> int:
        """Images of the training part."""
        return sum(self.train_counts)

    @property
    def description(self) -> str:
        return self.content + self.all_classes

    @property
    def content(self) -> str:
        """The description without the number of classes, for where some are left out."""
        sizes = "x".join(map(str, self.shape))
        return f"{self.title}, {self.train:,} + {self.test:,} images {sizes}"

    @property
    def all_classes(self) -> str:
        return f" in {len(self.class_names)} classes"


PUBLISHED: dict[str, Published] = {
    "mnist": Published(
        name="mnist",
        title="MNIST, handwritten digits",
        layout="idx",
        shape=STORED["mnist"].shape,
        train_counts=STORED["mnist"].counts,
        test=10_000,
        class_names=STORED["mnist"].names,
        folders=("mnist", "MNIST/raw"),
        files=(
            File("train-images-idx3-ubyte.gz", 9_912_422, "6bbc9ace898e44ae57da46a324031adb", unpack=True),
            File("train-labels-idx1-ubyte.gz", 28_881, "a25bea736e30d166cdddb491f175f624", unpack=True),
            File("t10k-images-idx3-ubyte.gz", 1_648_877, "2646ac647ad5339dbf082846283269ea", unpack=True),
            File("t10k-labels-idx1-ubyte.gz", 4_542, "27ae3e4e09519cfbb04c329615203637", unpack=True),
        ),
        mirrors=(
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
            "http://yann.lecun.com/exdb/mnist/",
        ),
        terms="LeCun, Cortes and Burges; commonly given as CC BY-SA 3.0",
    ),
    "fashion_mnist": Published(
        name="fashion_mnist",
        title="Fashion-MNIST, articles of clothing",
        layout="idx",
        shape=STORED["fashion_mnist"].shape,
        train_counts=STORED["fashion_mnist"].counts,
        test=10_000,
        class_names=STORED["fashion_mnist"].names,
        folders=("fashion_mnist", "fashion-mnist", "FashionMNIST/raw"),
        files=(
            File("train-images-idx3-ubyte.gz", 26_421_880, "f4a8712d7a061bf5bd6d2ca38dc4d50a", unpack=True),
            File("train-labels-idx1-ubyte.gz", 29_515, "9018921c3c673c538a1fc5bad174d6f9", unpack=True),
            File("t10k-images-idx3-ubyte.gz", 4_422_102, "8181f5470baa50b63fa0f6fddb340f0a", unpack=True),
            File("t10k-labels-idx1-ubyte.gz", 5_148, "15d484375f8d13e6eb1aabb0c3f46965", unpack=True),
        ),
        mirrors=(
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
            "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
        ),
        terms="Zalando Research, MIT",
    ),
    "cifar10": Published(
        name="cifar10",
        title="CIFAR-10, small colour photographs",
        layout="cifar10",
        shape=STORED["cifar10"].shape,
        train_counts=STORED["cifar10"].counts,
        test=10_000,
        class_names=STORED["cifar10"].names,
        folders=("cifar10", "cifar-10", ""),
        files=(File("cifar-10-binary.tar.gz", 170_052_171, "c32a1d4ab5d03f1284b67883e8d87530", unpack=False),),
        mirrors=(
            "https://www.cs.toronto.edu/~kriz/",
            "https://storage.googleapis.com/s4tf-hosted-binaries/datasets/CIFAR10/",
        ),
        terms="Krizhevsky 2009, citation asked",
    ),
    "cifar100": Published(
        name="cifar100",
        title="CIFAR-100, small colour photographs",
        layout="cifar100",
        shape=STORED["cifar100"].shape,
        train_counts=STORED["cifar100"].counts,
        test=10_000,
        class_names=STORED["cifar100"].names,
        folders=("cifar100", "cifar-100", ""),
        files=(File("cifar-100-binary.tar.gz", 168_513_733, "03b5dce01913d631647c71ecec9e9cb8", unpack=False),),
        mirrors=(
            "https://www.cs.toronto.edu/~kriz/",
            "https://storage.googleapis.com/s4tf-hosted-binaries/datasets/CIFAR100/",
        ),
        terms="Krizhevsky 2009, citation asked",
    ),
}
