import gzip
import hashlib

import pytest

from netspec.data.published import PUBLISHED
from tests.data.samples import datasets


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_set_is_described_in_full(name: str):
    published = PUBLISHED[name]
    assert published.name == name
    assert len(set(published.class_names)) == (100 if name == "cifar100" else 10)
    assert len(published.mirrors) >= 2
    assert all(mirror.endswith("/") for mirror in published.mirrors)
    assert all(len(file.md5) == 32 and file.size_bytes > 0 for file in published.files)


def test_the_checksums_of_mnist_are_of_the_content():
    for file in PUBLISHED["mnist"].files:
        raw = (datasets() / "mnist" / file.name).read_bytes()
        assert len(raw) == file.size_bytes
        assert hashlib.md5(gzip.decompress(raw), usedforsecurity=False).hexdigest() == file.md5
