import numpy as np
from numpy.typing import NDArray

from models.training.near_duplicates import near_duplicates


def tissue(seed: int) -> NDArray[np.uint8]:
    import cv2

    rng = np.random.default_rng(seed)
    picture = np.full((224, 224, 3), (225, 180, 215), np.uint8)
    for x, y, wide, tall, turn in rng.uniform((0, 0, 4, 3, 0), (224, 224, 12, 7, 180), (160, 5)).tolist():
        shade = int(rng.integers(40, 140))
        middle, axes = (round(x), round(y)), (round(wide), round(tall))
        cv2.ellipse(picture, middle, axes, turn, 0, 360, (shade + 30, shade, shade + 70), -1)
    return cv2.GaussianBlur(picture, (0, 0), 1.0).astype(np.uint8)


def turned(picture: NDArray[np.uint8], degrees: float) -> NDArray[np.uint8]:
    import cv2

    matrix = cv2.getRotationMatrix2D((112, 112), degrees, 1.0)
    return cv2.warpAffine(picture, matrix, (224, 224), borderMode=cv2.BORDER_REFLECT).astype(np.uint8)


def test_a_picture_turned_or_mirrored_is_found_again() -> None:
    first = tissue(1)
    copies = [first, turned(first, 17), np.ascontiguousarray(first[:, ::-1]), turned(first[::-1].copy(), -20)]
    assert {(0, 1), (0, 2), (0, 3)} <= set(near_duplicates(copies))


def test_pictures_of_other_tissue_are_not_taken_for_copies() -> None:
    assert not list(near_duplicates([tissue(seed) for seed in range(2, 8)]))


def test_a_picture_of_nothing_is_like_no_other() -> None:
    empty = np.full((224, 224, 3), 240, np.uint8)
    assert not list(near_duplicates([empty, empty, tissue(1)]))
