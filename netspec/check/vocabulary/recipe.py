"""Every line of `data`, `augment` and `train`, as data: arguments, ranges, defaults, units."""

from __future__ import annotations

from netspec.check.vocabulary.kinds import (
    FINITE,
    LARGEST_REAL,
    Classes,
    Entry,
    Extent,
    Interval,
    Real,
    Series,
    Slot,
    String,
    Switch,
    Whole,
    Word,
)
from netspec.ir.known_data import MOST_NOISE

WARMUP = Slot("warmup", Real(), "the rate climbs from zero to its value", 0, "0", "epochs")

SCHEDULES: dict[str, Entry] = {
    "constant": Entry("constant", "one rate throughout", (), (WARMUP,)),
    "step": Entry(
        "step",
        "multiplies the rate by `factor` every so many epochs, or at those named",
        (),
        (
            Slot("every", Real(low_open=True), "time between steps", None, "", "epochs"),
            Slot("at", Series(1, rising=True), "times of the steps", (), "", "epochs"),
            Slot("factor", Real(high=FINITE, low_open=True), "of a step", 0.1, "0.1"),
            WARMUP,
        ),
    ),
    "exponential": Entry(
        "exponential",
        "multiplies the rate by `factor` each epoch",
        (),
        (Slot("factor", Real(high=FINITE, low_open=True), "of an epoch", 0.95, "0.95"), WARMUP),
    ),
    "cosine": Entry("cosine", "half a cosine from the rate to zero over the whole run", (), (WARMUP,)),
    "onecycle": Entry("onecycle", "up to the rate, then down to nearly zero", (), (WARMUP,)),
    "plateau": Entry(
        "plateau",
        "multiplies the rate by `factor` when the validation loss has not fallen for `patience` epochs",
        (),
        (
            Slot("factor", Real(0.0, 1.0, low_open=True, high_open=True), "of a step", 0.1, "0.1"),
            Slot("patience", Whole(0), "time without progress", 3, "3", "epochs"),
            WARMUP,
        ),
    ),
}

LOSSES: dict[str, str] = {
    "cross_entropy": "-log softmax(z)[y]",
    "binary_cross_entropy": "on logits, summed over outputs; labels 0 and 1, or one-hot",
    "squared_error": "half the sum of (z - t)^2, t one-hot or the label of a net with one output",
    "hinge": "sum over j other than y of max(0, 1 + z_j - z_y); with one output max(0, 1 - t z), t = -1 or 1",
}

TRAIN: dict[str, Entry] = {
    "loss": Entry(
        "loss",
        "what training makes small: " + ", ".join(LOSSES),
        (Slot("NAME", Word(tuple(LOSSES)), "the loss", None, "cross_entropy; binary_cross_entropy for one output"),),
    ),
    "sgd": Entry(
        "sgd",
        "stochastic gradient descent: v = momentum v + g, w = w - rate v",
        (),
        (
            Slot("rate", Real(), "learning rate", 0.05, "0.05"),
            Slot("momentum", Real(0.0, 1.0, high_open=True), "share of the last step that goes on", 0.0, "0"),
            Slot("decay", Real(), "weight decay, added to the mean gradient as decay w", 0.0, "0"),
            Slot("nesterov", Switch(), "w = w - rate (g + momentum v)", False, ""),
        ),
    ),
    "schedule": Entry(
        "schedule",
        "how the rate changes with time: " + ", ".join(SCHEDULES),
        (Slot("NAME", Word(tuple(SCHEDULES)), "the schedule", "constant", "constant"),),
    ),
    "batch": Entry(
        "batch",
        "images a step; `all` is plain gradient descent on the whole set",
        (Slot("N", Whole(1, 2**31 - 1, ("all",)), "images", 64, "64", "images"),),
    ),
    "epochs": Entry("epochs", "passes over the training part", (Slot("N", Whole(), "passes", 10, "10", "epochs"),)),
    "stop": Entry(
        "stop",
        "ends early when the validation loss has not fallen for `patience` epochs",
        (),
        (Slot("patience", Whole(), "time without progress", 8, "8", "epochs"),),
    ),
    "precision": Entry(
        "precision",
        "of the arithmetic; tf32 and bf16 on a GPU",
        (Slot("NAME", Word(("float32", "tf32", "bf16")), "the format", "float32", "float32"),),
    ),
    "seed": Entry("seed", "where every random number comes from", (Slot("N", Whole(0), "seed", 1, "1"),)),
}

AUGMENT: dict[str, Entry] = {
    "shift": Entry("shift", "moves the image, each way", (Slot("N", Real(), "at most", unit="pixels"),)),
    "rotate": Entry("rotate", "turns the image, each way", (Slot("N", Real(0.0, 180.0), "at most", unit="degrees"),)),
    "scale": Entry("scale", "makes the image larger or smaller", (Slot("RANGE", Interval(), "factor"),)),
    "mirror": Entry(
        "mirror",
        "flips the image, every second time",
        (
            Slot(
                "AXIS", Word(("horizontal", "vertical")), "left to right, or top to bottom", "horizontal", "horizontal"
            ),
        ),
    ),
    "crop": Entry(
        "crop",
        "cuts out a part: a random one in training, the centre in evaluation",
        (Slot("SIZE", Extent(), "of the part", unit="pixels"),),
        (Slot("pad", Whole(0), "zeros around the image first", 0, "0", "pixels"),),
    ),
    "distort": Entry(
        "distort",
        "smooth local distortion (Simard 2003)",
        (),
        (
            Slot("alpha", Real(), "strength", 8.0, "8", "pixels"),
            Slot("sigma", Real(low_open=True), "smoothness", 4.0, "4", "pixels"),
        ),
    ),
    "brightness": Entry("brightness", "adds up to this much, each way", (Slot("AMOUNT", Real(0.0, 1.0), "at most"),)),
    "contrast": Entry(
        "contrast", "stretches by up to this much, each way", (Slot("AMOUNT", Real(0.0, 1.0), "at most"),)
    ),
    "noise": Entry("noise", "adds normal noise", (Slot("DEVIATION", Real(), "its deviation"),)),
    "cutout": Entry("cutout", "blanks a square at a random place", (Slot("N", Whole(0), "its side", unit="pixels"),)),
}

SELECTION = (
    Slot("validate", Real(0.0, 1.0, high_open=True), "share of the training part that is held out", 0.0, "0"),
    Slot("normalize", Word(("standard", "unit", "none")), "of pixels, per channel", "standard", "standard"),
    Slot("classes", Classes(), "keeps these, by number or name, and renumbers them", (), "all"),
    Slot("take", Whole(), "of the training part the first N of the seeded order", None, "all", "images"),
    Slot("take_test", Whole(), "of the test part the first N of the seeded order", None, "all", "images"),
    Slot("resize", Extent(), "height x width of every image", None, "as they are", "pixels"),
)
FILES = (
    Slot("format", Word(("idx", "cifar", "npz", "npy", "folder")), "of the files", None, "told from the files"),
    Slot("labels", String(), "file of the labels", None, ""),
    Slot("test", String(), "file or folder of the test part", None, ""),
    Slot("test_labels", String(), "file of the test part's labels", None, ""),
    Slot("axes", Word(("nchw", "nhwc")), "of arrays: channels first, or last", None, "told from the shape"),
    Slot("white", Real(-LARGEST_REAL), "the number that is white", None, "the largest of the files' type"),
    Slot("black", Real(-LARGEST_REAL), "the number that is black", None, "0"),
)
GENERATED = (
    Slot("count", Whole(1, 10_000_000), "how many are made", None, "2000", "images"),
    Slot("noise", Real(high=float(MOST_NOISE)), "how far they stray", None, "as the set has it"),
)
PICTURED = (
    Slot("size", Extent(4), "height x width", None, "the net's input", "pixels"),
    Slot("channels", Whole(1, 3), "1 is grey, 3 is colour", None, "the net's input"),
)

BUILT_IN_SETS: dict[str, str] = {
    "digits": "1,797 handwritten digits, 1x8x8, ten classes; comes with netspec",
    "mnist": "70,000 handwritten digits, 1x28x28, ten classes",
    "fashion_mnist": "70,000 pieces of clothing, 1x28x28, ten classes",
    "cifar10": "60,000 photographs, 3x32x32, ten classes",
    "cifar100": "60,000 photographs, 3x32x32, a hundred classes",
}
GENERATED_SETS: dict[str, tuple[str, tuple[Slot, ...]]] = {
    "spirals": ("two spirals of points in the plane, generated", GENERATED),
    "circles": ("two rings of points in the plane, generated", GENERATED),
    "shapes": ("pictures of simple shapes, generated, grey or colour, any size", (*GENERATED, *PICTURED)),
}

DATA: dict[str, Entry] = {
    "PATH": Entry("PATH", "files or a folder, relative to the spec", (), (*SELECTION, *FILES)),
    **{name: Entry(name, doc, (), SELECTION) for name, doc in BUILT_IN_SETS.items()},
    **{name: Entry(name, doc, (), (*SELECTION, *more)) for name, (doc, more) in GENERATED_SETS.items()},
}
"""What can follow `data`: a set by name, or `"a path"`, each with its options."""
