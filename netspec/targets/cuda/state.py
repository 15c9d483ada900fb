"""State words of a run: int64 numbers on the device, which the host writes before a call and kernels read.

Addresses are integers. The last kernel of a step moves `FIRST`, `STEP` and `DONE` on, so that one captured step serves
all steps of a call.
"""

SEED = 0
STEP = 1
"""number of this step since training began; part of the random counter"""
EPOCH = 2
FIRST = 3
"""index of this minibatch's first image in the order of the images"""
DONE = 4
"""steps of this call that are done"""
IMAGES = 5
"""address of the images, uint8 or float32: C x H x W numbers each, contiguous"""
LABELS = 6
"""address of the labels, (N,) int32"""
ORDER = 7
"""address of the order, int64 image numbers: they index the labels and enter the random counter"""
SLOTS = 8
"""address of int64, parallel to the order: the slot at `IMAGES` that holds the image's pixels"""
MEAN = 9
"""address of the means, (C,) float32, subtracted from each channel before scaling"""
SCALE = 10
"""address of the factors, (C,) float32"""
SOURCE_BYTES = 11
"""bytes per number of the data set: 1 (uint8) or 4 (float32)"""
SOURCE_HEIGHT = 12
SOURCE_WIDTH = 13
CROP = 14
"""0: the image has the input's size; 1: a window at a random offset; 2: the central window"""
CROP_PAD = 15
"""rows and columns of zeros (after normalisation) around an image before it is cropped"""
WHITE = 16
"""value of the brightest pixel, in the units of the images: float32 bits"""
SCALARS = 17
"""address of float32 (steps of the call, scalars of the program)"""
METRICS = 18
"""address of float32 (steps of the call, 2): sums of losses and of correct answers"""
RESULTS = 19
"""address of the collected outputs, float32 (images of the pass, K)"""

WORDS = 32
NO_CROP, RANDOM_CROP, CENTRE_CROP = 0, 1, 2
