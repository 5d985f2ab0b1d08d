"""Points become a model, a model becomes a prediction: training, bundles, serving, measuring."""

import os

# Since 1.29 onnxruntime sends usage events to its maker, from its import on and with an identifier
# that it keeps on disk, unless this stands in the environment before. Mien sends nothing anywhere.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
