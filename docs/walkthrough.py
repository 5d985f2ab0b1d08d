"""A walk through Mien in cells: run it whole, or open it as a notebook."""

# %% [markdown]
# # A walk through Mien
#
# From photos to a model of one's own that explains its predictions, in a minute and without a
# network. Run it whole with `make walk`, or cell by cell: Visual Studio Code, PyCharm, Spyder and
# Jupyter with Jupytext open it as a notebook. Its Python has to start in Mien's folder. The output
# is in `build/walk/`.

# %%
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd

import data
from classifiers import load
from classifiers.bundle.bundle import save_bundle
from classifiers.evaluation.evaluate import evaluate
from classifiers.evaluation.report import write_report
from classifiers.inference.annotate import annotate, annotations_of
from classifiers.inference.predictor import Predictor
from classifiers.training.bundle_content import TrainOptions
from classifiers.training.landmarks import train
from classifiers.training.read_dataset import hold_out, read_rows
from data.features.extraction import extract_features
from data.features.table import points_of, read_table
from landmarks import __version__
from landmarks.images import read_image

SAMPLE = Path(data.__file__).parent / "sample"
OUT = Path("build/walk")
OUT.mkdir(parents=True, exist_ok=True)

# %% [markdown]
# ## Photos
#
# Every other face of the sample, as a list of paths with label and split. A folder with a folder
# for each class would do as well. Each image is a composite of 25 people. It shows nobody and is
# far clearer than a photo, so that no accuracy below says anything about people.

# %%
photos = sorted(SAMPLE.glob("*/*/*.png"))[::2]
described = [(photo, photo.parent.name, photo.parts[-3]) for photo in photos]
listed = pd.DataFrame(described, columns=["path", "label", "split"])
listed.to_csv(OUT / "photos.csv", index=False)
print(listed.groupby("split").size().to_dict())

# %% [markdown]
# ## Landmarks
#
# What `make features` does: each face becomes 468 points in pixels. A stopped run goes on where it
# was.

# %%
done = extract_features(OUT / "photos.csv", OUT / "features")
print(f"{done['found']} faces found, {done['missed']} missed, by {done['mesh']}")

# %%
table = read_table(OUT / "features")
points = points_of(table)
print(points.shape, points.dtype)
face = points[0] - points[0].min(axis=0)
fig, axes = plt.subplots(figsize=(3, 3))
axes.scatter(face[:, 0], -face[:, 1], s=2, c=-face[:, 2])
axes.set(aspect="equal", title=table["label"][0])
axes.axis("off")
fig.savefig(OUT / "points.png")

# %% [markdown]
# ## Training
#
# What `make train` does: alignment, StandardScaler, PCA and an MLP on the rows of the split train.
# Some of the rows are held out to calibrate the confidences.

# %%
rows = read_rows([OUT / "features"])
held_out = hold_out(rows)
options = TrainOptions("walk", __version__, data_name="the sample")
manifest, files = train(rows, held_out, options)
save_bundle(OUT / "model", manifest, files)
print(f"trained on {(~held_out).sum()} faces in {manifest['training_seconds']} s")

# %% [markdown]
# ## Measuring
#
# What `make evaluate` does, on the split test, which training does not read. The report holds the
# recall of each class, the calibration and the confusion matrix, as JSON and as plots.

# %%
report, predictions = evaluate(Predictor(OUT / "model"), OUT / "features", "test")
write_report(OUT / "evaluation", {"source": "the sample", **report}, predictions)
print(f"{report['accuracy']:.0%} of {report['n_images']} composites are read right")

# %% [markdown]
# ## Reading and explaining a photo
#
# The contribution of a region: the percentage points of confidence that go when the region is set
# to the mean neutral face.

# %%
photo = SAMPLE / "test" / "surprise" / "surprise_02.png"
prediction = load(OUT / "model").predict(photo).explained()
face = prediction.faces[0]
print(f"{face.expression}, {face.confidences[face.expression]:.1%}")
for region, contribution in face.explanation().items():
    print(f"  {region:6} {100 * contribution:+6.1f}")

# %%
fig, (left, right) = plt.subplots(1, 2, figsize=(8, 4), layout="constrained")
left.imshow(
    annotate(read_image(photo), annotations_of(prediction, explain=True), enlarge_small_faces=True)
)
left.axis("off")
right.barh(list(face.confidences), list(face.confidences.values()))
right.set(title="confidence", xlim=(0, 1))
right.invert_yaxis()
fig.savefig(OUT / "walk.png")
print(f"The plot is {OUT / 'walk.png'}; make web MODEL={OUT / 'model'} serves the model.")
