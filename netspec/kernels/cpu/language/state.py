"""The words of the run that kernels and driver share: every thread has its own copy, all with the same content
but `SCRATCH`.

Kernels read them as `state[COUNT]`. Reals are kept as float64 bits (`real(state, WHITE)`), addresses as integers.
"""

COUNT = 0
"""images in this minibatch, at least one"""
GROUPS = 1
"""live lane groups, ceil(COUNT / lanes): groups beyond are not touched"""
STEP = 2
"""number of this step since training began: a part of the random counter"""
SEED = 3
EPOCH = 4
FIRST = 5
"""where this minibatch begins in the order of the images"""
TOTAL = 6
"""images in the order"""
SCRATCH = 7
"""where in the arena this thread's private scratch begins, in float32 numbers"""
THREADS = 8
IMAGES = 9
"""address of the images, uint8 or float32: C x H x W numbers each, `SOURCE_STRIDE` apart"""
LABELS = 10
"""address of the labels, (N,) int32; 0 where there are none"""
ORDER = 11
"""address of the order, int64 image numbers: whose label it is, and what is drawn for it"""
MEAN = 12
"""address of the means, (C,) float32, taken off a channel before scaling"""
SCALE = 13
"""address of the factors, (C,) float32"""
SOURCE_BYTES = 14
"""bytes of a number in the data set: 1 (uint8) or 4 (float32)"""
SOURCE_HEIGHT = 15
SOURCE_WIDTH = 16
CROP = 17
"""0: the image fits the input; 1: a window at a random offset; 2: the window in the middle"""
CROP_PAD = 18
"""rows and columns of zeros (after normalisation) around an image before it is cropped"""
RESULTS = 19
"""address of the outputs collected image by image, float32 (TOTAL, K); 0: not collected"""
METRICS = 20
"""address of two float64: where the sums of loss and of correct answers of this step go"""
METRICS_BYTES = 16
WHITE = 21
"""the brightest pixel, in the units of the images"""
PLACES = 22
"""address of int64, beside the order: which of the images at `IMAGES` holds the pixels"""
SOURCE_STRIDE = 23
"""numbers from where one image begins to the next, C x H x W where nothing lies between"""
SCALARS = 24
"""address of the float64 numbers of this step, one for each of the program's `scalars`"""

WORDS = 32
"""size of a thread's copy; a multiple of a cache line"""
