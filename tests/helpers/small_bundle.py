"""The manifest of a bundle that holds no model."""

MANIFEST = {
    "name": "small",
    "version": "0",
    "classes": ["happy", "sad"],
    "mesh": "a mesh",
    "meshes": 2,
    "inputs": ["points"],
    "seed": 0,
    "calibration": {},
    "prior": [0.5, 0.5],
    "uncertain_threshold": 0.4,
    "training_seconds": 1.0,
    "neutral_face": [],
    "metrics": {},
    "data": {},
}
