"""From pixels to meshes: detectors, Face Mesh and the rules by which a mesh is a face."""
