"""Knowledge distillation (Hinton et al. 2015): learn the soft targets of a teacher.

A landmark model of five networks learned nothing from the fused one: 66.0 % of PublicTest in
place of 66.1 %, and one alone 65.5 % in place of 64.2 %.
"""

from dataclasses import replace

from classifiers.training.recipe import TrainingConfig

SHARE = 0.5
"""The teacher's share of the target; the label has the rest."""

STUDENT_LR = 0.6
"""A student's highest learning rate over its teacher's: it starts from trained weights."""

STUDENT_CORRUPTION = 2 / 3
"""A student's share of corrupted groups over its teacher's."""

REFIT_EPOCHS = 0.4
"""Epochs on all rows, over those of a teacher."""


def student_recipe(recipe: TrainingConfig) -> TrainingConfig:
    """Return how a student is trained that starts from its teacher's weights.

    A network that learns from networks of its own kind: born again (Furlanello et al. 2018). Soft
    targets need no label smoothing.
    """
    share = recipe.augmentation.corruption * STUDENT_CORRUPTION
    augmentation = replace(recipe.augmentation, corruption=share)
    return replace(
        recipe, lr=recipe.lr * STUDENT_LR, label_smoothing=0.0, augmentation=augmentation
    )


def refit_recipe(recipe: TrainingConfig) -> TrainingConfig:
    """Return how a student is trained further on all rows."""
    again = student_recipe(recipe)
    return replace(again, epochs=max(1, round(REFIT_EPOCHS * recipe.epochs)))
