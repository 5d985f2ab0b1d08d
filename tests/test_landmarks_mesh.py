import numpy as np

from landmarks.mesh import REGION_TRIANGLES, REGIONS, TRIANGLES


def test_regions_share_out_every_triangle_once():
    assert set(REGION_TRIANGLES) == set(REGIONS)
    shared = np.concatenate(list(REGION_TRIANGLES.values()))
    assert sorted(map(tuple, shared)) == sorted(map(tuple, TRIANGLES))


def test_a_triangle_is_its_regions_by_most_of_its_corners():
    for name, triangles in REGION_TRIANGLES.items():
        inside = np.isin(triangles, REGIONS[name]).sum(axis=1)
        assert (inside >= 1).all()
        assert (inside >= 2).mean() > 0.9
