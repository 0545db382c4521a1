"""Small pictures for notebooks."""

import re

import numpy as np

from bouton.pictures import matrix_svg


def colours(values):
    """Red, green and blue of each cell of a picture."""
    cells = re.findall(r'fill="rgb\((\d+),(\d+),(\d+)\)"', matrix_svg(values))
    return np.array(cells, dtype=int)


def test_each_number_of_a_small_matrix_has_its_colour():
    red, white, blue = (255, 0, 0), (255, 255, 255), (0, 0, 255)
    assert colours([[2.0, 0.0], [-2.0, 1.0]]).tolist() == [list(c) for c in (red, white, blue, (255, 128, 128))]


def test_of_a_large_matrix_each_block_has_what_is_furthest_from_zero():
    # Columns of both signs side by side, in blocks of one and of two.
    signs = np.tile([[1.0, -1.0]], (4, 30))
    assert len(colours(signs)) == 4 * 48
    assert not np.any(np.all(colours(signs) == 255, axis=1)), "a block of both signs isn't empty"
    one = np.zeros((200, 300))
    one[117, 231] = -0.5
    assert np.sum(np.all(colours(one) == (0, 0, 255), axis=1)) == 1, "a single number is seen"
