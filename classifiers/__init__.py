"""Points become a model, a model becomes a prediction: training, bundles, serving, measuring."""
