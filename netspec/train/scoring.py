"""Loss and accuracy of a part of the data, with the weights as they are."""

from __future__ import annotations

from dataclasses import dataclass

from netspec.train.events import Scores


@dataclass
class Tally:
    """Sums over images as they are met."""

    images: int = 0
    loss: float = 0.0
    right: float = 0.0

    def add(self, images: int, loss: float, right: float) -> None:
        self.images, self.loss, self.right = self.images + images, self.loss + loss, self.right + right

    @property
    def scores(self) -> Scores:
        """Means over the images so far, of which there must be one."""
        return Scores(self.images, self.loss / self.images, self.right / self.images)
